//! The bundled signals.

mod cifar10;
mod idx;
mod idx_images;
mod image_folder;
mod paths;
mod zoo;

pub use cifar10::Cifar10;
pub use idx_images::IdxImages;
pub use image_folder::{Colour, ImageFolder};
pub use zoo::ZooSignals;
