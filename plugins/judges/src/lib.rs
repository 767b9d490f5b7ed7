//! The bundled judges.
