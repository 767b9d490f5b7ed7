//! `NAME`: signals seen through waves.

use std::f64::consts::PI;

use equigen_core::{CoordinateMap, Deformation, Error, Result, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Shifts each coordinate by a sine wave along the next axis, with a random phase.
///
/// Networks of the moved signals are fitted anew, so no map is too crooked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TYPE {
    /// Height of the waves at level 1; the signal's square has side 2.
    pub height: f64,
    /// Waves across the signal.
    pub waves: f64,
}

impl Default for TYPE {
    fn default() -> Self {
        Self { height: 0.1, waves: 1.5 }
    }
}

equigen_core::register!(Deformation, TYPE);

#[typetag::serde(name = "NAME")]
impl Deformation for TYPE {
    fn draw(&self, dimensions: usize, level: f64, rng: &mut Rng) -> Result<CoordinateMap> {
        for (key, value) in [("height", self.height), ("waves", self.waves)] {
            if !(value.is_finite() && value >= 0.0) {
                let text = format!("`{key}` = {value}: give a number of at least 0");
                return Err(Error::config(text).within("NAME"));
            }
        }
        let (height, frequency) = ((self.height * level) as f32, (PI * self.waves) as f32);
        let phases = seed::uniform(rng, dimensions, 0.0, 2.0 * PI as f32);
        Ok(Box::new(move |point: &mut [f32]| {
            let before = point.to_vec();
            for (i, (x, phase)) in point.iter_mut().zip(&phases).enumerate() {
                *x += height * (frequency * before[(i + 1) % before.len()] + phase).sin();
            }
        }))
    }
}

#[test]
fn keeps_its_laws() {
    for law in equigen_core::laws::deformation::laws(&TYPE::default()) {
        law.holds(256, None).unwrap_or_else(|broken| panic!("{}: {broken}", law.name));
    }
}
