//! The bundled judges: what looks at rendered signals, so that metrics can compare sets of them.

mod cnn;
mod surfaces;

pub use cnn::Cnn;
pub use surfaces::{Normalise, Surfaces};
