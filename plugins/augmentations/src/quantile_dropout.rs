//! `quantile-dropout`: the smallest weights are zero.

use equigen_core::registry::Claim;
use equigen_core::{Augmentation, Draws, Layout, Result, Weights, host, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coordinates::{check_range, draw_uniform};

/// Sets the smallest weights of each network to zero, by size within their tensor; the share is uniform from 0 to `share`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QuantileDropout {
    /// Largest share of a tensor's weights.
    pub share: f64,
}

impl Default for QuantileDropout {
    fn default() -> Self {
        Self { share: 0.05 }
    }
}

equigen_core::register!(Augmentation, QuantileDropout);

#[typetag::serde(name = "quantile-dropout")]
impl Augmentation for QuantileDropout {
    fn draw(&self, _layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws> {
        check_range("quantile-dropout", "share", self.share, 1.0)?;
        Ok(draw_uniform(n, 1, self.share / 2.0, self.share / 2.0, rng))
    }

    fn apply(&self, weights: &Weights, draws: &Draws) -> Weights {
        let layout = weights.layout();
        let values = weights.to_host();
        let mut mask = vec![1.0; values.len()];
        let networks = values.chunks(layout.parameters()).zip(mask.chunks_mut(layout.parameters()));
        for ((network, mask), share) in networks.zip(&draws.values) {
            for tensor in layout.tensors() {
                let own = &network[tensor.range()];
                let mut order: Vec<usize> = (0..own.len()).collect();
                order.sort_by(|a, b| own[*a].abs().total_cmp(&own[*b].abs()));
                let dropped = (own.len() as f32 * share) as usize;
                order[..dropped].iter().for_each(|k| mask[tensor.offset + k] = 0.0);
            }
        }
        let mask = host::tensor(mask, weights.values().dims(), &weights.device());
        weights.with_values(weights.values().clone() * mask)
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim::Approximate]
    }
}
