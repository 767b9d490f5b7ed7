//! Are the signals as different from each other as real ones?

use equigen_core::{Comparison, Judgement, Measure, Metric, Result, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::distances::mean_pairwise;

/// Mean pairwise feature distance, relative to that of real held-out signals.
///
/// Measures `diversity`: the mean over all pairs of different signals of the euclidean distance of their features, over
/// the same of the ceiling set (real held-out signals as fitted networks). 1 is as diverse as real signals.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Diversity {}

#[typetag::serde(name = "diversity")]
impl Metric for Diversity {
    fn measure(&self, of: &Judgement, with: &Comparison<'_>) -> Result<Vec<Measure>> {
        super::check(of, 2, "the compared set", "sample.count and data.reference")?;
        super::check(with.ceiling, 2, "the ceiling set", "data.reference")?;
        let real = mean_pairwise(with.ceiling);
        Ok(vec![Measure {
            name: "diversity",
            value: super::ratio(mean_pairwise(of), real, "the mean pairwise distance of the ceiling set")?,
        }])
    }
}

register!(Metric, Diversity);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{cloud, comparison, reversed, set};

    fn diversity(of: &Judgement, real: &Judgement) -> f64 {
        Diversity {}.measure(of, &comparison(real, real)).unwrap()[0].value
    }

    #[test]
    fn hand_computed() {
        let (of, real) = (set(&[0.0, 1.0, 2.0], 1), set(&[0.0, 2.0], 1));
        assert!((diversity(&of, &real) - (4.0 / 3.0) / 2.0).abs() < 1e-12);
    }

    #[test]
    fn identical_permuted_scaled_and_collapsed_sets() {
        let real = cloud(60, 8, 0.0, 1);
        assert_eq!(diversity(&real, &real), 1.0);
        assert!((diversity(&reversed(&real), &real) - 1.0).abs() < 1e-12);
        let mut twice = real.clone();
        twice.features.iter_mut().for_each(|value| *value *= 2.0);
        assert!((diversity(&twice, &real) - 2.0).abs() < 1e-6);
        assert_eq!(diversity(&set(&[0.5; 80], 8), &real), 0.0);
    }

    #[test]
    fn two_halves_of_one_set_are_alike() {
        let value = diversity(&cloud(200, 16, 0.0, 1), &cloud(200, 16, 0.0, 2));
        assert!((value - 1.0).abs() < 0.05, "{value}");
    }

    #[test]
    fn too_small_and_indistinguishable_sets_are_errors() {
        let (one, same) = (set(&[0.0], 1), set(&[1.0, 1.0], 1));
        let message = |of, real| {
            let error = Diversity {}.measure(of, &comparison(real, real)).unwrap_err();
            error.to_string()
        };
        assert!(message(&one, &same).contains("sample.count"));
        assert!(message(&same, &one).contains("data.reference"));
        assert!(message(&same, &same).contains("judge.schedule"));
        assert!(message(&set(&[f32::NAN, 0.0], 1), &same).contains("not finite"));
    }
}
