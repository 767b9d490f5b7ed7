//! The bundled disturbances.
