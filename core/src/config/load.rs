//! Reads a pipeline file, with overrides from the command line.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Pipeline, check::check, schema::bare_schema};
use crate::registry::Registry;
use crate::{Error, Result};

/// What the command line adds to a pipeline file.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// `key.path=value`, applied in order; the value is TOML, or a text if it is no TOML.
    pub set: Vec<String>,
}

/// Reads, overrides, checks and resolves a pipeline file.
///
/// # Errors
/// If the file is missing or wrong; the message names file, key path and near names.
pub fn load(path: &Path, options: &LoadOptions, registry: &Registry) -> Result<Pipeline> {
    let text = fs_err::read_to_string(path).map_err(|error| Error::config(error.to_string()))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = fs_err::canonicalize(folder)?;
    let mut pipeline =
        parse(&text, options, registry).map_err(|error| error.within(format!("`{}`", path.display())))?;
    pipeline.data.signals.resolve(&folder);
    pipeline.evaluate.metrics.iter_mut().for_each(|metric| metric.resolve(&folder));
    pipeline.plugins.iter_mut().for_each(|plugin| *plugin = folder.join(&*plugin));
    Ok(pipeline)
}

/// The plugins that a pipeline file names, before anything else of it can be read.
///
/// # Errors
/// If the file is missing, is no TOML, or `plugins` is no list of paths.
pub fn plugins(path: &Path, options: &LoadOptions) -> Result<Vec<PathBuf>> {
    let text = fs_err::read_to_string(path).map_err(|error| Error::config(error.to_string()))?;
    let within = |error: Error| error.within(format!("`{}`", path.display()));
    let value = value_of(&text, options).map_err(within)?;
    let list = value.get("plugins").cloned().unwrap_or_else(|| Value::Array(Vec::new()));
    let named: Vec<PathBuf> = serde_json::from_value(list)
        .map_err(|_| within(Error::config("plugins: expected a list of paths of dynamic libraries")))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok(named.into_iter().map(|plugin| folder.join(plugin)).collect())
}

/// The file's values under the overrides of the command line.
fn value_of(text: &str, options: &LoadOptions) -> Result<Value> {
    let table: toml::Table =
        toml::from_str(text).map_err(|error| Error::config(error.to_string().trim_end().to_owned()))?;
    let mut value = serde_json::to_value(table).map_err(|error| Error::config(error.to_string()))?;
    for setting in &options.set {
        set(&mut value, setting)?;
    }
    Ok(value)
}

/// Parses and checks the text of a pipeline file.
///
/// # Errors
/// If it is wrong; the message names the key path.
pub fn parse(text: &str, options: &LoadOptions, registry: &Registry) -> Result<Pipeline> {
    let value = value_of(text, options)?;
    check(&value, &bare_schema(), registry)?;
    let pipeline: Pipeline = serde_json::from_value(value).map_err(|error| Error::config(error.to_string()))?;
    validate(&pipeline)?;
    Ok(pipeline)
}

fn set(root: &mut Value, setting: &str) -> Result<()> {
    let wrong = |why: &str| Error::config(format!("-s {setting}: {why}"));
    let (path, text) = setting.split_once('=').ok_or_else(|| wrong("expected key.path=value"))?;
    let parsed =
        toml::from_str::<toml::Table>(&format!("value = {text}")).ok().and_then(|mut table| table.remove("value"));
    let parsed = parsed.unwrap_or_else(|| toml::Value::String(text.to_owned()));
    let value = serde_json::to_value(parsed).map_err(|error| wrong(&error.to_string()))?;
    let mut place = root;
    for key in path.split('.') {
        place = match place {
            Value::Array(elements) => {
                let count = elements.len();
                let index = key.parse::<usize>().ok().filter(|index| *index < count);
                let index = index.ok_or_else(|| wrong(&format!("`{key}` is no index of a list of {count}")))?;
                &mut elements[index]
            }
            Value::Object(object) => object.entry(key).or_insert_with(|| Value::Object(Default::default())),
            _ => return Err(wrong(&format!("`{key}` lies inside a value that is no table"))),
        };
    }
    *place = value;
    Ok(())
}

/// What no schema can say.
fn validate(pipeline: &Pipeline) -> Result<()> {
    let positive = [
        ("data.shots", pipeline.data.shots),
        ("data.reference", pipeline.data.reference),
        ("sample.count", pipeline.sample.count),
        ("pretrain.schedule.steps", pipeline.pretrain.schedule.steps),
        ("pretrain.schedule.batch", pipeline.pretrain.schedule.batch.saturating_sub(1)),
        ("train.schedule.steps", pipeline.train.schedule.steps),
        ("train.schedule.batch", pipeline.train.schedule.batch),
        ("adapt.schedule.steps", pipeline.adapt.schedule.steps),
        ("adapt.schedule.batch", pipeline.adapt.schedule.batch.saturating_sub(pipeline.adapt.source)),
    ];
    if let Some((key, _)) = positive.iter().find(|(_, value)| *value == 0) {
        let why = match *key {
            "pretrain.schedule.batch" => "a contrast needs at least 2 networks",
            "adapt.schedule.batch" => "it must be larger than adapt.source, so that shots fit in",
            _ => "it must be at least 1",
        };
        return Err(Error::config(format!("{key}: {why}")));
    }
    if pipeline.seed > i64::MAX as u64 {
        return Err(Error::config("seed: it must be below 2^63"));
    }
    if !(0.0..1.0).contains(&pipeline.data.judge_test) {
        return Err(Error::config("data.judge_test: a share from 0 to below 1"));
    }
    if pipeline.pretrain.objectives.is_empty() {
        return Err(Error::config("pretrain.objectives: at least one is needed"));
    }
    let device = crate::device::open(&pipeline.device)?;
    if crate::device::is_flex(&device) && !pipeline.precision.is_single() {
        let remedy = "leave the key out, or choose a device of libtorch (`equigen devices`)";
        return Err(Error::config(format!("precision: `flex` multiplies in f32 only; {remedy}")));
    }
    Ok(())
}
