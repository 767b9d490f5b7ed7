//! The bundled augmentations.

mod coordinates;
mod rotate;
mod shear;
mod smooth;
mod translate;
mod zoom;

pub use rotate::Rotate;
pub use shear::Shear;
pub use smooth::{Smooth, total_variation};
pub use translate::Translate;
pub use zoom::Zoom;

#[cfg(test)]
mod moved_tests;
#[cfg(test)]
mod testing;
