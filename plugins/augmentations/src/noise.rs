//! `noise`: a little of everything on every weight.

use burn::tensor::Tensor;
use equigen_core::registry::Claim;
use equigen_core::{Augmentation, Draws, Layout, Result, Weights, host, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coordinates::check_range;

/// Adds normal noise to every weight, scaled by the standard deviation of its tensor in its own network.
///
/// Networks of independent starts tolerate little of it: at 0.05 a quarter to nine tenths of fitted digits are spoilt
/// (docs/method.md, section 11, finding 1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Noise {
    /// Standard deviation of the noise, in standard deviations of the tensor.
    pub sigma: f64,
}

impl Default for Noise {
    fn default() -> Self {
        Self { sigma: 0.01 }
    }
}

equigen_core::register!(Augmentation, Noise);

#[typetag::serde(name = "noise")]
impl Augmentation for Noise {
    fn draw(&self, layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws> {
        check_range("noise", "sigma", self.sigma, f64::INFINITY)?;
        let columns = layout.parameters();
        Ok(Draws { columns, values: seed::normal(rng, n * columns) })
    }

    fn apply(&self, weights: &Weights, draws: &Draws) -> Weights {
        let n = weights.len();
        let layout = weights.layout();
        let noise = host::tensor(draws.values.clone(), [n, draws.columns], &weights.device());
        let scaled = |tensor: &equigen_core::TensorSpec| -> Tensor<2> {
            let own = weights.values().clone().slice([0..n, tensor.range()]);
            let deviation = (own.clone() - own.mean_dim(1)).square().mean_dim(1).sqrt();
            // The size of the noise is a number, not a way for gradients to grow the weights.
            noise.clone().slice([0..n, tensor.range()]) * deviation.detach() * self.sigma
        };
        let noise = Tensor::cat(layout.tensors().iter().map(scaled).collect(), 1);
        weights.with_values(weights.values().clone() + noise)
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim::Approximate]
    }
}
