//! The bundled metrics.
