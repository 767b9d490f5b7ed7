//! The bundled encoders.

mod dws;
mod probe;

pub use dws::{Dws, Reduction};
pub use probe::Probe;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
