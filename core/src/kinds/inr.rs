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

    /// Draws the flat parameters of one network.
    fn initialise(&self, layout: &Layout, rng: &mut Rng) -> Vec<f32>;

    /// The dense stack that a fused kernel can run in place of [`Inr::forward`], on coordinates encoded by
    /// [`Inr::encode`]; `None` if the network is no such stack. Then it computes what its layout says, in tensor code; a
    /// family with activations of which the layout says `Other` overrides [`Inr::forward`] and [`Inr::activations`].
    fn dense(&self, layout: &Layout) -> Option<DenseStack>;

    /// Raw coordinates to what the first layer reads, or to what the dense stack encodes further. Differentiable.
    fn encode(&self, points: Points) -> Points {
        points
    }

    /// Values of `n` networks at points: `[n, points, channels]`. Differentiable in weights and points.
    fn forward(&self, weights: &Weights, points: &Points) -> Tensor<3> {
        let points = self.encode(points.clone());
        match self.dense(weights.layout()) {
            Some(stack) => dense::render(&stack, weights, &points),
            None => dense::by_layout(weights, &points).1,
        }
    }

    /// Activations of every hidden layer, `[n, width, points]` each, and values `[n, points, channels]`.
    fn activations(&self, weights: &Weights, points: &Points) -> (Vec<Tensor<3>>, Tensor<3>) {
        let points = self.encode(points.clone());
        match self.dense(weights.layout()) {
            Some(stack) => dense::plain(&stack, weights, &points),
            None => dense::by_layout(weights, &points),
        }
    }

    /// What the component promises.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

component_kind!(Inr);
