//! Writes a new plugin crate.
use equigen_core::{Result, registry::Kind};
use std::path::{Path, PathBuf};
pub(crate) fn write_new(_: &str, _: Kind, _: Option<&Path>) -> Result<PathBuf> {
    todo!()
}
