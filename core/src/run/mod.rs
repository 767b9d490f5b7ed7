//! A run: stages over one pipeline, in a folder, with what they make kept in a shared store.

mod board;
mod events;
mod execute;
mod making;
mod panics;
mod regauge;
mod sample;
mod shard;
mod store;
mod tfevents;
mod training;

pub use events::{Event, Observer};
pub use execute::{Execution, Options, Planned, RunRecord, StageRecord, execute, plan, planned_until};
pub use regauge::regauge_run;
pub use sample::sample_run;
pub(crate) use shard::{Part, ShardRecord};
pub use shard::{Shard, join_shards};
pub use store::{Store, store_folder};
pub use training::{Curve, Training, train};

use std::path::{Path, PathBuf};
use std::time::Duration;

use burn::tensor::Device;

use crate::config::Pipeline;
use crate::tensors::Tensors;
use crate::{Error, Result, Seed, SignalReader, SignalSet};

/// What a stage is given.
pub struct StageContext<'a> {
    /// The stage's name.
    pub stage: &'static str,
    /// The resolved pipeline.
    pub pipeline: &'a Pipeline,
    /// The stage's own seed.
    pub seed: Seed,
    /// The device, without autodiff.
    pub device: Device,
    /// Where the stage writes; becomes its finished folder when the stage returns.
    pub folder: &'a Path,
    /// Who is told of progress.
    pub observer: &'a dyn Observer,
    /// How often training writes a checkpoint: what a kill loses at most.
    pub checkpoint_every: Duration,
    /// The part of the stage that is made, if it is not the whole.
    pub(crate) part: Option<Part>,
    inputs: &'a [(&'static str, PathBuf)],
    signals: &'a std::sync::OnceLock<SignalSet>,
}

impl StageContext<'_> {
    /// A file of a finished stage that this one reads.
    ///
    /// # Panics
    /// If the stage is none of this one's inputs: stages declare them.
    pub fn input(&self, stage: &str, file: &str) -> PathBuf {
        let found = self.inputs.iter().find(|(name, _)| *name == stage);
        found.unwrap_or_else(|| panic!("stage `{}` does not declare its input `{stage}`", self.stage)).1.join(file)
    }

    /// The device with autodiff, for training.
    pub fn training_device(&self) -> Device {
        self.device.clone().autodiff()
    }

    /// The signals, read once per process.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn signals(&self) -> Result<&SignalSet> {
        if let Some(signals) = self.signals.get() {
            return Ok(signals);
        }
        let (mut reader, count) = self.open_signals()?;
        let signals = SignalSet::read(&mut *reader, count).map_err(in_signals)?;
        Ok(self.signals.get_or_init(|| signals))
    }

    /// The signals to be read piece by piece, and how many of them the pipeline uses, the first ones.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn open_signals(&self) -> Result<(Box<dyn SignalReader>, usize)> {
        let data = &self.pipeline.data;
        let reader = data.signals.open().map_err(in_signals)?;
        let count = data.limit.map_or(reader.count(), |limit| limit.min(reader.count()));
        Ok((reader, count))
    }

    /// Tells the observer that `done` of `total` are done.
    pub fn progress(&self, done: usize, total: usize, unit: &'static str) {
        self.observer.event(&Event::Progress { stage: self.stage, done, total, unit });
    }

    /// Saves a model's parameters and its loss curve.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save_model(&self, parameters: &Tensors, curve: &Curve) -> Result<()> {
        parameters.save(&self.folder.join("model.safetensors"))?;
        crate::files::write_json(&self.folder.join("losses.json"), curve)
    }
}

/// Says of an error where in the pipeline file the signals stand.
pub(crate) fn in_signals(error: Error) -> Error {
    error.within("data.signals")
}
