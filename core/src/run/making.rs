//! How work of a run is done: in a folder, with a seed of its own, and without ending the program where code panics.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::{Event, Observer, Part, StageContext, Store, panics};
use crate::config::Pipeline;
use crate::registry::Registry;
use crate::{Result, Seed, SignalSet, files};

/// What all work of a run shares.
pub(super) struct Maker<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) registry: &'a Registry,
    pub(super) device: burn::tensor::Device,
    pub(super) seed: u64,
    pub(super) observer: &'a dyn Observer,
    pub(super) checkpoint_every: Duration,
    pub(super) signals: OnceLock<SignalSet>,
}

/// A stage to make, or what is made like one.
pub(super) struct Work<'a> {
    pub(super) name: &'static str,
    /// Folders of the stages that it reads, by name.
    pub(super) inputs: &'a [(&'static str, PathBuf)],
    pub(super) part: Option<Part>,
    pub(super) run: &'a dyn Fn(&StageContext<'_>) -> Result<()>,
}

impl Maker<'_> {
    /// Does the work in `folder`. A panic becomes an error.
    ///
    /// # Errors
    /// As the work.
    pub(super) fn make_in(&self, folder: &Path, work: Work<'_>) -> Result<()> {
        let context = StageContext {
            stage: work.name,
            pipeline: self.pipeline,
            seed: Seed::new(self.seed).split(work.name),
            device: self.device.clone(),
            folder,
            observer: self.observer,
            checkpoint_every: self.checkpoint_every,
            part: work.part,
            inputs: work.inputs,
            signals: &self.signals,
        };
        panics::caught(self.registry, || (work.run)(&context))
    }

    /// Makes what the store lacks under a key, and notes how long that took.
    ///
    /// # Errors
    /// As the work, and if another process is making the same.
    pub(super) fn make(&self, store: &Store, key: &str, work: Work<'_>) -> Result<()> {
        let (stage, partial) = (work.name, store.begin(key)?);
        self.observer.event(&Event::Started { stage, key: key.to_owned() });
        let begun = Instant::now();
        self.make_in(&partial.folder, work)?;
        let seconds = begun.elapsed().as_secs_f64();
        partial.finish()?;
        files::write_json(&store.seconds(key), &seconds)?;
        self.observer.event(&Event::Finished { stage, seconds });
        Ok(())
    }
}
