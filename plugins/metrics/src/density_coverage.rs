//! Do the signals lie where real ones lie thickly, and is there one beside each real signal?

use equigen_core::{Comparison, Judgement, Measure, Metric, Result, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::neighbours::Balls;

/// How thickly real signals lie around those of the set.
///
/// Measures `density`, 0 or more: the mean over the set of the number of reference signals whose k-th nearest other
/// reference signal is at least as far from them as the signal of the set is, over k, in the judge's features (Naeem et
/// al. 2020, "Reliable fidelity and diversity metrics for generative models"). About 1 for a set that is distributed as
/// the reference is, (k + 1) / k for the reference itself, and more where the set lies where real signals lie thickest.
/// One outlier among real signals, which may spoil `precision`, counts little.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Density {
    /// Which nearest neighbour gives the size of the ball around each reference signal: the k of the paper.
    pub neighbours: usize,
}

impl Default for Density {
    fn default() -> Self {
        Self { neighbours: 5 }
    }
}

#[typetag::serde(name = "density")]
impl Metric for Density {
    fn measure(&self, of: &Judgement, with: &Comparison<'_>) -> Result<Vec<Measure>> {
        let real = balls(of, with, self.neighbours)?;
        let total: usize = real.holding(of).into_iter().sum();
        Ok(vec![Measure { name: "density", value: total as f64 / (self.neighbours * of.len()) as f64 }])
    }
}

register!(Metric, Density);

/// Share of real signals that have a signal of the set beside them.
///
/// Measures `coverage`, in 0 to 1, higher is better: the share of the reference whose nearest signal of the set is no
/// farther than the k-th nearest other reference signal, in the judge's features (Naeem et al. 2020, "Reliable fidelity
/// and diversity metrics for generative models"). The value of the ceiling set, near 1, is what can be asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Coverage {
    /// Which nearest neighbour gives the size of the ball around each reference signal: the k of the paper.
    pub neighbours: usize,
}

impl Default for Coverage {
    fn default() -> Self {
        Self { neighbours: 5 }
    }
}

#[typetag::serde(name = "coverage")]
impl Metric for Coverage {
    fn measure(&self, of: &Judgement, with: &Comparison<'_>) -> Result<Vec<Measure>> {
        let real = balls(of, with, self.neighbours)?;
        Ok(vec![Measure { name: "coverage", value: real.share_occupied(of) }])
    }
}

register!(Metric, Coverage);

/// Balls around the reference, where there is something to compare with them.
fn balls<'a>(of: &Judgement, with: &Comparison<'a>, neighbours: usize) -> Result<Balls<'a>> {
    crate::check(of, 1, "the compared set", "sample.count")?;
    Balls::around(with.reference, neighbours, "the reference set", "data.reference")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{cloud, comparison, reversed, set};

    fn measure(of: &Judgement, real: &Judgement, neighbours: usize) -> (f64, f64) {
        let with = comparison(real, real);
        let density = Density { neighbours }.measure(of, &with).unwrap().remove(0);
        let coverage = Coverage { neighbours }.measure(of, &with).unwrap().remove(0);
        assert_eq!([density.name, coverage.name], ["density", "coverage"]);
        (density.value, coverage.value)
    }

    #[test]
    fn hand_computed() {
        let (of, real) = (set(&[0.5, 1.5], 1), set(&[0.0, 1.0, 3.0, 7.0], 1));
        // Balls -1 to 1, 0 to 2, 1 to 5, 3 to 11: two hold the first signal, two the second, the last holds none.
        assert_eq!(measure(&of, &real, 1), (2.0, 0.75));
        // Balls -3 to 3, -1 to 3, 0 to 6, 1 to 13: three hold the first, four the second.
        assert_eq!(measure(&of, &real, 2), (7.0 / 4.0, 1.0));
    }

    #[test]
    fn identical_permuted_and_far_sets() {
        let real = cloud(60, 8, 0.0, 1);
        // Each of the balls holds its centre and five others.
        assert_eq!(measure(&real, &real, 5), (1.2, 1.0));
        assert_eq!(measure(&reversed(&real), &real, 5), (1.2, 1.0));
        assert_eq!(measure(&cloud(60, 8, 100.0, 2), &real, 5), (0.0, 0.0));
    }

    #[test]
    fn two_halves_of_one_set_have_density_1_and_cover_each_other() {
        let (density, coverage) = measure(&cloud(400, 4, 0.0, 1), &cloud(400, 4, 0.0, 2), 5);
        assert!((density - 1.0).abs() < 0.15 && coverage > 0.9, "{density} {coverage}");
    }

    #[test]
    fn one_signal_repeated_covers_little() {
        let (_, coverage) = measure(&set(&[0.0; 4 * 100], 4), &cloud(100, 4, 0.0, 1), 5);
        assert!(coverage < 0.5, "{coverage}");
    }

    #[test]
    fn too_small_sets_and_bad_settings_are_errors() {
        let (none, some) = (set(&[], 1), set(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 1));
        let few = set(&[0.0, 1.0, 2.0, 3.0, 4.0], 1);
        let message = |metric: &dyn Metric, of, real| {
            let error = metric.measure(of, &comparison(real, real)).unwrap_err();
            error.to_string()
        };
        let all: [Box<dyn Metric>; 2] = [Box::new(Density::default()), Box::new(Coverage::default())];
        for metric in &all {
            assert!(message(&**metric, &none, &some).contains("sample.count"));
            assert!(message(&**metric, &some, &few).contains("data.reference, or lower neighbours"));
        }
        assert!(message(&Density { neighbours: 0 }, &some, &some).contains("neighbours: "));
        assert!(message(&Coverage { neighbours: 0 }, &some, &some).contains("neighbours: "));
    }
}
