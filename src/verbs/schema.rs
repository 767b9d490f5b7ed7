//! `equigen schema`: the JSON schema of pipeline files, for editors.

use clap::Args;
use equigen_core::Result;
use equigen_core::config::pipeline_schema;
use equigen_core::registry::Registry;

use super::{json, print};

/// Print the JSON schema of pipeline files, with every component in it
#[derive(Debug, Args)]
pub(crate) struct Schema {}

impl Schema {
    pub(crate) fn run(self) -> Result<()> {
        print(&json(&pipeline_schema(&Registry::collect()?))?)
    }
}
