//! Metrics do not know the order of a set.

use super::{Case, Law, Verdict};
use crate::{Comparison, Judgement, Likeness, Metric, seed};

/// All laws of a metric.
pub fn laws(metric: &dyn Metric) -> Vec<Law<'_>> {
    vec![Law::new("finite, and blind to order", |case| is_blind_to_order(metric, case))]
}

/// Half of the cases are judged by vectors, half by clouds.
fn likeness(case: &Case) -> Likeness {
    if case.networks.is_multiple_of(2) { Likeness::Vectors } else { Likeness::Clouds }
}

/// Features of a set of one class, `[n, dim]`.
fn cloud(case: &Case, purpose: &str, n: usize, dim: usize) -> Judgement {
    let features = seed::normal(&mut case.rng(purpose), n * dim);
    Judgement { dim, features, likeness: likeness(case), classes: vec![0; n] }
}

fn reversed(set: &Judgement) -> Judgement {
    Judgement {
        dim: set.dim,
        features: (0..set.len()).rev().flat_map(|i| set.feature(i)).copied().collect(),
        likeness: set.likeness,
        classes: set.classes.iter().rev().copied().collect(),
    }
}

/// Figures are finite and stay, to 1e-6, when the set is put in reverse order, as do those of a set against itself.
pub fn is_blind_to_order(metric: &dyn Metric, case: &Case) -> Verdict {
    let n = 16 + case.networks;
    let dim = if likeness(case) == Likeness::Clouds { 9 } else { 2 + case.channels };
    let (real, ceiling, shots) = (cloud(case, "a", n, dim), cloud(case, "b", n, dim), cloud(case, "c", 4, dim));
    let repeated = shots.select(&(0..n).map(|i| i % 4).collect::<Vec<_>>());
    let with = Comparison { reference: &real, ceiling: &ceiling, shots: &shots, repeated_shots: &repeated, target: 0 };
    for set in [cloud(case, "d", n, dim), real.clone()] {
        let (Ok(first), Ok(second)) = (metric.measure(&set, &with), metric.measure(&reversed(&set), &with)) else {
            return Verdict::Refused;
        };
        for (a, b) in first.iter().zip(&second) {
            if !a.value.is_finite() || (a.value - b.value).abs() > 1e-6 * (1.0 + a.value.abs()) {
                return Verdict::Broken(format!("`{}` is {}, and {} in reverse order", a.name, a.value, b.value));
            }
        }
    }
    Verdict::Holds
}
