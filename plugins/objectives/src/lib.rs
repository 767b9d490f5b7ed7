//! The bundled objectives.
