//! `equigen report`: the page of a finished run, written again.

use std::path::PathBuf;

use clap::Args;
use equigen_core::{Result, report};

use super::print;

/// Write the report of a finished run again
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The run's folder
    run: PathBuf,
}

impl Report {
    pub(crate) fn run(self) -> Result<()> {
        report::write(&self.run)?;
        print(&format!("{}", self.run.join("report.html").display()))
    }
}
