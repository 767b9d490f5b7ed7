//! The bundled encoders.

mod deep_sets;
mod dws;
mod mlp;
mod neural_graph;
mod probe;
mod scale;
mod scale_gmn;

pub use deep_sets::DeepSets;
pub use dws::{Dws, Reduction};
pub use mlp::Mlp;
pub use neural_graph::NeuralGraph;
pub use probe::Probe;
pub use scale_gmn::ScaleGmn;

use equigen_core::{Error, Result};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

/// Refuses a feature too short, and sizes of zero.
fn check_sizes(dim: usize, sizes: &[(&str, usize)]) -> Result<()> {
    if dim < 2 {
        return Err(Error::config(format!(
            "dim: {dim} is too small, features are standardised over their entries: give at least 2"
        )));
    }
    match sizes.iter().find(|(_, value)| *value == 0) {
        Some((key, _)) => Err(Error::config(format!("{key}: must be at least 1"))),
        None => Ok(()),
    }
}
