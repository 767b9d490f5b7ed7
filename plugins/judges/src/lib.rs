//! The bundled judges: classifiers of rendered signals, through whose features metrics compare sets.

mod cnn;

pub use cnn::Cnn;
