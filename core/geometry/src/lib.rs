//! Numeric code of equigen on shapes, on plain vectors of points: no component and no tensor.
//!
//! - [`Mesh`]: triangles over shared vertices, and their [`Topology`]; [`read`] takes OBJ, STL and OFF,
//!   [`write`](mod@write) makes OBJ, PLY and GLB.
//! - [`Catalogue`]: the furniture catalogues of Sweet Home 3D; [`Class`] makes classes of the names in them.
//! - [`Solid`]: whether points are inside a mesh, also one with holes, and how far they are from it.
//! - [`sample`]: random points on a mesh, near it, and in a cube.
//! - [`Extraction`]: the mesh at which a function of space passes a level.
//! - [`distance`] and [`protocol`]: how far clouds of points, and sets of them, are apart.
//! - [`shade()`]: a picture of a mesh.
//!
//! Results do not depend on the number of threads.

mod assignment;
mod catalogue;
mod classes;
mod cube;
pub mod distance;
mod error;
mod mesh;
#[cfg(test)]
mod mesh_tests;
mod polygon;
mod properties;
pub mod protocol;
pub mod read;
pub mod sample;
mod shade;
pub mod shapes;
mod surface;
mod topology;
mod tree;
mod triangle;
mod vector;
mod winding;
#[cfg(test)]
mod winding_tests;
pub mod write;

pub use catalogue::{Catalogue, Limits, Piece};
pub use classes::Class;
pub use cube::TRIANGLES;
pub use error::{Error, Result};
pub use mesh::{Bounds, Frame, Mesh, Similarity};
pub use shade::{View, shade};
pub use surface::{Extraction, Inside};
pub use topology::Topology;
pub use vector::Point;
pub use winding::Solid;
