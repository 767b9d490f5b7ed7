//! `equigen sample`: further networks from a finished run.

use std::path::PathBuf;

use clap::Args;
use equigen_core::Result;
use equigen_core::config::plugins;
use equigen_core::run::sample_run;

use super::{Plugins, print};
use crate::progress::Bars;

/// Generate further networks from a finished run
#[derive(Debug, Args)]
pub(crate) struct Sample {
    /// The run's folder
    run: PathBuf,
    /// Number of networks
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// Seed of this draw
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// New folder for weights and pictures
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Device [default: the run's own]; `equigen devices` lists what is here
    #[arg(long)]
    device: Option<String>,
    #[command(flatten)]
    plugins: Plugins,
}

impl Sample {
    pub(crate) fn run(self) -> Result<()> {
        let config = self.run.join("config.toml");
        let named = if config.is_file() { plugins(&config, &Default::default())? } else { Vec::new() };
        let registry = self.plugins.registry(&named)?;
        let (count, device) = (self.count as usize, self.device.as_deref());
        sample_run(&self.run, count, self.seed, device, &self.out, &registry, &Bars::new())?;
        print(&format!("{}", self.out.display()))
    }
}
