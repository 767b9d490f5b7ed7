//! What an encoder is pre-trained for.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use super::{Term, component_kind};
use crate::learner::Trainable;
use crate::registry::Claim;
use crate::statistics::Statistics;
use crate::{Inr, Layout, Result, Seed, TargetSignals, Weights, seed::Rng};

/// The configuration of a pre-training loss; it carries its own weight in the sum.
#[typetag::serde(tag = "type")]
pub trait Objective: Debug + Send + Sync {
    /// Builds the objective, with the heads that it trains beside the encoder.
    ///
    /// # Errors
    /// If a setting is out of range.
    fn build(&self, context: &ObjectiveContext) -> Result<Box<dyn ObjectiveModel>>;

    /// The entries of ψ, of `dim`, that it makes alike for views of one network and unlike for others, if it does that. The
    /// retrieval test compares by these.
    fn compares(&self, _dim: usize) -> Option<Range<usize>> {
        None
    }

    /// What the component promises.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

component_kind!(Objective);

/// What an objective is built for.
#[derive(Debug, Clone)]
pub struct ObjectiveContext {
    /// The family of the networks.
    pub inr: Arc<dyn Inr>,
    /// Their layout.
    pub layout: Arc<Layout>,
    /// Scale of their weights.
    pub statistics: Statistics,
    /// Length of the pooled feature.
    pub dim: usize,
    /// Where it runs.
    pub device: Device,
    /// Where its parameters are drawn from.
    pub seed: Seed,
}

/// Two views of a batch of `n` networks and their features.
#[derive(Debug)]
pub struct Views {
    /// The networks as they are.
    pub original: Weights,
    /// The networks augmented.
    pub augmented: Weights,
    /// What the original networks render as.
    pub original_signals: TargetSignals,
    /// What the augmented networks render as.
    pub augmented_signals: TargetSignals,
    /// Pooled features of the originals, `[n, dim]`.
    pub original_features: Tensor<2>,
    /// Pooled features of the augmented networks, `[n, dim]`.
    pub augmented_features: Tensor<2>,
}

/// A live objective.
pub trait ObjectiveModel: Send {
    /// The loss over two views, weighted.
    fn loss(&self, views: &Views, rng: &mut Rng) -> Term;

    /// The heads that are trained along.
    fn learner(&mut self) -> &mut dyn Trainable;
}
