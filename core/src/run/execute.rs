//! Runs the stages of a pipeline in order, each from the store where it is there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::board::Board;
use super::events::Journal;
use super::making::{Maker, Work};
use super::{Event, Observer, Part, Shard, Store, in_signals, store_folder};
use crate::config::Pipeline;
use crate::registry::Registry;
use crate::stages::{STAGES, Stage};
use crate::{Error, Result, device, files, libraries};

/// How to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The last stage to run; all by default.
    pub until: Option<String>,
    /// Redo stages that the store holds.
    pub force: bool,
    /// How often training writes a checkpoint: what a kill loses at most.
    pub checkpoint_every: Duration,
    /// Make only this part of the fit; `until` must be `fit`.
    pub shard: Option<Shard>,
}

impl Default for Options {
    fn default() -> Self {
        Self { until: None, force: false, shard: None, checkpoint_every: Duration::from_secs(10) }
    }
}

/// A stage and its key.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The stage.
    pub stage: &'static Stage,
    /// Its key in the store.
    pub key: String,
}

/// What was run.
#[derive(Debug)]
pub struct Execution {
    /// The run's folder.
    pub folder: PathBuf,
    /// The record that `run.json` holds; a shard of a fit writes none.
    pub record: RunRecord,
}

/// `run.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of equigen.
    pub equigen: String,
    /// Version of burn.
    pub burn: String,
    /// The seed.
    pub seed: u64,
    /// Device name.
    pub device: String,
    /// Crates whose components are linked or loaded.
    pub plugins: Vec<String>,
    /// Each stage's key and the seconds that its making took, in the process that made it.
    pub stages: BTreeMap<String, StageRecord>,
}

/// One stage in `run.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StageRecord {
    /// Key in the store.
    pub key: String,
    /// Seconds that the making took; `None` when it came from the store and its maker left no note.
    pub seconds: Option<f64>,
    /// Whether this run took it from the store.
    pub reused: bool,
}

/// The stages of a pipeline with their keys, in order.
///
/// # Errors
/// If the signals cannot be read.
pub fn plan(pipeline: &Pipeline) -> Result<Vec<Planned>> {
    let fingerprint = pipeline.data.signals.fingerprint().map_err(in_signals)?;
    let mut planned: Vec<Planned> = Vec::new();
    for stage in &STAGES {
        let key_of =
            |name: &&str| planned.iter().find(|other| other.stage.name == *name).map(|other| other.key.as_str());
        let inputs: Vec<&str> = stage.inputs.iter().filter_map(key_of).collect();
        let own = (stage.settings)(pipeline)?;
        let mut libraries = libraries::named_in(&own);
        if stage.reads_signals {
            libraries.extend(libraries::named_in(&serde_json::json!(pipeline.data.signals)));
        }
        let mut settings = serde_json::json!({
            "own": own, "seed": pipeline.seed, "device": device::kind(&pipeline.device),
            "signals": if stage.reads_signals { Value::from(fingerprint.clone()) } else { Value::Null },
        });
        if !libraries.is_empty() {
            settings["libraries"] = libraries.into();
        }
        planned.push(Planned { stage, key: Store::key(stage.name, stage.format, &settings, &inputs) });
    }
    Ok(planned)
}

/// The stages that a run with these options makes or takes from the store, in order.
///
/// # Errors
/// As [`plan`], and if the last stage is unknown.
pub fn planned_until(pipeline: &Pipeline, options: &Options) -> Result<Vec<Planned>> {
    let last = last_stage(options)?;
    let mut planned = plan(pipeline)?;
    planned.truncate(last + 1);
    Ok(planned)
}

/// Runs a pipeline in `folder` (`runs/NAME`), with the store beside it.
///
/// # Errors
/// As the stages. Whatever was finished stays, and the same call goes on from the last checkpoint.
pub fn execute(
    pipeline: &Pipeline,
    folder: &Path,
    options: &Options,
    registry: &Registry,
    observer: &dyn Observer,
) -> Result<Execution> {
    let last = last_stage(options)?;
    let device = device::open(&pipeline.device)?;
    let planned = plan(pipeline)?;
    fs_err::create_dir_all(folder)?;
    let store = Store::open(&store_folder(folder))?;
    let text = toml::to_string_pretty(pipeline).map_err(|error| Error::failed(error.to_string()))?;
    files::write(&folder.join("config.toml"), text.as_bytes())?;
    let board = pipeline.report.tensorboard.then(|| Board::new(folder, observer));
    let observer = board.as_ref().map_or(observer, |board| board as &dyn Observer);
    let journal = Journal::open(&folder.join("events.jsonl"), observer)?;
    let mut record = RunRecord {
        equigen: env!("CARGO_PKG_VERSION").into(),
        burn: "0.22.1".into(),
        seed: pipeline.seed,
        device: pipeline.device.clone(),
        plugins: registry
            .records()
            .map(|record| record.origin.to_owned())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect(),
        stages: BTreeMap::new(),
    };
    let folders: Vec<(&str, PathBuf)> =
        planned.iter().map(|planned| (planned.stage.name, store.folder(&planned.key))).collect();
    let observer: &dyn Observer = &journal;
    let (seed, checkpoint_every, signals) = (pipeline.seed, options.checkpoint_every, OnceLock::new());
    let maker = Maker { pipeline, registry, device, seed, observer, checkpoint_every, signals };
    for Planned { stage, key } in planned.iter().take(last + 1) {
        let part = options.shard.map(|shard| Part { shard, whole: key.clone() });
        let (key, name) = match &part {
            Some(part) => (part.key(), part.shard.folder()),
            None => (key.clone(), stage.name.to_owned()),
        };
        if options.force {
            store.remove(&key)?;
        }
        let reused = store.holds(&key);
        if reused {
            observer.event(&Event::Reused { stage: stage.name, key: key.clone() });
        } else {
            let declared = |(name, _): &&(&str, PathBuf)| stage.inputs.contains(name);
            let inputs: Vec<_> = folders.iter().filter(declared).cloned().collect();
            let work = Work { name: stage.name, inputs: &inputs, part, run: &stage.run };
            maker.make(&store, &key, work).map_err(|error| error.within(format!("stage {}", stage.name)))?;
        }
        link(&store.folder(&key), &folder.join(&name))?;
        if let (Some(board), None) = (&board, options.shard) {
            board.finish(stage.name, &key, &store.folder(&key))?;
        }
        let seconds = files::read_json::<f64>(&store.seconds(&key)).ok();
        record.stages.insert(name, StageRecord { key, seconds, reused });
        // Shards may be made at the same time in one folder: each says in its own files what it is.
        if options.shard.is_none() {
            files::write_json(&folder.join("run.json"), &record)?;
        }
    }
    Ok(Execution { folder: folder.to_owned(), record })
}

fn last_stage(options: &Options) -> Result<usize> {
    if let Some(shard) = options.shard
        && options.until.as_deref() != Some("fit")
    {
        return Err(Error::config(format!("--shard {shard}: only the fit is made in parts; add `--until fit`")));
    }
    let Some(name) = &options.until else {
        return Ok(STAGES.len() - 1);
    };
    STAGES.iter().position(|stage| stage.name == name).ok_or_else(|| {
        let hint = crate::registry::suggest(name, STAGES.iter().map(|stage| stage.name));
        Error::config(format!("--until {name}: unknown stage; {hint}"))
    })
}

/// Points `link` at a finished stage, replacing what it pointed to.
pub(super) fn link(target: &Path, link: &Path) -> Result<()> {
    let beside = link.with_extension("link");
    let _ = fs_err::remove_file(&beside);
    let relative = Path::new("..").join(".store").join(target.file_name().unwrap_or_default());
    std::os::unix::fs::symlink(&relative, &beside)
        .map_err(|error| Error::from(error).within(format!("cannot link `{}`", link.display())))?;
    fs_err::rename(&beside, link)?;
    Ok(())
}
