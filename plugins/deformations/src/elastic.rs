//! `elastic`: smooth random bending.

use equigen_core::{CoordinateMap, Deformation, Result, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{check_plane, check_range};

/// Bends the plane smoothly: x + Σ a_k sin(π f_k·x + p_k) with normal amplitudes, low frequencies and random phases (after
/// the elastic distortions of Simard et al. 2003).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Elastic {
    /// Standard deviation of the amplitude of each wave on each axis; the signal's square has side 2.
    pub amplitude: f64,
    /// Largest frequency on each axis, in waves per side of the square.
    pub frequency: f64,
    /// Number of waves.
    pub waves: usize,
}

impl Default for Elastic {
    fn default() -> Self {
        Self { amplitude: 0.03, frequency: 1.25, waves: 4 }
    }
}

equigen_core::register!(Deformation, Elastic);

#[typetag::serde(name = "elastic")]
impl Deformation for Elastic {
    fn draw(&self, dimensions: usize, level: f64, rng: &mut Rng) -> Result<CoordinateMap> {
        check_plane("elastic", dimensions)?;
        check_range("elastic", &[("amplitude", self.amplitude), ("frequency", self.frequency)])?;
        let amplitude = seed::normal(rng, 2 * self.waves);
        let uniform = seed::uniform(rng, 3 * self.waves, -1.0, 1.0);
        let (size, frequency) = ((self.amplitude * level) as f32, self.frequency as f32 * std::f32::consts::PI);
        let wave = |k: usize| {
            let u = &uniform[3 * k..3 * k + 3];
            let push = [amplitude[2 * k], amplitude[2 * k + 1]].map(|a| a * size);
            ([u[0] * frequency, u[1] * frequency], u[2] * std::f32::consts::PI, push)
        };
        let waves: Vec<_> = (0..self.waves).map(wave).collect();
        Ok(Box::new(move |point| {
            let [x, y] = [point[0], point[1]];
            for (frequency, phase, push) in &waves {
                let wave = (frequency[0] * x + frequency[1] * y + phase).sin();
                point[0] += push[0] * wave;
                point[1] += push[1] * wave;
            }
        }))
    }
}
