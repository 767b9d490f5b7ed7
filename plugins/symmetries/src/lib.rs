//! The bundled symmetries.
