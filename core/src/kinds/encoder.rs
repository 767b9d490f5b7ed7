//! Encoders: weights to features.

use std::fmt::Debug;
use std::sync::Arc;

use burn::tensor::Device;

use super::component_kind;
use crate::action::FeatureAction;
use crate::learner::Trainable;
use crate::registry::Claim;
use crate::statistics::Statistics;
use crate::{Features, Inr, Layout, Result, Seed, Weights};

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
    /// Features of a batch. Differentiable in the weights and in the encoder's parameters.
    fn encode(&self, weights: &Weights) -> Features;

    /// The encoder's parameters in training.
    fn learner(&mut self) -> &mut dyn Trainable;
}
