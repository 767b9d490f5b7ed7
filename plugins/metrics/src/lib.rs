//! The bundled metrics: figures of a set of signals, through the eyes of a judge.
//!
//! All of them compare [`Judgement`](equigen_core::Judgement)s, on the host and in `f64`, with distances in the judge's
//! feature space, or of the clouds of points that it sees. They are named for what they are: a Fréchet distance of a run's own
//! judge is not FID, and values from two judges cannot be compared. `fid` and `lpips` have eyes of their own, networks whose
//! published weights a pipeline names.

mod alexnet;
mod class_consistency;
mod clouds;
mod convolution;
mod cov;
mod density_coverage;
mod distances;
mod diversity;
mod eyes;
mod factor;
mod fid;
mod frechet_distance;
mod inception;
mod jsd;
mod lpips;
mod mmd;
mod near_copies;
mod neighbours;
mod one_nna;
mod pictures;
mod precision_recall;

pub use class_consistency::ClassConsistency;
pub use clouds::Distance;
pub use cov::Cov;
pub use density_coverage::{Coverage, Density};
pub use diversity::Diversity;
pub use fid::Fid;
pub use frechet_distance::FrechetDistance;
pub use jsd::Jsd;
pub use lpips::Lpips;
pub use mmd::Mmd;
pub use near_copies::NearCopies;
pub use one_nna::OneNna;
pub use precision_recall::{Precision, Recall};

use equigen_core::{Error, Judgement, Likeness, Result};

/// Checks that a set has `least` signals, and that the judge saw something finite in each.
///
/// # Errors
/// If not; `what` names the set and `key` the setting that makes it larger.
fn check(set: &Judgement, least: usize, what: &str, key: &str) -> Result<()> {
    if set.len() < least {
        return Err(Error::config(format!(
            "{what} has {} signals, at least {least} are needed: raise {key}",
            set.len()
        )));
    }
    if set.features.iter().any(|value| !value.is_finite()) {
        return Err(Error::failed(format!(
            "the judge sees values that are not finite in {what}: lower judge.schedule.learning_rate"
        )));
    }
    Ok(())
}

/// Checks that features are vectors.
///
/// # Errors
/// If they are clouds of points.
fn check_vectors(set: &Judgement) -> Result<()> {
    match set.likeness {
        Likeness::Vectors => Ok(()),
        Likeness::Clouds => Err(Error::config(
            "it compares vectors, and this judge sees clouds of points: use `mmd`, `cov` and `1-nna`",
        )),
    }
}

/// `value / of`.
///
/// # Errors
/// If `of` is 0: the judge's features do not tell signals apart, and no figure means anything.
fn ratio(value: f64, of: f64, what: &str) -> Result<f64> {
    if of > 0.0 {
        return Ok(value / of);
    }
    Err(Error::failed(format!(
        "{what} is 0, the judge sees no difference between these signals: train it longer (judge.schedule.steps) or at \
         a lower judge.schedule.learning_rate"
    )))
}

/// What the tests of all metrics share.
#[cfg(test)]
pub(crate) mod samples {
    use equigen_core::{Comparison, Judgement, Likeness, Seed, seed};

    /// A set with these features, all of class 0.
    pub(crate) fn set(features: &[f32], dim: usize) -> Judgement {
        let classes = vec![0; features.len() / dim];
        Judgement { dim, features: features.to_vec(), likeness: Likeness::Vectors, classes }
    }

    /// `n` signals whose features are drawn from N(centre, 1).
    pub(crate) fn cloud(n: usize, dim: usize, centre: f32, seed: u64) -> Judgement {
        let mut features = seed::normal(&mut Seed::new(seed).stream(0), n * dim);
        features.iter_mut().for_each(|value| *value += centre);
        set(&features, dim)
    }

    /// The same signals in the reverse order.
    pub(crate) fn reversed(set: &Judgement) -> Judgement {
        Judgement {
            dim: set.dim,
            features: (0..set.len()).rev().flat_map(|i| set.feature(i)).copied().collect(),
            likeness: set.likeness,
            classes: set.classes.iter().rev().copied().collect(),
        }
    }

    /// The given set as reference and ceiling, and shots that are repeated once each.
    pub(crate) fn comparison<'a>(real: &'a Judgement, shots: &'a Judgement) -> Comparison<'a> {
        Comparison { reference: real, ceiling: real, shots, repeated_shots: shots, target: 0 }
    }
}
