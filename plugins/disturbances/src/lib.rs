//! The bundled disturbances: random moves of features that turn a few shots into many conditions.

mod gaussian;
mod source_delta;
mod span;

pub use gaussian::Gaussian;
pub use source_delta::SourceDelta;
pub use span::Span;

use equigen_core::{Error, FeatureBank, Result};

/// Checks what every disturbance asks of its scale and of its caller.
///
/// # Errors
/// If `scale` is negative or not finite, or rows, levels and bank do not fit together.
fn check(scale: f64, rows: &[f32], level: &[f32], bank: &FeatureBank) -> Result<()> {
    if !scale.is_finite() || scale < 0.0 {
        return Err(Error::config(format!("disturbance.scale is {scale}: it must be a finite number, 0 or more")));
    }
    if rows.len() != level.len() * bank.dim {
        return Err(Error::failed(format!(
            "{} feature values cannot be disturbed: {} levels of features of length {} need {}; encoder and feature bank \
             are of different runs",
            rows.len(),
            level.len(),
            bank.dim,
            level.len() * bank.dim
        )));
    }
    Ok(())
}

/// Whether there is nothing to do: every level is 0.
fn still(level: &[f32]) -> bool {
    level.iter().all(|level| *level == 0.0)
}

#[cfg(test)]
pub(crate) mod samples {
    use equigen_core::{Disturbance, FeatureBank, Seed, seed};

    /// A bank of `n` random features of length `dim` in three classes.
    pub(crate) fn bank(n: usize, dim: usize) -> FeatureBank {
        let features = seed::normal(&mut Seed::new(3).stream(0), n * dim);
        FeatureBank::new(features, (0..n).map(|i| i % 3).collect(), dim)
    }

    /// Rows of a random bank's length, all -0 at first so that a touched bit shows, moved by these levels.
    pub(crate) fn moved(disturbance: &dyn Disturbance, level: &[f32], seed: u64) -> Vec<f32> {
        let mut rows = vec![-0.0; level.len() * 5];
        disturbance.disturb(&mut rows, level, &bank(40, 5), &mut Seed::new(seed).stream(0)).unwrap();
        rows
    }
}

#[cfg(test)]
mod tests {
    use equigen_core::Disturbance;

    use crate::samples::moved;
    use crate::{Gaussian, SourceDelta, Span};

    fn all() -> [Box<dyn Disturbance>; 3] {
        [Box::new(Gaussian::default()), Box::new(SourceDelta::default()), Box::new(Span::default())]
    }

    #[test]
    fn level_0_leaves_every_bit_and_does_not_shift_the_other_rows() {
        let bits = |rows: &[f32]| rows.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        for disturbance in all() {
            let moved = |level: &[f32]| moved(&*disturbance, level, 1);
            assert_eq!(bits(&moved(&[0.0, 0.0])), bits(&[-0.0; 10]), "{disturbance:?}");
            let (some, all) = (moved(&[0.0, 0.7]), moved(&[0.7, 0.7]));
            assert_eq!(bits(&some[..5]), bits(&[-0.0; 5]), "{disturbance:?}");
            assert_eq!(some[5..], all[5..], "{disturbance:?}");
        }
    }

    #[test]
    fn the_rng_decides() {
        for disturbance in all() {
            let moved = |seed| moved(&*disturbance, &[0.3; 4], seed);
            assert_eq!(moved(1), moved(1), "{disturbance:?}");
            assert_ne!(moved(1), moved(2), "{disturbance:?}");
        }
    }
}
