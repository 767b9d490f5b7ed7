//! The bundled families of implicit neural representations.

mod siren;

pub use siren::{Siren, Variant};
