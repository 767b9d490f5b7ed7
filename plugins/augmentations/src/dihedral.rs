//! `dihedral`: the signal flips and turns by quarters.

use equigen_core::registry::Claim;
use equigen_core::{AffineMaps, Augmentation, Draws, Error, Layout, Result, Weights, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::coordinates::{check_affine, linear_maps, moves_signal};

/// Flips and quarter turns of the first two coordinates, one of the eight symmetries of the square drawn evenly, with a
/// probability; exactly f(Ax).
///
/// Unlike small moves these make signals of new classes: they multiply the classes that an encoder and a generator have
/// seen, and so prepare both for one that they have not. On weights: `W_1 <- W_1 A`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dihedral {
    /// Probability of a draw; otherwise the network stays as it is.
    pub probability: f64,
}

impl Default for Dihedral {
    fn default() -> Self {
        Self { probability: 0.5 }
    }
}

equigen_core::register!(Augmentation, Dihedral);

impl Dihedral {
    fn maps(&self, layout: &Layout, draws: &Draws) -> AffineMaps {
        let d = layout.inputs();
        linear_maps(layout, draws, |signs, linear| {
            let [x, y, swap] = [signs[0], signs[1], signs[2]];
            // Rows 0 and 1, columns 0 and 1.
            let (straight, across) = if swap > 0.0 { (0.0, 1.0) } else { (1.0, 0.0) };
            (linear[0], linear[1]) = (x * straight, x * across);
            (linear[d], linear[d + 1]) = (y * across, y * straight);
        })
    }
}

#[typetag::serde(name = "dihedral")]
impl Augmentation for Dihedral {
    fn draw(&self, layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws> {
        check_affine("dihedral", layout)?;
        if layout.inputs() < 2 {
            return Err(Error::config(format!("dihedral: networks {layout} read one coordinate, and it needs two")));
        }
        if !(0.0..=1.0).contains(&self.probability) {
            return Err(Error::config(format!(
                "dihedral: `probability` = {}: give a share of 0 to 1",
                self.probability
            )));
        }
        // Per network: the sign of each row, and whether the axes swap.
        let draw = |row: &[f32]| match f64::from(row[0]) < self.probability {
            true => [1, 2, 3].map(|k| if row[k] < 0.5 { -1.0 } else { 1.0 }),
            false => [1.0, 1.0, -1.0],
        };
        let values = seed::uniform(rng, 4 * n, 0.0, 1.0).chunks(4).flat_map(draw).collect();
        Ok(Draws { columns: 3, values })
    }

    moves_signal!();
}
