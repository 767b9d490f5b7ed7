//! The bundled signals.
