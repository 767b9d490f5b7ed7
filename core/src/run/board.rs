//! A run for TensorBoard: `tensorboard/STAGE/` in the run's folder holds one event file, with the stage's losses and learning rate as
//! they are logged, and its figures when it is done.
//!
//! A file bears its stage's key. A run that was killed goes on from a checkpoint and logs the steps behind it again: when
//! the first of them comes, the file is cut off there, so that each step stands in it once. Steps have the same length every
//! time, so a TensorBoard that looks on reads on where it was. Of a stage that came from the store the file is made of its
//! loss curve; what a curve does not hold is missing there, namely the learning rate.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::{Curve, Event, Observer, tfevents};
use crate::stages::Evaluation;
use crate::{Result, files};

/// Passes events on and writes those that TensorBoard draws.
pub(super) struct Board<'a> {
    folder: PathBuf,
    next: &'a dyn Observer,
    stage: Mutex<Option<Live>>,
}

/// A stage that is being made.
struct Live {
    path: PathBuf,
    /// Open from the first loss on.
    file: Option<std::fs::File>,
}

impl<'a> Board<'a> {
    /// In the folder of a run.
    pub(super) fn new(run: &Path, next: &'a dyn Observer) -> Self {
        Self { folder: run.join("tensorboard"), next, stage: Mutex::new(None) }
    }

    fn path(&self, stage: &str, key: &str) -> PathBuf {
        // TensorBoard looks for this in a name.
        self.folder.join(stage).join(format!("events.out.tfevents.0.{key}"))
    }

    /// Sees to it that the file of a finished stage is whole, and the only one.
    ///
    /// # Errors
    /// If the stage's files cannot be read, or the event file not be written.
    pub(super) fn finish(&self, stage: &str, key: &str, finished: &Path) -> Result<()> {
        let path = self.path(stage, key);
        let losses = finished.join("losses.json");
        let curve = if losses.is_file() { Curve::read(finished)? } else { Curve::default() };
        let last = curve.steps.last().map_or(0, |step| *step as u64);
        let figures = figures(stage, finished)?;
        let mut expected: Vec<u64> = curve.steps.iter().map(|step| *step as u64).collect();
        let logged = expected.clone();
        expected.extend((!figures.is_empty()).then_some(last));
        if expected.is_empty() {
            return Ok(());
        }
        only(&path)?;
        let found = std::fs::read(&path).unwrap_or_default();
        let (steps, end) = known(&found);
        if end == found.len() && !found.is_empty() && steps == expected {
            return Ok(());
        }
        let mut file = if end == found.len() && !found.is_empty() && steps == logged {
            found
        } else {
            let made = fs_err::metadata(finished)?.modified().map_or(0.0, seconds);
            of_curve(&curve, made)
        };
        if !figures.is_empty() {
            file.extend(tfevents::scalars(now(), last, &figures));
        }
        files::write(&path, &file)
    }
}

impl Observer for Board<'_> {
    fn event(&self, event: &Event) {
        self.next.event(event);
        let mut stage = self.stage.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match event {
            Event::Started { stage: name, key } => *stage = Some(Live { path: self.path(name, key), file: None }),
            Event::Loss { step, learning_rate, terms, .. } => {
                let tagged = terms.iter().map(|(name, value)| (loss(name), *value));
                let scalars: Vec<_> = tagged.chain([("learning_rate".to_owned(), *learning_rate as f32)]).collect();
                if let Some(live) = stage.as_mut() {
                    // What cannot be written now is written when the stage is done, or named as an error then.
                    let _ = live.append(*step as u64, &scalars);
                }
            }
            _ => {}
        }
    }
}

impl Live {
    fn append(&mut self, step: u64, scalars: &[(String, f32)]) -> Result<()> {
        if self.file.is_none() {
            only(&self.path)?;
            let mut options = fs_err::OpenOptions::new();
            let mut file = options.create(true).append(true).open(&self.path)?.into_parts().0;
            let kept = tfevents::records(&std::fs::read(&self.path)?);
            let kept = kept.iter().take_while(|(logged, _)| logged.is_none_or(|logged| logged < step)).last();
            file.set_len(kept.map_or(0, |(_, end)| *end as u64))?;
            if kept.is_none() {
                file.write_all(&tfevents::first(now()))?;
            }
            self.file = Some(file);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        // In one call, so that a kill leaves a whole record or none.
        Ok(file.write_all(&tfevents::scalars(now(), step, scalars))?)
    }
}

/// Removes the event files beside this one: they are of other settings, whose results the run no longer has.
fn only(path: &Path) -> Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs_err::create_dir_all(folder)?;
    for entry in fs_err::read_dir(folder)? {
        let other = entry?.path();
        let is_ours =
            other.file_name().is_some_and(|name| name.to_string_lossy().starts_with("events.out.tfevents.0."));
        if is_ours && other != path {
            fs_err::remove_file(other)?;
        }
    }
    Ok(())
}

/// The steps of a file's whole records, and where the last of these ends.
fn known(file: &[u8]) -> (Vec<u64>, usize) {
    let records = tfevents::records(file);
    (records.iter().filter_map(|(step, _)| *step).collect(), records.last().map_or(0, |(_, end)| *end))
}

/// A file of a loss curve alone.
fn of_curve(curve: &Curve, time: f64) -> Vec<u8> {
    let mut file = tfevents::first(time);
    for (step, values) in curve.steps.iter().zip(&curve.values) {
        let terms = curve.terms.iter().zip(values).filter_map(|(name, value)| Some((loss(name), (*value)?)));
        file.extend(tfevents::scalars(time, *step as u64, &terms.collect::<Vec<_>>()));
    }
    file
}

/// The figures of a finished stage, by tag.
fn figures(stage: &str, finished: &Path) -> Result<Vec<(String, f32)>> {
    if stage == "evaluate" {
        let evaluation = Evaluation::read(finished)?;
        let rows = evaluation.rows.iter().flat_map(|row| {
            let set = row.name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
            row.measures.iter().map(move |(name, value)| (format!("{set}/{name}"), *value as f32))
        });
        return Ok(rows.filter(|(_, value)| value.is_finite()).collect());
    }
    let Some((_, file)) = FIGURES.iter().find(|(name, _)| *name == stage) else { return Ok(Vec::new()) };
    let figures: serde_json::Map<String, Value> = files::read_json(&finished.join(file))?;
    let number = |(name, value): (&String, &Value)| Some((format!("figures/{name}"), value.as_f64()? as f32));
    Ok(figures.iter().filter_map(number).collect())
}

/// The files with figures that a stage writes.
const FIGURES: [(&str, &str); 3] = [("fit", "summary.json"), ("judge", "judge.json"), ("pretrain", "encoder.json")];

fn loss(name: &str) -> String {
    format!("loss/{name}")
}

fn now() -> f64 {
    seconds(SystemTime::now())
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
