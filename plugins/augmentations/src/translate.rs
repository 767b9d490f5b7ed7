//! `translate`: the signal moves along each axis.

use equigen_core::registry::Claim;
use equigen_core::{AffineMaps, Augmentation, Draws, Layout, Result, Weights, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coordinates::{check_affine, check_range, draw_uniform, moves_signal};

/// Moves the signal by t, uniform in ±range on each axis: f_new(x) = f(x + t), exactly.
///
/// On weights: `b_1 <- b_1 + W_1 t`. For INRs whose first layer reads raw coordinates. Units: the signal's domain is
/// `[-1, 1]` on each axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Translate {
    /// Largest shift along an axis, in units of half the domain.
    pub range: f64,
}

impl Default for Translate {
    fn default() -> Self {
        Self { range: 0.2 }
    }
}

equigen_core::register!(Augmentation, Translate);

impl Translate {
    fn maps(&self, layout: &Layout, draws: &Draws) -> AffineMaps {
        let dimensions = layout.inputs();
        AffineMaps { shift: draws.values.clone(), ..AffineMaps::identity(draws.values.len() / dimensions, dimensions) }
    }
}

#[typetag::serde(name = "translate")]
impl Augmentation for Translate {
    fn draw(&self, layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws> {
        check_affine("translate", layout)?;
        check_range("translate", "range", self.range, f64::INFINITY)?;
        Ok(draw_uniform(n, layout.inputs(), 0.0, self.range, rng))
    }

    moves_signal!();
}
