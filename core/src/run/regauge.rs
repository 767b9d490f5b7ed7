//! A finished run's networks in one gauge, made in its store.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

use super::{Event, Observer, Options, StageContext, Store, plan, store_folder};
use crate::registry::Registry;
use crate::{Error, Result, Seed, device, files, stages};

/// What it is called in the store, in events and in the run's folder.
const NAME: &str = "regauge";
/// Part of its key: raised when its output changes for equal inputs.
const FORMAT: u32 = 1;

/// Decodes every network of a run, fits it to its signal again, and gives the folder with `zoo.safetensors` and
/// `summary.json`. It lies in the run's store under a key of its own, so that it is made once, and goes on where it was stopped.
///
/// # Errors
/// If the run is not finished up to `train`, its signals or libraries have changed, or a fit fails.
pub fn regauge_run(run: &Path, registry: &Registry, observer: &dyn Observer) -> Result<PathBuf> {
    let config = run.join("config.toml");
    if !config.is_file() {
        return Err(Error::config(format!("`{}` is no folder of a run: it has no config.toml", run.display())));
    }
    let pipeline = crate::config::load(&config, &Default::default(), registry)?;
    let store = Store::open(&store_folder(run))?;
    let planned = plan(&pipeline)?;
    let mut inputs = Vec::new();
    for name in stages::REGAUGED {
        let key = planned.iter().find(|planned| planned.stage.name == name).map(|planned| &planned.key[..]);
        let key = key.filter(|key| store.holds(key)).ok_or_else(|| {
            let remedy = format!("run `equigen run {} --until train --run {}`", config.display(), run.display());
            Error::config(format!(
                "`{}` has no finished stage `{name}` of these settings and signals; {remedy}",
                run.display()
            ))
        })?;
        inputs.push((name, key));
    }
    let keys: Vec<&str> = inputs.iter().map(|(_, key)| *key).collect();
    let settings = serde_json::json!({ "seed": pipeline.seed, "device": device::kind(&pipeline.device) });
    let key = Store::key(NAME, FORMAT, &settings, &keys);
    if store.holds(&key) {
        observer.event(&Event::Reused { stage: NAME, key: key.clone() });
        return Ok(store.folder(&key));
    }
    let partial = store.begin(&key)?;
    observer.event(&Event::Started { stage: NAME, key: key.clone() });
    let begun = Instant::now();
    let inputs: Vec<_> = inputs.into_iter().map(|(name, key)| (name, store.folder(key))).collect();
    stages::regauge(&StageContext {
        stage: NAME,
        pipeline: &pipeline,
        seed: Seed::new(pipeline.seed).split(NAME),
        device: device::open(&pipeline.device)?,
        folder: &partial.folder,
        observer,
        part: None,
        inputs: &inputs,
        signals: &OnceLock::new(),
        checkpoint_every: Options::default().checkpoint_every,
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    partial.finish()?;
    files::write_json(&store.seconds(&key), &seconds)?;
    observer.event(&Event::Finished { stage: NAME, seconds });
    Ok(store.folder(&key))
}
