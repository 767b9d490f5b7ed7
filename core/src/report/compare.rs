//! Runs beside each other: what differs in their settings, their figures, and their samples.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use maud::html;
use serde_json::Value;

use super::document::{data_uri, document};
use super::{figure, markdown};
use crate::run::RunRecord;
use crate::stages::Evaluation;
use crate::{Error, Result, files};

/// A run as tables show it.
#[derive(Debug, Clone)]
pub struct RunOverview {
    /// Name of its folder.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its record.
    pub record: RunRecord,
    /// Its figures, if it is finished.
    pub evaluation: Option<Evaluation>,
    /// Its settings, by key path.
    pub settings: Vec<(String, Value)>,
}

impl RunOverview {
    /// Reads a run.
    ///
    /// # Errors
    /// If the folder is none of a run, or a file is damaged; the message names it.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("run.json");
        if !path.is_file() {
            return Err(Error::failed(format!("`{}` is no run: it has no run.json", folder.display())));
        }
        let evaluated = folder.join("evaluate");
        let evaluation = if evaluated.exists() { Some(Evaluation::read(&evaluated)?) } else { None };
        let text = fs_err::read_to_string(folder.join("config.toml"))?;
        let config: Value = toml::from_str(&text)
            .map_err(|error| Error::failed(format!("`{}`: {error}", folder.join("config.toml").display())))?;
        let mut settings = Vec::new();
        flatten(&config, "", &mut settings);
        let name = fs_err::canonicalize(folder)?.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, folder: folder.to_owned(), record: files::read_json(&path)?, evaluation, settings })
    }

    /// A figure of what was generated.
    fn figure(&self, name: &str) -> Option<f64> {
        self.evaluation.as_ref()?.rows.first()?.measures.get(name).copied()
    }

    /// Seconds that its stages took, in whatever run they were made.
    fn seconds(&self) -> f64 {
        self.record.stages.values().filter_map(|stage| stage.seconds).sum()
    }
}

/// Every setting by its key path, in order.
fn flatten(value: &Value, path: &str, out: &mut Vec<(String, Value)>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(keys) => keys.iter().for_each(|(key, value)| flatten(value, &below(key), out)),
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items.iter().enumerate().for_each(|(i, item)| flatten(item, &below(&i.to_string()), out));
        }
        value => out.push((path.to_owned(), value.clone())),
    }
}

/// Names of all figures of these runs, in order.
fn figures(runs: &[RunOverview]) -> BTreeSet<&str> {
    let first = runs.iter().filter_map(|run| run.evaluation.as_ref()?.rows.first());
    first.flat_map(|row| row.measures.keys().map(String::as_str)).collect()
}

/// One line a run: stages that are finished, seconds, figures of what was generated.
pub fn runs_table(runs: &[RunOverview]) -> String {
    let names = figures(runs);
    let head = ["run", "seed", "stages", "seconds"].into_iter().chain(names.iter().copied()).map(str::to_owned);
    let line = |run: &RunOverview| -> Vec<String> {
        let facts = [
            run.name.clone(),
            run.record.seed.to_string(),
            run.record.stages.len().to_string(),
            format!("{:.1}", run.seconds()),
        ];
        facts.into_iter().chain(names.iter().map(|name| run.figure(name).map_or_else(String::new, figure))).collect()
    };
    markdown(&std::iter::once(head.collect()).chain(runs.iter().map(line)).collect::<Vec<_>>())
}

/// One line a figure and one a setting that differs; a column a run.
fn lines(runs: &[RunOverview]) -> Vec<Vec<String>> {
    let mut lines = vec![std::iter::once(String::new()).chain(runs.iter().map(|run| run.name.clone())).collect()];
    let cells = |name: &str, of: &dyn Fn(&RunOverview) -> String| -> Vec<String> {
        std::iter::once(name.to_owned()).chain(runs.iter().map(of)).collect()
    };
    for name in figures(runs) {
        lines.push(cells(name, &|run| run.figure(name).map_or_else(String::new, figure)));
    }
    lines.push(cells("seconds", &|run| format!("{:.1}", run.seconds())));
    for (key, values) in differing(runs) {
        let shown = values.iter().map(|value| value.as_ref().map_or_else(String::new, Value::to_string));
        lines.push(std::iter::once(key).chain(shown).collect());
    }
    lines
}

/// The settings in which runs differ, by key path: the value in each run, none where the run has no such key.
pub fn differing(runs: &[RunOverview]) -> Vec<(String, Vec<Option<Value>>)> {
    let mut keys: Vec<&str> = Vec::new();
    for (key, _) in runs.iter().flat_map(|run| &run.settings) {
        if !keys.contains(&key.as_str()) {
            keys.push(key);
        }
    }
    let setting = |run: &RunOverview, key: &str| {
        run.settings.iter().find(|(other, _)| other == key).map(|(_, value)| value.clone())
    };
    let all =
        keys.into_iter().map(|key| (key.to_owned(), runs.iter().map(|run| setting(run, key)).collect::<Vec<_>>()));
    all.filter(|(_, values)| values.iter().any(|value| *value != values[0])).collect()
}

/// Figures, and the settings in which the runs differ, as Markdown.
pub fn compare_table(runs: &[RunOverview]) -> String {
    markdown(&lines(runs))
}

/// The same as one self-contained page, with the samples of each run.
///
/// # Errors
/// If a picture cannot be read.
pub fn compare_page(runs: &[RunOverview]) -> Result<String> {
    let lines = lines(runs);
    let mut pictures = Vec::new();
    for run in runs {
        let picture = run.folder.join("sample/all.png");
        if picture.is_file() {
            pictures.push((&run.name, data_uri(&fs_err::read(picture)?)));
        }
    }
    let body = html! {
        h1 { "Runs beside each other" }
        p.soft { "Figures of what each run generated, and the settings in which they differ." }
        div.scroll {
            table {
                thead { tr { @for cell in &lines[0] { th { (cell) } } } }
                tbody { @for line in &lines[1..] { tr { @for cell in line { td { (cell) } } } } }
            }
        }
        @for (name, picture) in &pictures {
            figure { img src=(picture) alt=(name); figcaption { "All samples of " (name) ", in order" } }
        }
    };
    Ok(document("compare", &body))
}
