//! Numeric kernels of equigen on plain slices.
//!
//! - [`forward`], [`backward`] and [`fit()`]: many small dense networks at once (implicit neural representations), each in
//!   cache, with AVX-512, AVX2 or portable code chosen at run time; on full grids or random points, with or without a
//!   positional encoding, by [`Adam`] or by [`Kfac`] after it.
//! - [`adamw_step`]: one fused optimiser step over one tensor.
//! - [`linear`]: the dense layers of ordinary models, forwards and backwards.
//! - [`path`]: shortest Hamiltonian paths, for the order of neurons.
//! - [`sin_cos`]: the sine and cosine that the networks use.
//!
//! Results do not depend on the number of threads. They may differ in the last bits between instruction sets.

mod adam;
mod adamw;
mod batch;
mod buffer;
mod encoding;
mod finish;
mod fit;
#[cfg(test)]
mod fit_tests;
mod kfac;
pub mod linear;
mod loss;
mod network;
pub mod path;
mod peak;
mod plan;
mod product;
#[cfg(test)]
mod reference;
mod render;
#[cfg(test)]
mod render_tests;
mod simd;
mod sine;
mod stack;

pub use adam::Adam;
pub use adamw::{AdamW, AdamWState, adamw_step, sum_of_squares};
pub use batch::Batch;
pub use fit::{Decay, FitOptions, FitOutcome, fit};
pub use kfac::Kfac;
pub use loss::{Goal, Loss};
pub use peak::fma_peak;
pub use render::{backward, forward};
pub use simd::InstructionSet;
pub use sine::sin_cos;
pub use stack::{Activation, Coordinates, DenseStack, Positional};
