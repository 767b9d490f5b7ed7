//! Implicit neural representations: what a network computes from its weights.

use std::fmt::Debug;

use burn::tensor::Tensor;
use equigen_kernels::DenseStack;

use super::component_kind;
use crate::dense::{self, Points};
use crate::registry::Claim;
use crate::{Layout, Result, Weights, seed::Rng};

/// A family of implicit neural representations `f_w: R^d -> R^c`.
#[typetag::serde(tag = "type")]
pub trait Inr: Debug + Send + Sync {
    /// The layout of networks for signals with so many coordinates and channels.
    ///
    /// # Errors
    /// If a setting is out of range.
    fn layout(&self, dimensions: usize, channels: usize) -> Result<Layout>;

    /// Dimensions of the signal's raw coordinates: the first layer's inputs, unless the family encodes them.
    fn dimensions(&self, layout: &Layout) -> usize {
        layout.inputs()
    }

    /// Draws the flat parameters of one network.
    fn initialise(&self, layout: &Layout, rng: &mut Rng) -> Vec<f32>;

    /// The dense stack that a fused kernel can run in place of [`Inr::forward`], on coordinates encoded by
    /// [`Inr::encode`]; `None` if the network is no such stack.
    fn dense(&self, layout: &Layout) -> Option<DenseStack>;

    /// Raw coordinates to what the first layer reads.
    fn encode(&self, points: Points) -> Points {
        points
    }

    /// Values of `n` networks at points: `[n, points, channels]`. Differentiable in weights and points.
    fn forward(&self, weights: &Weights, points: &Points) -> Tensor<3> {
        dense::render(&self.stack(weights), weights, &self.encode(points.clone()))
    }

    /// Activations of every hidden layer, `[n, width, points]` each, and values `[n, points, channels]`.
    fn activations(&self, weights: &Weights, points: &Points) -> (Vec<Tensor<3>>, Tensor<3>) {
        dense::plain(&self.stack(weights), weights, &self.encode(points.clone()))
    }

    /// [`Inr::dense`] for a family that always is a dense stack; others override what calls it.
    fn stack(&self, weights: &Weights) -> DenseStack {
        self.dense(weights.layout()).expect("an INR that is no dense stack overrides `forward` and `activations`")
    }

    /// What the component promises.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

component_kind!(Inr);
