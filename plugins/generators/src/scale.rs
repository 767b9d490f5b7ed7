//! Weights on the scale of the source networks.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use equigen_core::seed::{self, Rng};
use equigen_core::{GeneratorContext, Layout, Weights, host};

/// Mean and deviation of each parameter tensor, or of each parameter, over the source networks: the way to normalised weights
/// and back.
#[derive(Debug)]
pub(crate) struct Scale {
    pub(crate) layout: Arc<Layout>,
    /// `[1, parameters]`.
    mean: Tensor<2>,
    /// `[1, parameters]`.
    pub(crate) deviation: Tensor<2>,
}

impl Scale {
    /// That of the networks that a generator is built for: of each of their tensors, or of each parameter.
    pub(crate) fn new(context: &GeneratorContext, each: bool) -> Self {
        let GeneratorContext { layout, device, statistics, .. } = context;
        let [mean, deviation] = if each {
            statistics.each(device)
        } else {
            [statistics.mean_row(layout, device), statistics.deviation_row(layout, device)]
        };
        Self { layout: layout.clone(), mean, deviation }
    }

    /// `[n, parameters]`.
    pub(crate) fn normalised(&self, weights: &Weights) -> Tensor<2> {
        (weights.values().clone() - self.mean.clone()) / self.deviation.clone()
    }

    /// The networks of normalised weights `[n, parameters]`.
    pub(crate) fn network(&self, normalised: Tensor<2>) -> Weights {
        Weights::new(self.layout.clone(), normalised * self.deviation.clone() + self.mean.clone())
    }

    /// N(0, 1) in the shape of `n` networks, drawn on the host: `[n, parameters]`.
    pub(crate) fn noise(&self, n: usize, device: &Device, rng: &mut Rng) -> Tensor<2> {
        let parameters = self.layout.parameters();
        host::tensor(seed::normal(rng, n * parameters), [n, parameters], device)
    }
}
