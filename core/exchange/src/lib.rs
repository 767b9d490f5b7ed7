//! Networks in and out of equigen: the files of the field to zoos, and zoos to files that others read.
//!
//! [`import()`] recognises a file by its bytes and its tensors' names, never by its own name; [`export()`] writes what
//! PyTorch and numpy read without equigen. Formats are functions here and no component kind: a pipeline never names one,
//! because a zoo is the same whatever it was read from. Components of `inr` are found by the registry, so this crate
//! depends on core alone. [`Weights`] reads the tensors of any other network, by name and shape.

mod archive;
mod convention;
mod dense;
mod dtype;
mod export;
mod family;
mod import;
mod names;
mod network;
mod npy;
mod quality;
mod safetensors_file;
mod source;
mod state;
mod torch;
mod weights;

pub use convention::{CONVENTIONS, Convention};
pub use export::{Format, export, surfaces};
pub use import::{ImportOptions, Imported, import};
pub use npy::read_arrays;
pub use quality::compare;
pub use weights::Weights;
