//! The bundled fitters.

mod autodiff;
mod fused;
mod job;
mod optimiser;

pub use autodiff::Autodiff;
pub use fused::Fused;
pub use optimiser::{AdamSettings, Optimiser};
