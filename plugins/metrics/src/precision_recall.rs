//! Do the signals lie where real ones do, and do they reach everywhere that real ones lie?

use equigen_core::{Comparison, Judgement, Measure, Metric, Result, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::neighbours::Balls;

/// Share of the signals that lie among real ones.
///
/// Measures `precision`, in 0 to 1, higher is better: the share of the set that is no farther from some reference
/// signal than that signal's k-th nearest other reference signal is, in the judge's features (Kynkäänniemi et al. 2019,
/// "Improved precision and recall metric for assessing generative models"). The value of the ceiling set, below 1, is
/// what can be asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Precision {
    /// Which nearest neighbour gives the size of the ball around each reference signal: the k of the paper.
    pub neighbours: usize,
}

impl Default for Precision {
    fn default() -> Self {
        Self { neighbours: 3 }
    }
}

#[typetag::serde(name = "precision")]
impl Metric for Precision {
    fn measure(&self, of: &Judgement, with: &Comparison<'_>) -> Result<Vec<Measure>> {
        crate::check(of, 1, "the compared set", "sample.count")?;
        let real = Balls::around(with.reference, self.neighbours, "the reference set", "data.reference")?;
        Ok(vec![Measure { name: "precision", value: real.share_held(of) }])
    }
}

register!(Metric, Precision);

/// Share of real signals that lie among the set's.
///
/// Measures `recall`, in 0 to 1, higher is better: the share of the reference that is no farther from some signal of
/// the set than that signal's k-th nearest other signal of the set is, in the judge's features (Kynkäänniemi et al.
/// 2019, "Improved precision and recall metric for assessing generative models"). A set with far outliers has wide
/// balls, and recalls too much; `coverage` does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Recall {
    /// Which nearest neighbour gives the size of the ball around each signal of the set: the k of the paper.
    pub neighbours: usize,
}

impl Default for Recall {
    fn default() -> Self {
        Self { neighbours: 3 }
    }
}

#[typetag::serde(name = "recall")]
impl Metric for Recall {
    fn measure(&self, of: &Judgement, with: &Comparison<'_>) -> Result<Vec<Measure>> {
        crate::check(with.reference, 1, "the reference set", "data.reference")?;
        let set = Balls::around(of, self.neighbours, "the compared set", "sample.count and data.reference")?;
        Ok(vec![Measure { name: "recall", value: set.share_held(with.reference) }])
    }
}

register!(Metric, Recall);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{cloud, comparison, reversed, set};

    fn measure(of: &Judgement, real: &Judgement, neighbours: usize) -> (f64, f64) {
        let with = comparison(real, real);
        let precision = Precision { neighbours }.measure(of, &with).unwrap().remove(0);
        let recall = Recall { neighbours }.measure(of, &with).unwrap().remove(0);
        assert_eq!([precision.name, recall.name], ["precision", "recall"]);
        (precision.value, recall.value)
    }

    #[test]
    fn hand_computed() {
        // Real balls: -1 to 1, 0 to 2, 1 to 5, 3 to 11. Balls of the set: -3.5 to 2.5, -0.5 to 5.5, 4 to 20, 12 to 28.
        let (of, real) = (set(&[-0.5, 2.5, 12.0, 20.0], 1), set(&[0.0, 1.0, 3.0, 7.0], 1));
        assert_eq!(measure(&of, &real, 1), (0.5, 1.0));
        assert_eq!(measure(&real, &of, 1), (1.0, 0.5));
    }

    #[test]
    fn identical_permuted_and_far_sets() {
        let real = cloud(60, 8, 0.0, 1);
        assert_eq!(measure(&real, &real, 3), (1.0, 1.0));
        assert_eq!(measure(&reversed(&real), &real, 3), (1.0, 1.0));
        assert_eq!(measure(&cloud(60, 8, 100.0, 2), &real, 3), (0.0, 0.0));
    }

    #[test]
    fn a_narrow_set_is_precise_and_recalls_little() {
        let (real, mut narrow) = (cloud(200, 4, 0.0, 1), cloud(200, 4, 0.0, 2));
        narrow.features.iter_mut().for_each(|value| *value *= 0.2);
        let (precision, recall) = measure(&narrow, &real, 3);
        assert!(precision > 0.8 && recall < 0.2, "{precision} {recall}");
    }

    #[test]
    fn too_small_sets_and_bad_settings_are_errors() {
        let (none, some) = (set(&[], 1), set(&[0.0, 1.0, 2.0, 3.0], 1));
        let few = set(&[0.0, 1.0, 2.0], 1);
        let message = |metric: &dyn Metric, of, real| {
            let error = metric.measure(of, &comparison(real, real)).unwrap_err();
            error.to_string()
        };
        let (precision, recall) = (Precision::default(), Recall::default());
        assert!(message(&precision, &none, &some).contains("sample.count"));
        assert!(message(&precision, &some, &few).contains("data.reference, or lower neighbours"));
        assert!(message(&recall, &some, &none).contains("data.reference"));
        assert!(message(&recall, &few, &some).contains("sample.count and data.reference, or lower neighbours"));
        assert!(message(&Precision { neighbours: 0 }, &some, &some).contains("neighbours: "));
        assert!(message(&recall, &set(&[f32::NAN; 4], 1), &some).contains("not finite"));
    }
}
