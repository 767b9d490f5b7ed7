//! Are the signals new, or are they the shots again?

use equigen_core::{Comparison, Judgement, Measure, Metric, Result, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::distances::nearest;

/// Distance to the nearest shot, relative to that of real held-out signals, and the share of near-copies.
///
/// Measures `nearest-shot`: the mean feature distance to the nearest shot, over the same of the ceiling set; 1 is as far
/// from the shots as real signals are. Measures `near-copies`: the share of signals that are closer to their nearest
/// shot than all but a percentile of the ceiling set is to theirs, in 0 to 1, lower is better.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NearCopies {
    /// Percentile, 0 to 100, of the ceiling set's distances to their nearest shots below which a signal is a near-copy.
    pub percentile: f64,
}

impl Default for NearCopies {
    fn default() -> Self {
        Self { percentile: 1.0 }
    }
}

#[typetag::serde(name = "near-copies")]
impl Metric for NearCopies {
    fn measure(&self, of: &Judgement, with: &Comparison<'_>) -> Result<Vec<Measure>> {
        if !(0.0..=100.0).contains(&self.percentile) {
            return Err(equigen_core::Error::config(format!(
                "percentile is {}: it must be between 0 and 100",
                self.percentile
            )));
        }
        super::check(of, 1, "the compared set", "sample.count")?;
        super::check(with.ceiling, 1, "the ceiling set", "data.reference")?;
        super::check(with.shots, 1, "the set of shots", "data.shots")?;
        let (of, mut real) = (nearest(of, with.shots), nearest(with.ceiling, with.shots));
        real.sort_by(f64::total_cmp);
        let threshold = percentile(&real, self.percentile);
        let copies = of.iter().filter(|distance| **distance < threshold).count();
        Ok(vec![
            Measure {
                name: "nearest-shot",
                value: super::ratio(
                    mean(&of),
                    mean(&real),
                    "the mean distance of the ceiling set to the nearest shot",
                )?,
            },
            Measure { name: "near-copies", value: copies as f64 / of.len() as f64 },
        ])
    }
}

register!(Metric, NearCopies);

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Percentile of sorted values, with linear interpolation between neighbours (numpy's default).
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let at = percent / 100.0 * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{cloud, comparison, reversed, set};

    fn measure(of: &Judgement, real: &Judgement, shots: &Judgement) -> (f64, f64) {
        let measures = NearCopies::default().measure(of, &comparison(real, shots)).unwrap();
        assert_eq!([measures[0].name, measures[1].name], ["nearest-shot", "near-copies"]);
        (measures[0].value, measures[1].value)
    }

    #[test]
    fn percentile_interpolates_as_numpy_does() {
        let sorted = [1.0, 2.0, 4.0, 8.0, 16.0];
        assert_eq!(percentile(&sorted, 0.0), 1.0);
        assert_eq!(percentile(&sorted, 100.0), 16.0);
        assert_eq!(percentile(&sorted, 50.0), 4.0);
        assert!((percentile(&sorted, 10.0) - 1.4).abs() < 1e-12);
    }

    #[test]
    fn hand_computed() {
        // Nearest shots of the real ones: 1, 2, 3; their 1st percentile is 1.02. Of the set: 0.5, 1.01, 4.
        let (shots, real) = (set(&[0.0, 100.0], 1), set(&[1.0, 98.0, 3.0], 1));
        let (distance, copies) = measure(&set(&[0.5, 98.99, -4.0], 1), &real, &shots);
        assert!((distance - 5.51 / 6.0).abs() < 1e-6);
        assert!((copies - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn shots_are_copies_and_real_signals_are_not() {
        let (shots, real) = (cloud(10, 8, 0.0, 1), cloud(200, 8, 0.0, 2));
        assert_eq!(measure(&shots, &real, &shots), (0.0, 1.0));
        for same in [reversed(&real), real.clone()] {
            let (distance, copies) = measure(&same, &real, &shots);
            assert!((distance - 1.0).abs() < 1e-12);
            assert_eq!(copies, 2.0 / 200.0, "two of 200 lie below an interpolated 1st percentile");
        }
        let (distance, copies) = measure(&cloud(200, 8, 0.0, 3), &real, &shots);
        assert!((distance - 1.0).abs() < 0.1 && copies <= 0.06, "{distance} {copies}");
    }

    #[test]
    fn missing_sets_and_bad_settings_are_errors() {
        let (none, some) = (set(&[], 1), set(&[0.0, 1.0], 1));
        let message = |of, real, shots| {
            let error = NearCopies::default().measure(of, &comparison(real, shots));
            error.unwrap_err().to_string()
        };
        assert!(message(&none, &some, &some).contains("sample.count"));
        assert!(message(&some, &none, &some).contains("data.reference"));
        assert!(message(&some, &some, &none).contains("data.shots"));
        assert!(message(&some, &some, &some).contains("judge.schedule"));
        let bad = NearCopies { percentile: 101.0 }.measure(&some, &comparison(&some, &some));
        assert!(bad.unwrap_err().to_string().contains("percentile"));
    }
}
