//! Plugins at run time: made, built, sealed, loaded.

mod build;
mod load;
mod seal;
mod template;

pub(crate) use build::build;
pub(crate) use load::{load_all, load_unsealed};
pub(crate) use seal::{PluginFile, held};
pub(crate) use template::write_new;
