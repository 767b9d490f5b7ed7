//! The bundled generators.
