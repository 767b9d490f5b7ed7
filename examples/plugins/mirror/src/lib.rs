//! `mirror`: the signal, reflected.

use equigen_core::registry::Claim;
use equigen_core::{AffineMaps, Augmentation, Draws, Error, Layout, Result, Weights, move_signal, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Reflects the signal along random axes: f_new(x) = f(Dx), exactly, with a diagonal D of 1 and -1.
///
/// On weights: the columns of `W_1` that read a reflected coordinate change their sign. For INRs whose first layer reads
/// raw coordinates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mirror {
    /// Probability that an axis is reflected.
    pub probability: f64,
}

impl Default for Mirror {
    fn default() -> Self {
        Self { probability: 0.5 }
    }
}

equigen_core::register!(Augmentation, Mirror);

impl Mirror {
    fn maps(&self, draws: &Draws) -> AffineMaps {
        let d = draws.columns;
        let mut maps = AffineMaps::identity(draws.values.len() / d, d);
        for (drawn, linear) in draws.rows().zip(maps.linear.chunks_mut(d * d)) {
            for axis in (0..d).filter(|axis| f64::from(drawn[*axis]) < self.probability) {
                linear[axis * d + axis] = -1.0;
            }
        }
        maps
    }
}

#[typetag::serde(name = "mirror")]
impl Augmentation for Mirror {
    fn draw(&self, layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws> {
        if !layout.affine_in_coordinates() {
            let remedy = "leave `mirror` out, or use an INR on raw coordinates such as `siren`";
            return Err(Error::config(format!("mirror: networks {layout} read encoded coordinates; {remedy}")));
        }
        if !(0.0..=1.0).contains(&self.probability) {
            let given = self.probability;
            return Err(Error::config(format!("mirror: `probability` = {given}: give a number from 0 to 1")));
        }
        let columns = layout.inputs();
        Ok(Draws { columns, values: seed::uniform(rng, n * columns, 0.0, 1.0) })
    }

    fn apply(&self, weights: &Weights, draws: &Draws) -> Weights {
        move_signal(weights, &self.maps(draws))
    }

    fn coordinate_map(&self, _layout: &Layout, draws: &Draws) -> Option<AffineMaps> {
        Some(self.maps(draws))
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim::MovesSignal]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_its_laws() {
        for law in equigen_core::laws::augmentation::laws(&Mirror::default()) {
            law.holds(256, None).unwrap_or_else(|broken| panic!("{}: {broken}", law.name));
        }
    }

    #[test]
    fn a_drawn_number_below_the_probability_reflects_its_axis() {
        let maps = Mirror { probability: 0.5 }.maps(&Draws { columns: 2, values: vec![0.4, 0.6] });
        assert_eq!(maps.linear, [-1.0, 0.0, 0.0, 1.0]);
    }
}
