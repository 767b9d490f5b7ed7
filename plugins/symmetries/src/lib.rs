//! The bundled symmetries.

mod permutation;

pub use permutation::Permutation;
