//! The bundled encoders.
