//! `equigen zoo`: fitted networks as such.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use equigen_core::run::join_shards;
use equigen_core::{Error, Result};

use super::print;
use crate::progress::Bars;

/// Handle fitted networks: join the shards of a fit
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
}

impl Zoo {
    pub(crate) fn run(self) -> Result<()> {
        let What::Join { runs, run } = self.what;
        let folder = run.or_else(|| runs.first().cloned());
        let folder = folder.ok_or_else(|| Error::config("name the folders of the runs that made the shards"))?;
        join_shards(&runs, &folder, &Bars::new())?;
        print(&format!("{}", folder.display()))
    }
}
