//! Euclidean distances between the feature vectors of judged signals.

use equigen_core::{Judgement, Likeness};

/// Distance of two signals by what the judge sees of them.
pub(crate) fn between(set: &Judgement, i: usize, other: &Judgement, j: usize) -> f64 {
    match set.likeness {
        Likeness::Vectors => distance(set.feature(i), other.feature(j)),
        Likeness::Clouds => set.distance(i, other, j),
    }
}

/// Distance of two feature vectors.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let square = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)).powi(2);
    a.iter().zip(b).map(square).sum::<f64>().sqrt()
}

/// Mean distance over all pairs of different members of a set of two or more.
pub(crate) fn mean_pairwise(set: &Judgement) -> f64 {
    let pairs = (0..set.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    let total: f64 = pairs.map(|(i, j)| between(set, i, set, j)).sum();
    total / (set.len() * (set.len() - 1) / 2) as f64
}

/// Distance of each member of a set to the nearest of `others`, which has one member or more.
pub(crate) fn nearest(set: &Judgement, others: &Judgement) -> Vec<f64> {
    let to = |i: usize| {
        let distances = (0..others.len()).map(move |j| between(set, i, others, j));
        distances.fold(f64::INFINITY, f64::min)
    };
    (0..set.len()).map(to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::set;

    #[test]
    fn hand_computed() {
        let square = set(&[0.0, 0.0, 3.0, 0.0, 0.0, 4.0], 2);
        assert_eq!(mean_pairwise(&square), (3.0 + 4.0 + 5.0) / 3.0);
        assert_eq!(nearest(&square, &set(&[3.0, 4.0, 0.0, 1.0], 2)), [1.0, 10f64.sqrt(), 3.0]);
    }
}
