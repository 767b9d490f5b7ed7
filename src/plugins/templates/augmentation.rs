use equigen_core::registry::Claim;
use equigen_core::{AffineMaps, Augmentation, Draws, Error, Layout, Result, Weights, move_signal, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Scales each axis by a factor of its own, uniform in 1 ± range. f_new(x) = f(s ⊙ x), exactly: on weights, each column
/// of `W_1` times the factor of its axis.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TYPE {
    /// Largest distance of a factor from 1, below 1.
    pub range: f64,
}

impl Default for TYPE {
    fn default() -> Self {
        Self { range: 0.2 }
    }
}

equigen_core::register!(Augmentation, TYPE);

#[typetag::serde(name = "NAME")]
impl Augmentation for TYPE {
    fn draw(&self, layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws> {
        if !layout.affine_in_coordinates() || !(0.0..1.0).contains(&self.range) {
            let text = format!("`range` = {}, {layout}: give 0 to below 1, and an INR on raw coordinates", self.range);
            return Err(Error::config(text).within("NAME"));
        }
        let (columns, r) = (layout.inputs(), self.range as f32);
        Ok(Draws { columns, values: seed::uniform(rng, n * columns, 1.0 - r, 1.0 + r) })
    }

    fn apply(&self, weights: &Weights, draws: &Draws) -> Weights {
        move_signal(weights, &maps(draws))
    }

    fn coordinate_map(&self, _layout: &Layout, draws: &Draws) -> Option<AffineMaps> {
        Some(maps(draws))
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim::MovesSignal]
    }
}

/// A diagonal map for each network: its row of draws in place of the ones of the identity.
fn maps(draws: &Draws) -> AffineMaps {
    let mut maps = AffineMaps::identity(draws.values.len() / draws.columns, draws.columns);
    maps.linear.iter_mut().filter(|entry| **entry == 1.0).zip(&draws.values).for_each(|(one, drawn)| *one = *drawn);
    maps
}

#[test]
fn keeps_its_laws() {
    for law in equigen_core::laws::augmentation::laws(&TYPE::default()) {
        law.holds(256, None).unwrap_or_else(|broken| panic!("{}: {broken}", law.name));
    }
}
