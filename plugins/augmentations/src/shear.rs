//! `shear`: the signal slants.

use equigen_core::registry::Claim;
use equigen_core::{AffineMaps, Augmentation, Draws, Error, Layout, Result, Weights, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coordinates::{check_affine, check_range, draw_uniform, linear_maps, moves_signal};

/// Slants the signal by s, uniform in ±range: f_new(x, y, …) = f(x + s y, y, …), exactly.
///
/// On weights: `W_1 <- W_1 A` with `A = [[1, s], [0, 1]]`. For INRs whose first layer reads at least two raw coordinates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Shear {
    /// Largest slant: the shift of the first axis per unit of the second.
    pub range: f64,
}

impl Default for Shear {
    fn default() -> Self {
        Self { range: 0.3 }
    }
}

equigen_core::register!(Augmentation, Shear);

impl Shear {
    fn maps(&self, layout: &Layout, draws: &Draws) -> AffineMaps {
        // Row 0, column 1.
        linear_maps(layout, draws, |slant, linear| linear[1] = slant[0])
    }
}

#[typetag::serde(name = "shear")]
impl Augmentation for Shear {
    fn draw(&self, layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws> {
        check_affine("shear", layout)?;
        check_range("shear", "range", self.range, f64::INFINITY)?;
        if layout.inputs() < 2 {
            return Err(Error::config(format!(
                "shear: networks {layout} read one coordinate, and shear needs two; leave it out for this signal"
            )));
        }
        Ok(draw_uniform(n, 1, 0.0, self.range, rng))
    }

    moves_signal!();
}
