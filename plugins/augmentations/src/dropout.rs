//! `dropout`: random weights are zero.

use equigen_core::registry::Claim;
use equigen_core::{Augmentation, Draws, Layout, Result, Weights, host, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coordinates::check_range;

/// Sets each weight to zero with a small probability; the others keep their value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dropout {
    /// Probability of zero.
    pub probability: f64,
}

impl Default for Dropout {
    fn default() -> Self {
        Self { probability: 0.005 }
    }
}

equigen_core::register!(Augmentation, Dropout);

#[typetag::serde(name = "dropout")]
impl Augmentation for Dropout {
    fn draw(&self, layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws> {
        check_range("dropout", "probability", self.probability, 1.0)?;
        let columns = layout.parameters();
        Ok(Draws { columns, values: seed::uniform(rng, n * columns, 0.0, 1.0) })
    }

    fn apply(&self, weights: &Weights, draws: &Draws) -> Weights {
        let kept = draws.values.iter().map(|u| if f64::from(*u) < self.probability { 0.0 } else { 1.0 }).collect();
        let mask = host::tensor(kept, [weights.len(), draws.columns], &weights.device());
        weights.with_values(weights.values().clone() * mask)
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim::Approximate]
    }
}
