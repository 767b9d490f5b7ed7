//! What an equigen component is, and how a run is made of components.
//!
//! Core knows no plugin. Its vocabulary is the field's: a [`Layout`] says where each parameter of a network lies and
//! which axes move together, [`Weights`] are a batch of networks of one layout, a [`Zoo`] is fitted networks with what
//! they stand for. A component kind is one trait in [`kinds`]; a run is the stages of [`stages`] over one
//! [`config::Pipeline`].

pub mod action;
pub mod config;
pub mod decoder;
pub mod dense;
pub mod device;
pub mod domain;
mod error;
pub mod files;
mod flex;
pub mod host;
pub mod kinds;
#[cfg(feature = "laws")]
pub mod laws;
pub mod layout;
pub mod learner;
pub mod libraries;
mod linear;
pub mod nn;
pub mod picture;
pub mod precision;
pub mod registry;
pub mod report;
pub mod run;
pub mod seed;
pub mod solid;
pub mod stages;
pub mod statistics;
pub mod surface;
pub mod sweep;
pub mod target;
pub mod tensors;
pub mod weights;
pub mod zoo;

pub use domain::{Domain, Field};
pub use error::{Error, Result};
pub use kinds::*;
pub use layout::{Activation, Axis, Hidden, Layout, TensorSpec};
pub use seed::Seed;
pub use target::TargetSignals;
pub use weights::Weights;
pub use zoo::{Zoo, ZooItem};

/// What the [`register!`] macro and plugin crates need by a stable path.
#[doc(hidden)]
pub mod reexport {
    pub use {inventory, serde_json};
}
