//! Further samples of a finished run.

use std::path::Path;
use std::sync::OnceLock;

use super::making::{Maker, Work};
use super::{Observer, Options, RunRecord, StageContext, Store, store_folder};
use crate::registry::Registry;
use crate::stages::STAGES;
use crate::{Error, Result, device, files};

/// Draws `count` further samples from a finished run with a seed of their own, into the new folder `out`.
///
/// # Errors
/// If the run is not finished up to `adapt`, or `out` exists.
pub fn sample_run(
    run: &Path,
    count: usize,
    seed: u64,
    device: Option<&str>,
    out: &Path,
    registry: &Registry,
    observer: &dyn Observer,
) -> Result<()> {
    let record: RunRecord = files::read_json(&run.join("run.json"))?;
    let pipeline = crate::config::load(&run.join("config.toml"), &Default::default(), registry)?;
    let store = Store::open(&store_folder(run))?;
    let stage = STAGES.iter().find(|stage| stage.name == "sample").expect("sampling is a stage");
    let mut inputs = Vec::new();
    for name in stage.inputs {
        let folder = record.stages.get(*name).map(|stage| store.folder(&stage.key)).filter(|folder| folder.is_dir());
        let folder = folder.ok_or_else(|| {
            let text = format!("`{}` has no finished stage `{name}`; run its pipeline first", run.display());
            Error::failed(text)
        })?;
        inputs.push((*name, folder));
    }
    if out.exists() {
        return Err(Error::config(format!("--out {}: it exists already; name a new folder", out.display())));
    }
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs_err::create_dir_all(parent)?;
    let partial = tempfile::Builder::new().prefix(".partial-").tempdir_in(parent)?;
    let maker = Maker {
        pipeline: &pipeline,
        registry,
        device: device::open(device.unwrap_or(&pipeline.device))?,
        seed,
        observer,
        checkpoint_every: Options::default().checkpoint_every,
        signals: OnceLock::new(),
    };
    let run = |context: &StageContext<'_>| crate::stages::sample_more(context, count);
    maker.make_in(partial.path(), Work { name: stage.name, inputs: &inputs, part: None, run: &run })?;
    fs_err::rename(partial.keep(), out)?;
    Ok(())
}
