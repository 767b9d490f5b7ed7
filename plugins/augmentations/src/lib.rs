//! The bundled augmentations.

mod align;
mod coordinates;
mod dropout;
mod elements;
mod matching;
mod mixup;
mod noise;
mod permute;
mod positive_scale;
mod quantile_dropout;
mod rotate;
mod shear;
mod sign_flip;
mod smooth;
mod translate;
mod zoom;

pub use align::Align;
pub use dropout::Dropout;
pub use mixup::Mixup;
pub use noise::Noise;
pub use permute::Permute;
pub use positive_scale::PositiveScale;
pub use quantile_dropout::QuantileDropout;
pub use rotate::Rotate;
pub use shear::Shear;
pub use sign_flip::SignFlip;
pub use smooth::{Smooth, total_variation};
pub use translate::Translate;
pub use zoom::Zoom;

#[cfg(test)]
mod moved_tests;
#[cfg(test)]
mod tests;
