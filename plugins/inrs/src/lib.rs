//! The bundled inrs.
