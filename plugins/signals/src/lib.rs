//! The bundled signals.

mod idx;
mod idx_images;

pub use idx_images::IdxImages;
