//! `zoom`: the signal grows or shrinks about the origin.

use equigen_core::registry::Claim;
use equigen_core::{AffineMaps, Augmentation, Draws, Layout, Result, Weights, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coordinates::{check_affine, check_range, draw_uniform, linear_maps, moves_signal};

/// Scales coordinates by s, uniform in centre ± range: f_new(x) = f(s x), exactly; each axis by a factor of its own if
/// `each_axis`.
///
/// On weights: `W_1 <- s W_1`. Above 1 the signal shrinks. For INRs whose first layer reads raw coordinates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Zoom {
    /// Largest distance of the factor from its centre, below it.
    pub range: f64,
    /// Centre of the factors. A signal that nearly fills its domain has room to shrink only: above 1.
    #[serde(skip_serializing_if = "is_one")]
    pub centre: f64,
    /// Whether each axis has a factor of its own, so that proportions change too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub each_axis: bool,
}

impl Default for Zoom {
    fn default() -> Self {
        Self { range: 0.2, centre: 1.0, each_axis: false }
    }
}

fn is_one(centre: &f64) -> bool {
    *centre == 1.0
}

equigen_core::register!(Augmentation, Zoom);

impl Zoom {
    fn maps(&self, layout: &Layout, draws: &Draws) -> AffineMaps {
        let dimensions = layout.inputs();
        linear_maps(layout, draws, |scale, linear| {
            for (axis, factor) in (0..dimensions).zip(scale.iter().cycle()) {
                linear[axis * dimensions + axis] = *factor;
            }
        })
    }
}

#[typetag::serde(name = "zoom")]
impl Augmentation for Zoom {
    fn draw(&self, layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws> {
        check_affine("zoom", layout)?;
        check_range("zoom", "centre", self.centre, f64::INFINITY)?;
        check_range("zoom", "range", self.range, self.centre)?;
        let factors = if self.each_axis { layout.inputs() } else { 1 };
        Ok(draw_uniform(n, factors, self.centre, self.range, rng))
    }

    moves_signal!();
}
