//! The bundled objectives.

mod head;
mod nt_xent;
mod reconstruction;
mod vicreg;

use equigen_core::{Error, Result};

pub use nt_xent::NtXent;
pub use reconstruction::Reconstruction;
pub use vicreg::VicReg;

/// Refuses a weight, or a scale of noise, that is negative or not finite.
fn check_weight(key: &str, value: f64) -> Result<()> {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::config(format!("{key}: {value} is negative or not finite")))
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
