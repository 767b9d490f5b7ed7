//! Screens samples by their own features: a sample is kept if a linear discriminant in feature space takes it for the
//! target class. The discriminant knows the source classes and the shots' family only, so nothing held out is used.

use nalgebra::{DMatrix, DVector};

use super::expand::Families;
use crate::FeatureBank;

/// Shrinkage of the pooled covariance, as a share of its mean diagonal.
const RIDGE: f64 = 0.1;

/// Linear discriminant analysis (Fisher 1936) with equal priors: the pooled within-class covariance of the source, the
/// means of its classes, and the mean of the shots' family.
pub(super) struct Discriminant {
    /// `C⁻¹ μ_c` and `μ_c·C⁻¹ μ_c / 2` for each class, the target last.
    classes: Vec<(DVector<f64>, f64)>,
}

impl Discriminant {
    /// Of the features of the source and of the shots' family `[n, dim]`.
    pub(super) fn new(bank: &FeatureBank, target: &[f32]) -> Self {
        let dim = bank.dim;
        let deltas = DMatrix::from_row_iterator(bank.len(), dim, bank.deltas.iter().map(|value| f64::from(*value)));
        let mut covariance = deltas.transpose() * &deltas / bank.len() as f64;
        let ridge = RIDGE * covariance.trace() / dim as f64 + 1e-12;
        (0..dim).for_each(|k| covariance[(k, k)] += ridge);
        let factor = covariance.cholesky().expect("a covariance with a ridge is positive definite");
        let rows_of = |class: usize| {
            let rows = bank.features.chunks(dim).zip(&bank.classes);
            rows.filter(move |(_, other)| **other == class).map(|(row, _)| row)
        };
        let count = bank.classes.iter().max().map_or(0, |last| last + 1);
        let source = (0..count).filter(|class| rows_of(*class).next().is_some()).map(|class| mean(rows_of(class), dim));
        let means = source.chain([mean(target.chunks(dim), dim)]);
        let classes = means.map(|mean| {
            let direction = factor.solve(&mean);
            let offset = 0.5 * mean.dot(&direction);
            (direction, offset)
        });
        Self { classes: classes.collect() }
    }

    /// Probability of the target class for one feature.
    pub(super) fn probability(&self, feature: &[f32]) -> f64 {
        let feature = DVector::from_iterator(feature.len(), feature.iter().map(|value| f64::from(*value)));
        let scores: Vec<f64> =
            self.classes.iter().map(|(direction, offset)| direction.dot(&feature) - offset).collect();
        let target = scores.last().copied().unwrap_or_default();
        1.0 / scores.iter().map(|score| (score - target).exp()).sum::<f64>()
    }
}

fn mean<'a>(rows: impl Iterator<Item = &'a [f32]>, dim: usize) -> DVector<f64> {
    let (mut total, mut count) = (DVector::zeros(dim), 0.0);
    for row in rows {
        row.iter().enumerate().for_each(|(k, value)| total[k] += f64::from(*value));
        count += 1.0;
    }
    total / f64::max(count, 1.0)
}

/// Rows of the shots' family: the shots and their kin.
pub(super) fn target_rows(families: &Families) -> Vec<usize> {
    families
        .shots
        .iter()
        .flat_map(|family| std::iter::once(family.root).chain(family.kin.iter().map(|kin| kin.0)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Seed, seed};

    #[test]
    fn tells_gaussian_classes_apart_and_is_a_probability() {
        let mut rng = Seed::new(1).stream(0);
        let mut cloud = |x: f32, n: usize| -> Vec<f32> {
            seed::normal(&mut rng, 2 * n).chunks(2).flat_map(|p| [p[0] * 0.3 + x, p[1] * 0.3]).collect()
        };
        let features = [cloud(0.0, 50), cloud(4.0, 50)].concat();
        let bank = FeatureBank::new(features, [vec![0; 50], vec![1; 50]].concat(), 2);
        let discriminant = Discriminant::new(&bank, &cloud(2.0, 10));
        assert!(discriminant.probability(&[2.0, 0.0]) > 0.95);
        assert!(discriminant.probability(&[0.0, 0.0]) < 0.05 && discriminant.probability(&[4.0, 0.1]) < 0.05);
    }
}
