//! The bundled fitters.
