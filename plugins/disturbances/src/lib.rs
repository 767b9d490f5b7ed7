//! The bundled disturbances: random moves of features that turn a few shots into many conditions.

mod gaussian;
mod source_delta;

pub use gaussian::Gaussian;
pub use source_delta::SourceDelta;

use equigen_core::{Error, FeatureBank, Result};

/// Checks what both disturbances ask of their setting and of their caller.
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
    use equigen_core::{FeatureBank, Seed, seed};

    /// A bank of `n` random features of length `dim` in three classes.
    pub(crate) fn bank(n: usize, dim: usize) -> FeatureBank {
        let features = seed::normal(&mut Seed::new(3).stream(0), n * dim);
        FeatureBank::new(features, (0..n).map(|i| i % 3).collect(), dim)
    }
}
