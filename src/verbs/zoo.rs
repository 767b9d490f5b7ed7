//! `equigen zoo`: fitted networks as such.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use equigen_core::config::plugins;
use equigen_core::run::{join_shards, regauge_run};
use equigen_core::stages::FitSummary;
use equigen_core::{Error, Result, files};

use super::{Plugins, print};
use crate::progress::Bars;

/// Handle fitted networks: join the shards of a fit, or bring networks into one gauge
#[derive(Debug, Args)]
pub(crate) struct Zoo {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Join the shards of a fit to the bytes of one run; go on with `equigen run PIPELINE --run DIR`
    ///
    /// Shards are made by `equigen run PIPELINE --until fit --shard I/N`, one after the other, at once, or on several
    /// machines (copy their runs' folders with what the links lead to, as `scp -r` does).
    Join {
        /// Folders of the runs that made the shards
        #[arg(required = true, value_name = "RUN")]
        runs: Vec<PathBuf>,
        /// Folder of the run that gets the fit [default: the first of the others]
        #[arg(long, value_name = "DIR")]
        run: Option<PathBuf>,
    },
    /// Bring the networks of a run into one gauge: decode the features of each, and fit the result to its signal
    ///
    /// The run must be finished up to `train`. Take the file as signals of another pipeline: `data.signals = { type = "zoo",
    /// path = "FILE" }`, and leave `fit.canonical` empty.
    Regauge {
        /// Folder of the run
        run: PathBuf,
        /// New file of the zoo
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        plugins: Plugins,
    },
}

impl Zoo {
    pub(crate) fn run(self) -> Result<()> {
        match self.what {
            What::Join { runs, run } => {
                let folder = run.or_else(|| runs.first().cloned());
                let folder =
                    folder.ok_or_else(|| Error::config("name the folders of the runs that made the shards"))?;
                join_shards(&runs, &folder, &Bars::new())?;
                print(&format!("{}", folder.display()))
            }
            What::Regauge { run, out, plugins } => regauge(&run, &out, &plugins),
        }
    }
}

fn regauge(run: &Path, out: &Path, libraries: &Plugins) -> Result<()> {
    if out.exists() {
        return Err(Error::config(format!("--out {}: it exists already; name a new file", out.display())));
    }
    let config = run.join("config.toml");
    let named = if config.is_file() { plugins(&config, &Default::default())? } else { Vec::new() };
    let folder = regauge_run(run, &libraries.registry(&named)?, &Bars::new())?;
    let summary: FitSummary = files::read_json(&folder.join("summary.json"))?;
    if let Some(parent) = out.parent() {
        fs_err::create_dir_all(parent)?;
    }
    files::write(out, &fs_err::read(folder.join("zoo.safetensors"))?)?;
    let quality: Vec<String> =
        summary.quality.iter().map(|(name, value)| format!("{} {value:.2}", name.replace('_', " "))).collect();
    print(&format!("{} networks, {}, {:.1} steps", summary.networks, quality.join(", "), summary.mean_steps))?;
    print(&format!("{}", out.display()))
}
