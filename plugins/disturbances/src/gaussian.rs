//! Independent noise on every feature.

use equigen_core::seed::{self, Rng};
use equigen_core::{Disturbance, Error, FeatureBank, Result, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Independent gaussian noise on each feature, in units of its standard deviation over the source.
///
/// ψ' = ψ + level · σ ⊙ N(0, I), where σ is the deviation of each feature over all source networks. EquiGen's public
/// code adds 0.3 N(0, I) whatever the features' scale; relative noise means the same for every encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Gaussian {
    /// Level at which samples are drawn, in standard deviations of each feature over the source.
    pub scale: f64,
}

impl Default for Gaussian {
    fn default() -> Self {
        Self { scale: 0.5 }
    }
}

#[typetag::serde(name = "gaussian")]
impl Disturbance for Gaussian {
    fn disturb(&self, rows: &mut [f32], level: &[f32], bank: &FeatureBank, rng: &mut Rng) -> Result<()> {
        super::check(self.scale, rows, level, bank)?;
        if super::still(level) {
            return Ok(());
        }
        if bank.is_empty() {
            return Err(Error::failed(
                "disturbance `gaussian`: there is no source network to take the features' deviation from; widen the \
                 source classes or raise data.limit",
            ));
        }
        for (row, level) in rows.chunks_mut(bank.dim).zip(level) {
            // Drawn at level 0 too: what one row gets does not depend on the levels of the others.
            let noise = seed::normal(rng, bank.dim);
            if *level == 0.0 {
                continue; // adding 0 would turn -0 into 0
            }
            for ((value, noise), deviation) in row.iter_mut().zip(noise).zip(&bank.deviation) {
                *value += level * noise * deviation;
            }
        }
        Ok(())
    }

    fn scale(&self) -> f64 {
        self.scale
    }
}

register!(Disturbance, Gaussian);

#[cfg(test)]
mod tests {
    use equigen_core::Seed;

    use super::*;
    use crate::samples::bank;

    #[test]
    fn noise_has_the_deviation_that_was_asked_for() {
        let bank = FeatureBank::new(vec![-2.0, 0.0, 2.0, 0.0], vec![0, 0], 2);
        assert_eq!(bank.deviation, [2.0, 0.0]);
        let mut rows = vec![0.0; 2 * 20_000];
        Gaussian::default().disturb(&mut rows, &[0.5; 20_000], &bank, &mut Seed::new(1).stream(0)).unwrap();
        let square: f64 = rows.iter().step_by(2).map(|value| f64::from(*value).powi(2)).sum();
        assert!(((square / 20_000.0).sqrt() - 1.0).abs() < 0.02);
        assert!(rows.iter().skip(1).step_by(2).all(|value| *value == 0.0), "a constant feature stays");
    }

    #[test]
    fn bad_settings_and_an_empty_bank_are_errors() {
        let mut rng = Seed::new(1).stream(0);
        let wrong = Gaussian { scale: f64::NAN }.disturb(&mut [0.0; 5], &[1.0], &bank(40, 5), &mut rng);
        assert!(wrong.unwrap_err().to_string().contains("disturbance.scale"));
        let empty = FeatureBank::new(Vec::new(), Vec::new(), 5);
        let nothing = Gaussian::default().disturb(&mut [0.0; 5], &[1.0], &empty, &mut rng);
        assert!(nothing.unwrap_err().to_string().contains("no source network"));
        let misfit = Gaussian::default().disturb(&mut [0.0; 4], &[1.0], &bank(40, 5), &mut rng);
        assert!(misfit.is_err());
    }
}
