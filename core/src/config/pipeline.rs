//! The sections of a pipeline file.

use std::ops::Range;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::precision::Precision;
use crate::surface::Surface;
use crate::{
    Augmentation, Deformation, Disturbance, Domain, Encoder, Fitter, Generator, Inr, Judge, Metric, Objective, Signals,
};

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

/// Signals, and which of them are the few shots.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Where signals come from.
    pub signals: Box<dyn Signals>,
    /// Label of the target class, a number or a text; every other class is source.
    pub target: Label,
    /// Number of target signals that training may see.
    #[serde(default = "default_shots")]
    pub shots: usize,
    /// Number of target signals in the reference part and in the ceiling part, and of generated signals compared.
    #[serde(default = "default_reference")]
    pub reference: usize,
    /// Share of each class on which the judge is tested.
    #[serde(default = "default_judge_test")]
    pub judge_test: f64,
    /// Which draw of the parts: another number draws other shots from the same fits; absent is the seed's own draw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draw: Option<u64>,
    /// Use only so many signals, the first ones; all by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

fn default_shots() -> usize {
    10
}

fn default_reference() -> usize {
    256
}

fn default_judge_test() -> f64 {
    0.1
}

/// A class label: written as a number or as a text, kept as a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Label(pub String);

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(i64),
            Text(String),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Number(number) => Self(number.to_string()),
            Either::Text(text) => Self(text),
        })
    }
}

impl JsonSchema for Label {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Label".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["integer", "string"] })
    }
}

/// Signals to networks.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// What fits the networks.
    pub fitter: Box<dyn Fitter>,
    /// Where each fit starts.
    #[serde(default)]
    pub init: Init,
    /// Of images: a network is done when its PSNR reaches this many dB (peak 1).
    #[serde(default = "default_stop_psnr")]
    pub stop_psnr: f64,
    /// Of shapes: a network is done when its intersection over union reaches this, at the points of a step.
    #[serde(default = "default_stop_iou", skip_serializing_if = "is_default_stop_iou")]
    pub stop_iou: f64,
    /// A network that has not reached it by then stops here.
    #[serde(default = "default_max_steps")]
    pub max_steps: usize,
    /// Function-preserving augmentations applied once to every fitted network, in order.
    #[serde(default)]
    pub canonical: Vec<Box<dyn Augmentation>>,
}

fn default_stop_psnr() -> f64 {
    40.0
}

fn default_stop_iou() -> f64 {
    0.99
}

fn is_default_stop_iou(value: &f64) -> bool {
    *value == default_stop_iou()
}

impl Fit {
    /// The quality at which a network of a domain is done; an expansion may have its own.
    pub fn stop(&self, domain: &Domain, expand: Option<&Expand>) -> f64 {
        match domain {
            Domain::Image { .. } => expand.and_then(|expand| expand.stop_psnr).unwrap_or(self.stop_psnr),
            Domain::Shape { .. } => expand.and_then(|expand| expand.stop_iou).unwrap_or(self.stop_iou),
        }
    }

    /// Steps after which a network stops; an expansion may have its own.
    pub fn steps(&self, expand: Option<&Expand>) -> usize {
        expand.and_then(|expand| expand.max_steps).unwrap_or(self.max_steps)
    }
}

fn default_max_steps() -> usize {
    1000
}

/// Where fits start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// Every network draws its own start: the paper's setting.
    #[default]
    Independent,
    /// All networks start from one draw, which nearly aligns their weights and makes generation far easier.
    Shared,
    /// All networks start from where fits of 64 signals of the source classes lead, on average: Reptile (Nichol et al. 2018), as
    /// Tancik et al. 2021 ("Learnit") use it. No signal of the target class takes part. Fits are nearly aligned.
    Meta,
}

/// Networks of deformed signals: each network is rendered on its grid, deformed, and fitted anew from a start of its own.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Expand {
    /// Deformations that make a new class of each source network, in order; none makes no new classes.
    pub classes: Vec<Box<dyn Deformation>>,
    /// Deformations that make the kin of a network, in order.
    pub deformations: Vec<Box<dyn Deformation>>,
    /// Kin are deformed at levels uniform from 0 to this; 1 is as the deformations are configured.
    pub level: f64,
    /// Kin of each source network.
    pub source: usize,
    /// Kin of each shot.
    pub shots: usize,
    /// PSNR in dB at which a deformed network is done; as `fit.stop_psnr` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_psnr: Option<f64>,
    /// Intersection over union at which a deformed shape is done; as `fit.stop_iou` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_iou: Option<f64>,
    /// Steps after which the fit of a deformed network stops; as `fit.max_steps` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<usize>,
}

impl Default for Expand {
    fn default() -> Self {
        Self {
            classes: Vec::new(),
            deformations: Vec::new(),
            level: 1.0,
            source: 0,
            shots: 0,
            stop_psnr: None,
            stop_iou: None,
            max_steps: None,
        }
    }
}

/// How long and how fast to train. AdamW; linear warm-up, then cosine decay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Optimiser steps.
    pub steps: usize,
    /// Networks in a batch.
    pub batch: usize,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Share of the steps in which the learning rate rises to its highest.
    #[serde(default = "default_warmup")]
    pub warmup: f64,
    /// Learning rate at the end, as a share of the highest.
    #[serde(default = "default_final_rate")]
    pub final_rate: f64,
    /// Decoupled weight decay of matrices.
    #[serde(default = "default_weight_decay")]
    pub weight_decay: f64,
    /// Decay of the second moment.
    #[serde(default = "default_beta2")]
    pub beta2: f64,
    /// Largest global norm of the gradient; larger ones are scaled down.
    #[serde(default = "default_clip")]
    pub clip: f64,
    /// Decay of the moving average of parameters that is used after training; 0 for none.
    #[serde(default)]
    pub average: f64,
}

fn default_warmup() -> f64 {
    0.05
}

fn default_final_rate() -> f64 {
    0.01
}

fn default_weight_decay() -> f64 {
    1e-4
}

fn default_beta2() -> f64 {
    0.999
}

fn default_clip() -> f64 {
    1.0
}

impl Schedule {
    /// Learning rate of a step, counted from 0; the schedule starts again at each of `phases`, shares of the steps.
    pub fn learning_rate_at(&self, step: usize, phases: &[f64]) -> f64 {
        let steps = self.steps as f64;
        let bounds: Vec<f64> = phases.iter().map(|share| (share * steps).ceil()).collect();
        let first = bounds.iter().copied().filter(|bound| *bound <= step as f64).fold(0.0, f64::max);
        let last = bounds.iter().copied().filter(|bound| *bound > step as f64).fold(steps, f64::min);
        let done = (step as f64 + 1.0 - first) / (last - first);
        if done < self.warmup {
            return self.learning_rate * done / self.warmup;
        }
        let decay = (done - self.warmup) / (1.0 - self.warmup).max(1e-9);
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * decay).cos());
        self.learning_rate * (self.final_rate + (1.0 - self.final_rate) * cosine)
    }
}

/// Networks to features.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pretrain {
    /// What encodes networks.
    pub encoder: Box<dyn Encoder>,
    /// Losses to train it for; each carries its weight.
    pub objectives: Vec<Box<dyn Objective>>,
    /// How the second view of each network is made, in order.
    #[serde(default)]
    pub augmentations: Vec<Box<dyn Augmentation>>,
    /// How long and how fast.
    pub schedule: Schedule,
}

impl Pretrain {
    /// The entries of ψ by which views of one network are alike: those that the first contrast compares, or all.
    pub fn compared(&self) -> Range<usize> {
        let dim = self.encoder.dim();
        self.objectives.iter().find_map(|objective| objective.compares(dim)).unwrap_or(0..dim)
    }
}

/// Features to networks, on source classes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Train {
    /// What generates networks.
    pub generator: Box<dyn Generator>,
    /// What the condition tells of the network to generate.
    #[serde(default)]
    pub condition: Condition,
    /// How long and how fast.
    pub schedule: Schedule,
}

/// What the condition tells of the network to generate.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Condition {
    /// Its own features.
    #[default]
    Own,
    /// Its own features, disturbed at a level uniform from 0 to the disturbance's scale, so that the generator learns which
    /// networks lie around a disturbed feature.
    Disturbed {
        /// The disturbance.
        disturbance: Box<dyn Disturbance>,
    },
    /// The features of the root of its family, and the level at which the network is deformed kin of it, so that the
    /// generator learns how signals of one kind vary.
    Kin,
    /// Nothing: features are zero, and the generator learns one distribution for all (as HyperDiffusion does).
    None,
}

/// The generator meets the shots.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adapt {
    /// Source networks in each batch, beside the shots; the rest of the batch is shots.
    #[serde(default = "default_source")]
    pub source: usize,
    /// How long and how fast.
    pub schedule: Schedule,
}

fn default_source() -> usize {
    32
}

/// New networks.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// How many; shared evenly among the shots.
    #[serde(default = "default_reference")]
    pub count: usize,
    /// Level at which the generator varies a shot, where it was trained on `kin`.
    #[serde(default = "default_temperature")]
    pub level: f64,
    /// Deformations of the shots before they are encoded, in order; none leaves them as they are.
    #[serde(default)]
    pub deformations: Vec<Box<dyn Deformation>>,
    /// How the features of the shots are moved; not at all by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disturbance: Option<Box<dyn Disturbance>>,
    /// Keep a sample only if its own features are of the target class with this probability, by a linear discriminant that
    /// knows the source and the shots; 0 keeps all.
    #[serde(default)]
    pub screen: f64,
    /// Scale of the generator's own noise: 1 samples, 0 decodes without noise.
    #[serde(default = "default_temperature")]
    pub temperature: f64,
    /// Of shapes: how their surfaces are made for pictures and files.
    #[serde(default, skip_serializing_if = "Surface::is_default")]
    pub surface: Surface,
}

fn default_temperature() -> f64 {
    1.0
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
