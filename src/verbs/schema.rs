//! `equigen schema`: the JSON schema of pipeline files, for editors.

use clap::Args;
use equigen_core::Result;
use equigen_core::config::pipeline_schema;

use super::{Plugins, json, print};

/// Print the JSON schema of pipeline files, with every component in it
#[derive(Debug, Args)]
pub(crate) struct Schema {
    #[command(flatten)]
    plugins: Plugins,
}

impl Schema {
    pub(crate) fn run(self) -> Result<()> {
        print(&json(&pipeline_schema(&self.plugins.registry(&[])?))?)
    }
}
