//! Encoders: weights to features.

use std::fmt::Debug;
use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use super::component_kind;
use crate::action::FeatureAction;
use crate::learner::Trainable;
use crate::registry::Claim;
use crate::statistics::Statistics;
use crate::{Inr, Layout, Result, Seed, Weights};

/// The configuration of an encoder.
#[typetag::serde(tag = "type")]
pub trait Encoder: Debug + Send + Sync {
    /// Builds the encoder with fresh parameters.
    ///
    /// # Errors
    /// If a setting is out of range or the layout is none that it can read.
    fn build(&self, context: &EncoderContext) -> Result<Box<dyn EncoderModel>>;

    /// Length of the pooled feature ψ.
    fn dim(&self) -> usize;

    /// How per-neuron features answer to the symmetries that the encoder claims.
    fn feature_action(&self) -> FeatureAction {
        FeatureAction::Permuted
    }

    /// Which symmetries the encoder respects.
    fn claims(&self) -> Vec<Claim>;
}

component_kind!(Encoder);

/// What an encoder is built for.
#[derive(Debug, Clone)]
pub struct EncoderContext {
    /// The family of the networks.
    pub inr: Arc<dyn Inr>,
    /// Their layout.
    pub layout: Arc<Layout>,
    /// Scale of their weights.
    pub statistics: Statistics,
    /// Where it runs: with autodiff for training.
    pub device: Device,
    /// Where its parameters are drawn from.
    pub seed: Seed,
}

/// A live encoder.
pub trait EncoderModel: Send {
    /// The condition ψ that generators are given, `[n, dim]`: invariant under every symmetry that the encoder claims.
    /// Differentiable in the weights and in the encoder's parameters.
    fn pooled(&self, weights: &Weights) -> Tensor<2>;

    /// Features of every neuron, `[n, width, f]` for each hidden layer: equivariant, they move with the neurons as
    /// [`Encoder::feature_action`] says. Differentiable likewise.
    fn neurons(&self, weights: &Weights) -> Vec<Tensor<3>>;

    /// The encoder's parameters in training.
    fn learner(&mut self) -> &mut dyn Trainable;
}
