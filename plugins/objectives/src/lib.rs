//! The bundled objectives.

mod nt_xent;
mod reconstruction;

use equigen_core::{Error, Result};

pub use nt_xent::NtXent;
pub use reconstruction::Reconstruction;

/// Refuses a loss weight that is negative or not finite.
fn check_weight(weight: f64) -> Result<()> {
    if weight >= 0.0 && weight.is_finite() {
        return Ok(());
    }
    Err(Error::config(format!("weight: {weight} is negative or not finite")))
}

/// Refuses a size of zero.
fn check_positive(key: &str, value: usize) -> Result<()> {
    if value > 0 {
        return Ok(());
    }
    Err(Error::config(format!("{key}: must be at least 1")))
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
