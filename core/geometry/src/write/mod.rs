//! Meshes to files: OBJ, PLY and GLB. The bytes depend on the mesh alone.
//!
//! Axes are written as they are. glTF says that y is up; OBJ and PLY leave it open.

mod glb;
mod obj;
mod ply;

pub use glb::glb;
pub use obj::obj;
pub use ply::ply;

#[cfg(test)]
mod tests;
