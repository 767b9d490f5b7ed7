//! `equigen export`: networks to files that others read.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use equigen_core::config::plugins;
use equigen_core::{Error, Result, Zoo};
use equigen_exchange::{Format, export};

use super::{Plugins, print};

/// Files of networks that a folder of a run or a stage may hold.
const FILES: [&str; 2] = ["weights.safetensors", "zoo.safetensors"];

/// Write the networks of a zoo or a run for PyTorch, numpy or the eye
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// A zoo's file, the folder of a run, or one with samples
    what: PathBuf,
    /// Form: pytorch (a .pth a network), safetensors (one file; with --each one a network), npz, png
    #[arg(long)]
    to: To,
    /// New file or folder
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Of a run: the stage whose networks are meant: fit, expand, sample
    #[arg(long, value_name = "STAGE", default_value = "sample")]
    stage: String,
    /// A file for each network, where there could be one for all
    #[arg(long)]
    each: bool,
    /// What stands before a layer's number in the names of tensors; DWSNets has `seq`
    #[arg(long, value_name = "NAME", default_value = "layers")]
    layers: String,
    #[command(flatten)]
    plugins: Plugins,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum To {
    Pytorch,
    Safetensors,
    Npz,
    Png,
}

impl Export {
    pub(crate) fn run(self) -> Result<()> {
        let format = match (self.to, self.each) {
            (To::Pytorch, _) => Format::Pytorch,
            (To::Safetensors, false) => Format::Safetensors,
            (To::Safetensors, true) => Format::SafetensorsEach,
            (To::Npz, false) => Format::Npz,
            (To::Npz, true) => return Err(Error::config("--each: an npz holds all networks; leave it out")),
            (To::Png, _) => Format::Png,
        };
        let config = self.what.join("config.toml");
        let named = if config.is_file() { plugins(&config, &Default::default())? } else { Vec::new() };
        // The zoo names its component, which must be there before the file is read.
        self.plugins.registry(&named)?;
        let zoo = Zoo::load(&networks(&self.what, &self.stage)?)?;
        export(&zoo, format, &self.layers, &self.out)?;
        print(&format!("{} networks {}", zoo.len(), zoo.layout))?;
        print(&format!("{}", self.out.display()))
    }
}

/// The file with the networks that are meant.
fn networks(what: &Path, stage: &str) -> Result<PathBuf> {
    if what.is_file() {
        return Ok(what.to_owned());
    }
    let folders = [what.to_owned(), what.join(stage)];
    let mut files = folders.iter().flat_map(|folder| FILES.map(|file| folder.join(file)));
    files.find(|file| file.is_file()).ok_or_else(|| {
        let text = format!("`{}` is no zoo, and has no finished stage `{stage}` with networks", what.display());
        Error::failed(format!("{text}; give a zoo's file, or --stage fit"))
    })
}
