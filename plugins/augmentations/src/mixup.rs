//! `mixup`: a little of another network, once it is aligned.

use burn::tensor::Tensor;
use equigen_core::action::{self, Element};
use equigen_core::registry::Claim;
use equigen_core::{Augmentation, Draws, Layout, Result, Weights, host, seed, seed::Rng, weights::row_indices};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coordinates::check_range;
use crate::matching::match_to;

/// Mixes each network with another of its batch, after the other was aligned to it: (1 - λ) w + λ g·w', λ uniform from 0
/// to `share`.
///
/// Source: Zhang et al. 2018, "mixup", on aligned weights as in Shamsian et al. 2024, "Improved generalization of weight
/// space networks via augmentations".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mixup {
    /// Largest share of the other network.
    pub share: f64,
}

impl Default for Mixup {
    fn default() -> Self {
        Self { share: 0.1 }
    }
}

equigen_core::register!(Augmentation, Mixup);

#[typetag::serde(name = "mixup")]
impl Augmentation for Mixup {
    /// A share and a number that picks the other network.
    fn draw(&self, _layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws> {
        check_range("mixup", "share", self.share, 1.0)?;
        Ok(Draws { columns: 2, values: seed::uniform(rng, 2 * n, 0.0, 1.0) })
    }

    fn apply(&self, weights: &Weights, draws: &Draws) -> Weights {
        let (n, layout) = (weights.len(), weights.layout());
        if n == 0 {
            return weights.clone();
        }
        let picked: Vec<usize> = draws.rows().map(|row| ((row[1] * n as f32) as usize).min(n - 1)).collect();
        let values = weights.to_host();
        let network = |i: usize| &values[i * layout.parameters()..(i + 1) * layout.parameters()];
        let pairs: Vec<(usize, usize)> = picked.iter().copied().enumerate().collect();
        let elements: Vec<Element> =
            pairs.par_iter().map(|(own, other)| match_to(layout, network(*own), network(*other))).collect();
        let others = weights.with_values(weights.values().clone().select(0, row_indices(&picked, &weights.device())));
        let others = action::apply(&elements, &others);
        let share = draws.rows().map(|row| row[0] * self.share as f32).collect();
        let share: Tensor<2> = host::tensor(share, [n, 1], &weights.device());
        let mixed = weights.values().clone() * (1.0 - share.clone()) + others.values().clone() * share;
        weights.with_values(mixed)
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim::Approximate]
    }
}
