//! `equigen plugin`: make, build and look into plugins.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use equigen_core::registry::Registry;
use equigen_core::{Error, Result};

use super::list::parse_kind;
use super::{json, print};
use crate::plugins::{PluginFile, build, held, load_unsealed, write_new};

/// Make, build and look into plugins: crates whose components are loaded at run time
#[derive(Debug, Args)]
pub(crate) struct Plugin {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write a crate with one component, its laws as tests and a README
    New {
        /// The component's name, which is the crate's as well
        name: String,
        /// What it is: symmetry, augmentation, encoder, …
        #[arg(long)]
        kind: String,
        /// Folder of equigen's source [default: where this program was built]
        #[arg(long, value_name = "DIR")]
        source: Option<PathBuf>,
    },
    /// Build crates as libraries for this program; prints the libraries' paths
    Build {
        /// The crates' folders
        #[arg(required = true, value_name = "DIR")]
        folders: Vec<PathBuf>,
        /// Folder of equigen's source [default: where this program was built]
        #[arg(long, value_name = "DIR")]
        source: Option<PathBuf>,
    },
    /// Tell what libraries hold, without loading them
    List {
        /// The libraries
        #[arg(required = true)]
        libraries: Vec<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Load a library that is being built and print its components: for `build`
    #[command(hide = true)]
    Holds {
        /// The library
        library: PathBuf,
    },
}

impl Plugin {
    pub(crate) fn run(self) -> Result<()> {
        match self.what {
            What::New { name, kind, source } => {
                print(&format!("{}", write_new(&name, parse_kind(&kind)?, source.as_deref())?.display()))
            }
            What::Build { folders, source } => {
                let libraries = build(&folders, source.as_deref())?;
                libraries.iter().try_for_each(|library| print(&format!("{}", library.display())))
            }
            What::List { libraries, json } => list(&libraries, json),
            What::Holds { library } => {
                load_unsealed(&library)?;
                print(&json(&held(&Registry::collect()?))?)
            }
        }
    }
}

fn list(libraries: &[PathBuf], as_json: bool) -> Result<()> {
    let mut seals = Vec::new();
    for path in libraries {
        let refused =
            |why| Error::failed(format!("`{}`: {why}; build it again with `equigen plugin build DIR`", path.display()));
        seals.push(PluginFile::read(path)?.seal().map_err(refused)?);
    }
    if as_json {
        return print(&json(&seals)?);
    }
    for (path, seal) in libraries.iter().zip(seals) {
        print(&format!("{} ({})", path.display(), seal.plugin))?;
        for held in seal.components {
            print(&format!("  {}/{}  {}", held.kind, held.name, held.summary))?;
        }
        for (name, value) in seal.facts {
            print(&format!("    {name:9} {value}"))?;
        }
    }
    Ok(())
}
