//! `equigen export`: networks to files that others read.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use equigen_core::config::{load, plugins};
use equigen_core::registry::Registry;
use equigen_core::run::{Event, Observer};
use equigen_core::surface::{self, Surface};
use equigen_core::{Error, Result, Zoo};
use equigen_exchange::{Format, export, surfaces};

use super::{Plugins, print};
use crate::output::note;
use crate::progress::Bars;

/// Files of networks that a folder of a run or a stage may hold.
const FILES: [&str; 2] = ["weights.safetensors", "zoo.safetensors"];

/// Bytes for surfaces up to which nothing is said of them, and beyond which fewer are made at a time.
const QUIET: u64 = 1 << 30;

/// Write the networks of a zoo or a run for PyTorch, numpy or the eye
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// A zoo's file, the folder of a run, or one with samples
    what: PathBuf,
    /// Form: pytorch (a .pth a network), safetensors (one file; with --each one a network), npz, png; of shapes also their
    /// surfaces: obj, ply, glb
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
    /// Of surfaces: samples along each axis [default: the run's own, else 64]
    #[arg(long, value_name = "N")]
    resolution: Option<usize>,
    /// Of surfaces: probability of being inside at the surface [default: the run's own, else 0.5]
    #[arg(long, value_name = "P")]
    level: Option<f64>,
    #[command(flatten)]
    plugins: Plugins,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum To {
    Pytorch,
    Safetensors,
    Npz,
    Png,
    Obj,
    Ply,
    Glb,
}

impl Export {
    pub(crate) fn run(self) -> Result<()> {
        let config = self.what.join("config.toml");
        let named = if config.is_file() { plugins(&config, &Default::default())? } else { Vec::new() };
        // The zoo names its component, which must be there before the file is read.
        let registry = self.plugins.registry(&named)?;
        let zoo = Zoo::load(&networks(&self.what, &self.stage)?)?;
        match self.to {
            To::Obj => self.surfaces(&zoo, surface::Format::Obj, &registry)?,
            To::Ply => self.surfaces(&zoo, surface::Format::Ply, &registry)?,
            To::Glb => self.surfaces(&zoo, surface::Format::Glb, &registry)?,
            To::Pytorch => self.networks(&zoo, Format::Pytorch)?,
            To::Safetensors if self.each => self.networks(&zoo, Format::SafetensorsEach)?,
            To::Safetensors => self.networks(&zoo, Format::Safetensors)?,
            To::Npz if self.each => return Err(Error::config("--each: an npz holds all networks; leave it out")),
            To::Npz => self.networks(&zoo, Format::Npz)?,
            To::Png => self.networks(&zoo, Format::Png)?,
        }
        print(&format!("{} networks {}", zoo.len(), zoo.layout))?;
        print(&format!("{}", self.out.display()))
    }

    fn networks(&self, zoo: &Zoo, format: Format) -> Result<()> {
        if self.resolution.is_some() || self.level.is_some() {
            let text = "--resolution, --level: they are of surfaces";
            return Err(Error::config(format!("{text}; leave them out, or give --to obj, ply or glb")));
        }
        export(zoo, format, &self.layers, &self.out)
    }

    fn surfaces(&self, zoo: &Zoo, format: surface::Format, registry: &Registry) -> Result<()> {
        let config = self.what.join("config.toml");
        let own = match config.is_file() {
            true => load(&config, &Default::default(), registry)?.sample.surface,
            false => Surface::default(),
        };
        let (resolution, level) = (self.resolution.unwrap_or(own.resolution), self.level.unwrap_or(own.level));
        let surface = Surface { resolution, level, files: vec![format] };
        surface.check()?;
        let threads = rayon::current_num_threads().min(zoo.len()).max(1);
        let at_once = ((QUIET / surface.bytes()) as usize).clamp(1, threads);
        let bytes = at_once as u64 * surface.bytes();
        if at_once < threads || bytes > QUIET {
            let (bytes, mib) = (bytes >> 20, "MiB of memory");
            note(&format!(
                "surfaces of {resolution} samples along each axis, {at_once} at a time: about {bytes} {mib}"
            ));
        }
        let (bars, stage, total) = (Bars::new(), "export", zoo.len());
        let progress = |done| bars.event(&Event::Progress { stage, done, total, unit: "surfaces" });
        let empty = surfaces(zoo, &surface, at_once, &self.out, &progress)?;
        if !empty.is_empty() {
            let rows = empty.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
            note(&format!("{} of {total} networks pass no level {level} and have no file: {rows}", empty.len()));
        }
        Ok(())
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
