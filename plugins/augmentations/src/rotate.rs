//! `rotate`: the signal turns about the origin.

use equigen_core::registry::Claim;
use equigen_core::{AffineMaps, Augmentation, Draws, Error, Layout, Result, Weights, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coordinates::{check_affine, check_range, draw_uniform, linear_maps, moves_signal};

/// Turns a 2-D signal about the origin by an angle uniform in ±degrees: f_new(x) = f(R x), exactly.
///
/// On weights: `W_1 <- W_1 R`. For INRs whose first layer reads two raw coordinates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rotate {
    /// Largest angle, in degrees.
    pub degrees: f64,
}

impl Default for Rotate {
    fn default() -> Self {
        Self { degrees: 30.0 }
    }
}

equigen_core::register!(Augmentation, Rotate);

impl Rotate {
    fn maps(&self, layout: &Layout, draws: &Draws) -> AffineMaps {
        linear_maps(layout, draws, |angle, linear| {
            let (sin, cos) = angle[0].sin_cos();
            linear.copy_from_slice(&[cos, -sin, sin, cos]);
        })
    }
}

#[typetag::serde(name = "rotate")]
impl Augmentation for Rotate {
    fn draw(&self, layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws> {
        check_affine("rotate", layout)?;
        check_range("rotate", "degrees", self.degrees, f64::INFINITY)?;
        if layout.inputs() != 2 {
            return Err(Error::config(format!(
                "rotate: networks {layout} read {} coordinates, and rotate turns two; leave it out for this signal",
                layout.inputs()
            )));
        }
        Ok(draw_uniform(n, 1, 0.0, self.degrees.to_radians(), rng))
    }

    moves_signal!();
}
