//! The bundled signals.

mod furniture;
mod idx;
mod idx_images;
mod obj_folder;
mod shapes;

pub use furniture::{Furniture, Patterns};
pub use idx_images::IdxImages;
pub use obj_folder::ObjFolder;
pub use shapes::Sampling;
