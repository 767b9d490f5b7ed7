//! One file per verb of the command line.

pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod describe;
pub(crate) mod devices;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod plugin;
pub(crate) mod reference;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod sample;
pub(crate) mod schema;
pub(crate) mod sweep;
pub(crate) mod zoo;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use equigen_core::config::{LoadOptions, Pipeline, load};
use equigen_core::registry::Registry;
use equigen_core::{Error, Result};

use crate::output::detail;

/// What every verb that names components accepts.
#[derive(Debug, Args)]
pub(crate) struct Plugins {
    /// Load the components of a plugin's library, before anything is parsed; may be repeated
    #[arg(long = "plugin", value_name = "LIB")]
    libraries: Vec<PathBuf>,
}

impl Plugins {
    /// Loads what a pipeline names and what the command line names, in this order, and collects all components.
    pub(crate) fn registry(&self, of_pipeline: &[PathBuf]) -> Result<Registry> {
        crate::plugins::load_all(of_pipeline)?;
        crate::plugins::load_all(&self.libraries)?;
        let registry = Registry::collect()?;
        for library in of_pipeline.iter().chain(&self.libraries) {
            detail(|| format!("plugin `{}` is loaded", library.display()));
        }
        detail(|| format!("{} components are known", registry.records().count()));
        Ok(registry)
    }

    /// Reads a pipeline; the libraries of the command line become its own, so that its run can be gone on with.
    pub(crate) fn load(&self, path: &Path, options: &LoadOptions, registry: &Registry) -> Result<Pipeline> {
        let mut pipeline = load(path, options, registry)?;
        for library in &self.libraries {
            pipeline.plugins.push(fs_err::canonicalize(library)?);
        }
        Ok(pipeline)
    }
}

/// The folder of what a file describes: as given, or `runs/NAME`, NAME being the file's.
pub(crate) fn run_folder(given: Option<PathBuf>, file: &Path) -> Result<PathBuf> {
    let stem = || file.file_stem().ok_or_else(|| Error::config(format!("`{}` is no file", file.display())));
    given.map_or_else(|| Ok(Path::new("runs").join(stem()?)), Ok)
}

/// Prints to standard output; a reader that has gone away (`equigen list | head`) is no error.
pub(crate) fn print(text: &str) -> Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

pub(crate) fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string_pretty(value).map_err(|error| Error::failed(error.to_string()))
}
