//! The bundled augmentations.
