//! `equigen describe`: one component, its claims and every key of its configuration.

use clap::Args;
use equigen_core::{Error, Result};
use serde_json::Value;

use super::list::parse_kind;
use super::{Plugins, json, print};

/// Describe a component: what it does, what it claims, its keys and their defaults
#[derive(Debug, Args)]
pub(crate) struct Describe {
    /// The component, as KIND/NAME, such as `augmentation/translate`
    component: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    plugins: Plugins,
}

impl Describe {
    pub(crate) fn run(self) -> Result<()> {
        let registry = self.plugins.registry(&[])?;
        let (kind, name) = self.component.split_once('/').ok_or_else(|| {
            Error::config(format!("`{}`: expected KIND/NAME, such as `augmentation/translate`", self.component))
        })?;
        let record = registry.get(parse_kind(kind)?, name)?;
        if self.json {
            return print(&json(record)?);
        }
        print(&format!("{}/{} ({})", record.kind.name(), record.name, record.origin))?;
        if let Some(text) = record.schema.get("description").and_then(Value::as_str) {
            print(&format!("\n{text}"))?;
        }
        if !record.claims.is_empty() {
            print("\nclaims")?;
            for claim in &record.claims {
                print(&format!("  {claim}"))?;
            }
        }
        let keys = record.schema.get("properties").and_then(Value::as_object);
        for (i, (key, schema)) in keys.into_iter().flatten().enumerate() {
            if i == 0 {
                print("\nkeys")?;
            }
            let text = schema.get("description").and_then(Value::as_str).unwrap_or_default().replace('\n', " ");
            let default = record.defaults.get(key).map_or(String::new(), |value| format!(" = {value}"));
            print(&format!("  {key}{default}\n      {text}"))?;
        }
        Ok(())
    }
}
