//! A finished run's networks in one gauge, made in its store.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::making::{Maker, Work};
use super::{Event, Observer, Options, Store, plan, store_folder};
use crate::registry::Registry;
use crate::{Error, Result, device, stages};

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
    let inputs: Vec<_> = inputs.into_iter().map(|(name, key)| (name, store.folder(key))).collect();
    let maker = Maker {
        pipeline: &pipeline,
        registry,
        device: device::open(&pipeline.device)?,
        seed: pipeline.seed,
        observer,
        checkpoint_every: Options::default().checkpoint_every,
        signals: OnceLock::new(),
    };
    let work = Work { name: NAME, inputs: &inputs, part: None, run: &stages::regauge };
    maker.make(&store, &key, work)?;
    Ok(store.folder(&key))
}
