//! The bundled families of implicit neural representations.

mod finer;
mod fourier_features;
mod relu_pe;
mod shared;
mod siren;
#[cfg(test)]
mod tests;
mod wire;

pub use finer::Finer;
pub use fourier_features::FourierFeatures;
pub use relu_pe::ReluPe;
pub use siren::{Siren, Variant};
pub use wire::Wire;
