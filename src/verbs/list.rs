//! `equigen list`: every component with its one-line summary.

use clap::Args;
use equigen_core::registry::{Kind, suggest};
use equigen_core::{Error, Result};

use super::{Plugins, json, print};

/// List components, of one kind or of all
#[derive(Debug, Args)]
pub(crate) struct List {
    /// signals, inr, fitter, symmetry, augmentation, deformation, encoder, objective, generator, disturbance, judge, metric
    kind: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    plugins: Plugins,
}

impl List {
    pub(crate) fn run(self) -> Result<()> {
        let registry = self.plugins.registry(&[])?;
        let kinds = match self.kind.as_deref() {
            None => Kind::ALL.to_vec(),
            Some(name) => vec![parse_kind(name)?],
        };
        if self.json {
            let records: Vec<_> = registry.records().filter(|record| kinds.contains(&record.kind)).collect();
            return print(&json(&records)?);
        }
        let width = registry.records().map(|record| record.name.len()).max().unwrap_or(0);
        for kind in kinds {
            print(kind.name())?;
            for record in registry.of(kind) {
                print(&format!("  {:width$}  {}", record.name, record.summary))?;
            }
        }
        Ok(())
    }
}

pub(crate) fn parse_kind(name: &str) -> Result<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
        Error::config(format!("unknown kind `{name}`; {}", suggest(name, Kind::ALL.into_iter().map(Kind::name))))
    })
}
