//! The bundled signals.

mod cifar10;
mod furniture;
mod idx;
mod idx_images;
mod image_folder;
mod obj_folder;
mod paths;
mod shapenet;
mod shapes;
mod zoo;

pub use cifar10::Cifar10;
pub use furniture::{Furniture, Patterns};
pub use idx_images::IdxImages;
pub use image_folder::{Colour, ImageFolder};
pub use obj_folder::ObjFolder;
pub use shapenet::Shapenet;
pub use shapes::Sampling;
pub use zoo::ZooSignals;
