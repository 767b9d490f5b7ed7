//! `dihedral`: flips and quarter turns.

use equigen_core::{CoordinateMap, Deformation, Error, Result, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check_range;

/// Flips and quarter turns: one of the eight symmetries of the square, with a probability; in space about the upright axis y.
///
/// Unlike small moves these make signals of new classes: they multiply the classes that an encoder and a generator see,
/// and so prepare both for one that they have not seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dihedral {
    /// Probability of a draw; otherwise nothing moves.
    pub probability: f64,
}

impl Default for Dihedral {
    fn default() -> Self {
        Self { probability: 0.5 }
    }
}

equigen_core::register!(Deformation, Dihedral);

#[typetag::serde(name = "dihedral")]
impl Deformation for Dihedral {
    fn draw(&self, dimensions: usize, _level: f64, rng: &mut Rng) -> Result<CoordinateMap> {
        if !(2..=3).contains(&dimensions) {
            let text = format!("dihedral: it turns the plane and space, not {dimensions} dimensions; leave it out");
            return Err(Error::config(text));
        }
        check_range("dihedral", &[("probability", self.probability)])?;
        let u = seed::uniform(rng, 4, 0.0, 1.0);
        if f64::from(u[0]) >= self.probability {
            return Ok(Box::new(|_| ()));
        }
        let sign = |u: f32| if u < 0.5 { -1.0 } else { 1.0 };
        let (x, y, swap) = (sign(u[1]), sign(u[2]), u[3] < 0.5);
        Ok(Box::new(move |point| {
            // The last axis: y of the plane, and z of space.
            let last = point.len() - 1;
            if swap {
                point.swap(0, last);
            }
            point[0] *= x;
            point[last] *= y;
        }))
    }
}
