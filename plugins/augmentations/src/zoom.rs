//! `zoom`: the signal grows or shrinks about the origin.

use equigen_core::registry::Claim;
use equigen_core::{AffineMaps, Augmentation, Draws, Layout, Result, Weights, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coordinates::{check_affine, check_range, draw_uniform, linear_maps, moves_signal};

/// Scales coordinates by s, uniform in 1 ± range: f_new(x) = f(s x), exactly.
///
/// On weights: `W_1 <- s W_1`. Above 1 the signal shrinks. For INRs whose first layer reads raw coordinates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Zoom {
    /// Largest distance of the factor from 1, below 1.
    pub range: f64,
}

impl Default for Zoom {
    fn default() -> Self {
        Self { range: 0.2 }
    }
}

equigen_core::register!(Augmentation, Zoom);

impl Zoom {
    fn maps(&self, layout: &Layout, draws: &Draws) -> AffineMaps {
        linear_maps(layout, draws, |scale, linear| {
            linear.iter_mut().for_each(|entry| *entry *= scale[0]);
        })
    }
}

#[typetag::serde(name = "zoom")]
impl Augmentation for Zoom {
    fn draw(&self, layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws> {
        check_affine("zoom", layout)?;
        check_range("zoom", "range", self.range, 1.0)?;
        Ok(draw_uniform(n, 1, 1.0, self.range, rng))
    }

    moves_signal!();
}
