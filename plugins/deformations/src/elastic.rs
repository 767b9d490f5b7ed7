//! `elastic`: smooth random bending.

use equigen_core::{CoordinateMap, Deformation, Result, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check_range;

/// Bends the plane or space smoothly: x + Σ a_k sin(π f_k·x + p_k) with normal amplitudes, low frequencies and random phases (after
/// the elastic distortions of Simard et al. 2003).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Elastic {
    /// Standard deviation of the amplitude of each wave on each axis; the signal's square or cube has side 2.
    pub amplitude: f64,
    /// Largest frequency on each axis, in waves per side.
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
        check_range("elastic", &[("amplitude", self.amplitude), ("frequency", self.frequency)])?;
        let d = dimensions;
        let amplitude = seed::normal(rng, d * self.waves);
        let uniform = seed::uniform(rng, (d + 1) * self.waves, -1.0, 1.0);
        let (size, frequency) = ((self.amplitude * level) as f32, self.frequency as f32 * std::f32::consts::PI);
        let wave = |k: usize| {
            let u = &uniform[(d + 1) * k..(d + 1) * (k + 1)];
            let push: Vec<f32> = amplitude[d * k..d * (k + 1)].iter().map(|a| a * size).collect();
            let frequencies: Vec<f32> = u[..d].iter().map(|u| u * frequency).collect();
            (frequencies, u[d] * std::f32::consts::PI, push)
        };
        let waves: Vec<_> = (0..self.waves).map(wave).collect();
        Ok(Box::new(move |point| {
            let at = point.to_vec();
            for (frequency, phase, push) in &waves {
                let along: f32 = frequency.iter().zip(&at).map(|(f, x)| f * x).sum();
                let wave = (along + phase).sin();
                point.iter_mut().zip(push).for_each(|(x, push)| *x += push * wave);
            }
        }))
    }
}
