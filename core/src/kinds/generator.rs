//! Generators: features to weights.

use std::fmt::Debug;
use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use super::{Term, component_kind};
use crate::learner::Trainable;
use crate::registry::Claim;
use crate::statistics::Statistics;
use crate::{EncoderModel, Inr, Layout, Result, Seed, TargetSignals, Weights, seed::Rng};

/// The configuration of a generator.
#[typetag::serde(tag = "type")]
pub trait Generator: Debug + Send + Sync {
    /// Builds the generator with fresh parameters.
    ///
    /// # Errors
    /// If a setting is out of range.
    fn build(&self, context: &GeneratorContext) -> Result<Box<dyn GeneratorModel>>;

    /// What the component promises.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

component_kind!(Generator);

/// What a generator is built for.
#[derive(Debug, Clone)]
pub struct GeneratorContext {
    /// The family of the networks.
    pub inr: Arc<dyn Inr>,
    /// Their layout.
    pub layout: Arc<Layout>,
    /// Scale of the source networks' weights.
    pub statistics: Statistics,
    /// Length of the feature ψ.
    pub dim: usize,
    /// Where it runs.
    pub device: Device,
    /// Where its parameters are drawn from.
    pub seed: Seed,
}

/// A batch to learn from.
pub struct GeneratorBatch<'a> {
    /// Networks to generate, `n` of them.
    pub weights: Weights,
    /// Their features ψ, `[n, dim]`.
    pub features: Tensor<2>,
    /// The features after disturbance: what sampling will condition on, `[n, dim]`.
    pub disturbed: Tensor<2>,
    /// How strongly each was disturbed, `[n, 1]`; 0 is not at all.
    pub level: Tensor<2>,
    /// What the networks render as.
    pub signals: TargetSignals,
    /// The frozen encoder, for the equivariance loss.
    pub encoder: &'a dyn EncoderModel,
}

/// A live generator.
pub trait GeneratorModel: Send {
    /// Shares of a stage's steps at which a new phase of learning begins; the learning rate's schedule starts again there.
    fn phases(&self) -> Vec<f64> {
        Vec::new()
    }

    /// Called before step `step` of `steps`, also after a resume; `features` gives those of many networks, `[n, dim]`.
    fn prepare(&mut self, _step: usize, _steps: usize, _features: &dyn Fn() -> Tensor<2>) {}

    /// The weighted parts of the loss on a batch.
    fn losses(&self, batch: &GeneratorBatch<'_>, rng: &mut Rng) -> Vec<Term>;

    /// One network per row of `disturbed [n, dim]`, disturbed at `level [n, 1]`. Uses averaged parameters. `temperature`
    /// scales the generator's own noise; 0 is deterministic decoding.
    fn sample(&self, disturbed: Tensor<2>, level: Tensor<2>, temperature: f64, rng: &mut Rng) -> Weights;

    /// Whether it has noise of its own, which `temperature` scales.
    fn has_noise(&self) -> bool {
        true
    }

    /// The generator's parameters in training.
    fn learner(&mut self) -> &mut dyn Trainable;
}
