//! `equigen devices`: what this build and this machine can run on.

use clap::Args;
use equigen_core::Result;
use equigen_core::device::{Offer, offers};

use super::{json, print};

/// List the devices that this program and this machine offer, and how to get the others
#[derive(Debug, Args)]
pub(crate) struct Devices {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Devices {
    pub(crate) fn run(self) -> Result<()> {
        let all = offers();
        if self.json {
            return print(&json(&all)?);
        }
        let width = all.iter().map(|offer| offer.name.len()).max().unwrap_or(0);
        for Offer { name, summary, missing } in &all {
            match missing {
                None => print(&format!("{name:width$}  {summary}"))?,
                Some(why) => print(&format!("{name:width$}  not here: {why}"))?,
            }
        }
        Ok(())
    }
}
