//! Judges: what looks at rendered signals so that metrics can compare sets of them.
//!
//! An eleventh kind beside the ten of the method: metrics share one judge, it is trained once per data set and split,
//! and shapes need another than images do.

use std::fmt::Debug;

use burn::tensor::Device;

use super::{Domain, component_kind};
use crate::config::Schedule;
use crate::learner::Trainable;
use crate::registry::Claim;
use crate::{Result, Seed, seed::Rng};

/// The configuration of a judge.
#[typetag::serde(tag = "type")]
pub trait Judge: Debug + Send + Sync {
    /// Builds the judge for signals of a domain and so many classes.
    ///
    /// # Errors
    /// If it cannot look at this domain.
    fn build(&self, domain: Domain, classes: usize, device: &Device, seed: Seed) -> Result<Box<dyn JudgeModel>>;

    /// How long and how fast it trains.
    fn schedule(&self) -> Schedule;

    /// What the component promises.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

component_kind!(Judge);

/// Real signals with their classes.
#[derive(Debug, Clone)]
pub struct Labelled {
    /// `[n, points, channels]`.
    pub signals: Vec<f32>,
    /// A class number each.
    pub classes: Vec<usize>,
}

/// What a judge sees in a set of `n` signals.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Length of a feature vector.
    pub dim: usize,
    /// `[n, dim]`.
    pub features: Vec<f32>,
    /// The class that it would give each.
    pub classes: Vec<usize>,
}

impl Judgement {
    /// Number of signals.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// Feature vector of one signal.
    pub fn feature(&self, i: usize) -> &[f32] {
        &self.features[i * self.dim..(i + 1) * self.dim]
    }
}

/// A live judge.
pub trait JudgeModel: Send {
    /// Classification loss `[1]` on a batch of real signals.
    fn loss(&self, batch: &Labelled, rng: &mut Rng) -> burn::tensor::Tensor<1>;

    /// Looks at signals `[n, points, channels]`.
    fn judge(&self, signals: &[f32]) -> Judgement;

    /// The judge's parameters in training.
    fn learner(&mut self) -> &mut dyn Trainable;
}
