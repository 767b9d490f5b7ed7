//! A pipeline file as a whole, with its last sections: figures and the report.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Adapt, Data, Expand, Fit, Pretrain, Sample, Train};
use crate::precision::Precision;
use crate::{Inr, Judge, Metric};

/// A run, from signals to report.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// Seed of every random number of the run, below 2^63.
    pub seed: u64,
    /// Device that trains and samples: `flex` (pure Rust, CPU), `libtorch`, `libtorch:cuda:N`.
    #[serde(default = "default_device")]
    pub device: String,
    /// Numbers in which the encoder and the generator multiply in training: `f32`, or `bf16` on devices of libtorch.
    #[serde(default, skip_serializing_if = "Precision::is_single")]
    pub precision: Precision,
    /// Dynamic libraries of plugins, loaded before anything else is read; relative to the file's folder.
    #[serde(default)]
    pub plugins: Vec<PathBuf>,
    /// Signals, and which of them are the few shots.
    pub data: Data,
    /// The family of networks that represent them.
    pub inr: Box<dyn Inr>,
    /// Signals to networks.
    pub fit: Fit,
    /// Networks of deformed signals, to learn from beside the given ones.
    #[serde(default)]
    pub expand: Expand,
    /// The classifier through whose eyes sets of signals are compared.
    pub judge: Box<dyn Judge>,
    /// Networks to features.
    pub pretrain: Pretrain,
    /// Features to networks, on source classes.
    pub train: Train,
    /// The generator meets the shots.
    pub adapt: Adapt,
    /// New networks.
    pub sample: Sample,
    /// Figures.
    pub evaluate: Evaluate,
    /// What is written beside the report page; no stage depends on it.
    #[serde(default, skip_serializing_if = "Report::is_default")]
    pub report: Report,
}

fn default_device() -> String {
    "flex".to_owned()
}

/// Figures.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evaluate {
    /// What to measure.
    pub metrics: Vec<Box<dyn Metric>>,
}

/// What is written beside the report page; no stage depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Report {
    /// Write event files for TensorBoard into the run's folder `tensorboard`: losses and learning rate of each stage as they are
    /// logged, and its figures.
    pub tensorboard: bool,
}

impl Report {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
