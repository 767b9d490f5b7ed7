//! `equigen bench`: rates of this machine.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use equigen_core::{Result, device};

use super::{Plugins, json, print};
use crate::bench::{Row, encode, fit, sample, smooth, train};

/// Measure rates on this machine; medians of several repetitions
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// What to measure; everything by default
    what: Vec<What>,
    /// Repetitions of each measurement
    #[arg(long, default_value_t = 5)]
    repeats: usize,
    /// Folder with the digits that come with the source
    #[arg(long, value_name = "DIR", default_value = concat!(env!("EQUIGEN_SOURCE"), "/examples/data"))]
    digits: PathBuf,
    /// Device that encodes, trains and samples: flex, libtorch, libtorch:cuda:N; fitting and smoothing are the host's
    #[arg(long, default_value = "flex")]
    device: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    plugins: Plugins,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum What {
    /// Fitting networks, beside the processor's peak
    Fit,
    /// Smoothing them
    Smooth,
    /// Encoding them
    Encode,
    /// Training generators
    Train,
    /// Sampling from generators
    Sample,
}

impl Bench {
    pub(crate) fn run(self) -> Result<()> {
        let device = device::open(&self.device)?;
        let registry = self.plugins.registry(&[])?;
        let all = [What::Fit, What::Smooth, What::Encode, What::Train, What::Sample];
        let chosen = if self.what.is_empty() { all.to_vec() } else { self.what };
        let mut results = Vec::new();
        for what in chosen {
            let rows = match what {
                What::Fit => fit(self.repeats, &self.digits, &registry)?,
                What::Smooth => smooth(self.repeats)?,
                What::Encode => encode(self.repeats, &registry, &device)?,
                What::Train => train(self.repeats, &registry, &device)?,
                What::Sample => sample(self.repeats, &registry, &device)?,
            };
            if !self.json {
                print(what.to_possible_value().expect("no value is hidden").get_name())?;
                rows.iter().try_for_each(show)?;
            }
            results.extend(rows);
        }
        if self.json { print(&json(&results)?) } else { Ok(()) }
    }
}

fn show(row: &Row) -> Result<()> {
    let figures: Vec<String> =
        row.figures.iter().map(|(name, value)| format!("{} {value}", name.replace('_', " "))).collect();
    print(&format!("  {:38} {}", row.work, figures.join(", ")))
}
