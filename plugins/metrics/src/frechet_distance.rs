//! Is the set, as a distribution, like the real one?

use equigen_core::{Comparison, Judgement, Measure, Metric, Result, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::factor::Factor;

/// Fréchet distance of the feature distribution from that of real signals.
///
/// Measures `frechet-distance`: ‖μ₁-μ₂‖² + tr(C₁ + C₂ - 2 (C₁C₂)^½) of gaussians fitted to the judge's features of the set
/// and of the reference (Dowson & Landau 1982; with Inception features this is Heusel et al. 2017's FID, see `fid`; with a
/// run's own judge it is not). Measures `frechet-ratio`: the same over that of the repeated shots; below 1 is better than copying.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FrechetDistance {}

#[typetag::serde(name = "frechet-distance")]
impl Metric for FrechetDistance {
    fn measure(&self, of: &Judgement, with: &Comparison<'_>) -> Result<Vec<Measure>> {
        super::check_vectors(of)?;
        super::check(of, 2, "the compared set", "sample.count and data.reference")?;
        super::check(with.reference, 2, "the reference set", "data.reference")?;
        super::check(with.repeated_shots, 2, "the set of repeated shots", "data.reference")?;
        let reference = Gaussian::fit(with.reference);
        let value = Gaussian::fit(of).frechet(&reference);
        let copies = Gaussian::fit(with.repeated_shots).frechet(&reference);
        Ok(vec![
            Measure { name: "frechet-distance", value },
            Measure {
                name: "frechet-ratio",
                value: super::ratio(value, copies, "the Fréchet distance of the repeated shots")?,
            },
        ])
    }
}

register!(Metric, FrechetDistance);

/// Mean and covariance of a set of features.
pub(crate) struct Gaussian {
    mean: Vec<f64>,
    /// Trace of the covariance.
    variance: f64,
    factor: Factor,
}

impl Gaussian {
    /// With the unbiased covariance (n - 1), of two signals or more.
    pub(crate) fn fit(set: &Judgement) -> Self {
        let (n, dim) = (set.len() as f64, set.dim);
        let mut mean = vec![0.0; dim];
        for feature in set.features.chunks(dim) {
            mean.iter_mut().zip(feature).for_each(|(mean, value)| *mean += f64::from(*value) / n);
        }
        let scale = (n - 1.0).sqrt();
        let centred = |feature: &[f32]| -> Vec<f64> {
            feature.iter().zip(&mean).map(|(value, mean)| (f64::from(*value) - mean) / scale).collect()
        };
        let rows: Vec<Vec<f64>> = set.features.chunks(dim).map(centred).collect();
        // Fewer signals than features are a factor of their covariance as they are.
        if rows.len() <= dim {
            let variance = rows.iter().flatten().map(|value| value * value).sum();
            return Self { mean, variance, factor: Factor::of_rows(rows) };
        }
        let mut covariance = vec![0.0; dim * dim];
        for centred in rows {
            for (row, of_row) in covariance.chunks_mut(dim).zip(&centred) {
                row.iter_mut().zip(&centred).for_each(|(entry, value)| *entry += of_row * value);
            }
        }
        Self::new(mean, covariance)
    }

    /// With a covariance `[dim, dim]`.
    fn new(mean: Vec<f64>, covariance: Vec<f64>) -> Self {
        Self {
            variance: covariance.iter().step_by(mean.len() + 1).sum(),
            factor: Factor::of(covariance, mean.len()),
            mean,
        }
    }

    /// Fréchet distance, squared as everywhere.
    pub(crate) fn frechet(&self, other: &Self) -> f64 {
        let between = self.mean.iter().zip(&other.mean).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        let overlap = self.factor.overlap(&other.factor);
        // Rounding may leave a tiny negative number where both are equal.
        (between + self.variance + other.variance - 2.0 * overlap).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{cloud, comparison, reversed, set};

    fn frechet(a: &Judgement, b: &Judgement) -> f64 {
        Gaussian::fit(a).frechet(&Gaussian::fit(b))
    }

    #[test]
    fn one_dimension_has_a_closed_form() {
        // Means 1 and 6, deviations sqrt(2) and sqrt(8): 5² + (sqrt 8 - sqrt 2)² = 27.
        let (a, b) = (set(&[0.0, 2.0], 1), set(&[4.0, 8.0], 1));
        assert!((frechet(&a, &b) - 27.0).abs() < 1e-9);
    }

    #[test]
    fn commuting_covariances_have_a_closed_form() {
        // Diagonal ones: the sum over axes of the closed form of one dimension; turned alike, the same.
        let expected = 5.0 + (1.0 - 3.0f64).powi(2) + (2.0 - 0.5f64).powi(2);
        for angle in [0.0f64, 0.4, 1.3] {
            let (s, c) = angle.sin_cos();
            let turned = |a: f64, b: f64| {
                let mixed = s * c * (a - b);
                vec![c * c * a + s * s * b, mixed, mixed, s * s * a + c * c * b]
            };
            let (a, b) =
                (Gaussian::new(vec![0.0, 0.0], turned(1.0, 4.0)), Gaussian::new(vec![1.0, -2.0], turned(9.0, 0.25)));
            assert!((a.frechet(&b) - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn identical_permuted_and_swapped_sets() {
        let (a, b) = (cloud(60, 16, 0.0, 1), cloud(50, 16, 0.5, 2));
        assert!(frechet(&a, &a) < 1e-9);
        assert!(frechet(&a, &reversed(&a)) < 1e-9);
        assert!((frechet(&a, &b) - frechet(&b, &a)).abs() < 1e-9);
        // Fewer signals than features: a singular covariance.
        let few = cloud(5, 16, 0.0, 3);
        assert!(frechet(&few, &few) < 1e-9);
        assert!(frechet(&few, &a).is_finite());
    }

    #[test]
    fn two_halves_of_one_set_are_near_and_a_shift_counts_squared() {
        let (a, b) = (cloud(2000, 4, 0.0, 1), cloud(2000, 4, 0.0, 2));
        assert!(frechet(&a, &b) < 0.05);
        let moved = cloud(2000, 4, 3.0, 2);
        assert!((frechet(&a, &moved) - 36.0).abs() < 1.0);
    }

    #[test]
    fn the_ratio_of_repeated_shots_is_1() {
        let (real, shots) = (cloud(60, 4, 0.0, 1), cloud(10, 4, 0.0, 2));
        let measures = FrechetDistance {}.measure(&shots, &comparison(&real, &shots)).unwrap();
        assert_eq!([measures[0].name, measures[1].name], ["frechet-distance", "frechet-ratio"]);
        assert_eq!(measures[1].value, 1.0);
    }

    #[test]
    fn too_small_sets_are_errors() {
        let (one, some) = (set(&[0.0], 1), set(&[0.0, 1.0], 1));
        let message = |of, real| {
            let error = FrechetDistance {}.measure(of, &comparison(real, &some));
            error.unwrap_err().to_string()
        };
        assert!(message(&one, &some).contains("sample.count"));
        assert!(message(&some, &one).contains("data.reference"));
    }
}
