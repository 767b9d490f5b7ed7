//! `equigen reference`: the book's reference pages, made of the records of all components.

mod types;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use equigen_core::config::pipeline_schema;
use equigen_core::registry::{Kind, Record, Registry};
use equigen_core::{Result, files};

use super::print;
use types::{cell, definitions, description, inline, settings};

/// Write the reference pages of the book: the pipeline file, and each kind with all its components
#[derive(Debug, Args)]
pub(crate) struct Reference {
    /// Folder of the pages, such as `docs/reference`; it is made if it is missing
    folder: PathBuf,
}

impl Reference {
    pub(crate) fn run(self) -> Result<()> {
        // Linked components only: the pages are those of this program.
        let registry = Registry::collect()?;
        fs_err::create_dir_all(&self.folder)?;
        let mut pages = vec![("pipeline", pipeline(&registry))];
        pages.extend(Kind::ALL.map(|kind| (kind.name(), page(kind, &registry))));
        for (name, text) in pages {
            let path = self.folder.join(name).with_extension("md");
            files::write(&path, text.as_bytes())?;
            print(&format!("{}", path.display()))?;
        }
        Ok(())
    }
}

const NOTICE: &str = "<!-- Written by `equigen reference docs/reference`. Do not edit. -->\n";

/// Name of the family's page, which is also that of its crate.
fn family(kind: Kind) -> &'static str {
    match kind {
        Kind::Signals => "signals",
        Kind::Inr => "inrs",
        Kind::Fitter => "fitters",
        Kind::Symmetry => "symmetries",
        Kind::Augmentation => "augmentations",
        Kind::Deformation => "deformations",
        Kind::Encoder => "encoders",
        Kind::Objective => "objectives",
        Kind::Generator => "generators",
        Kind::Disturbance => "disturbances",
        Kind::Judge => "judges",
        Kind::Metric => "metrics",
    }
}

/// The page of a kind.
fn page(kind: Kind, registry: &Registry) -> String {
    let (name, family) = (kind.name(), family(kind));
    let mut text = format!("{NOTICE}\n# Reference: {name}\n\n");
    text += &format!("What it is for, and which to choose: [{family}](../components/{family}.md).\n\n");
    text += "| type | does |\n|---|---|\n";
    for record in registry.of(kind) {
        _ = writeln!(text, "| [`{0}`](#{0}) | {1} |", record.name, cell(&record.summary));
    }
    for record in registry.of(kind) {
        text += &component(record);
    }
    text
}

/// The section of a component.
fn component(record: &Record) -> String {
    let mut text = format!("\n## {}\n\n{}\n", record.name, description(&record.schema));
    let crate_name = record.origin.split(' ').next().unwrap_or_default();
    _ = writeln!(text, "\nCrate `{crate_name}`.");
    if !record.claims.is_empty() {
        let claims: Vec<String> = record.claims.iter().map(|claim| format!("`{claim}`")).collect();
        _ = writeln!(text, "Claims, which the laws test: {}.", claims.join(", "));
    }
    let default = |key: &str| record.defaults.get(key).map(inline);
    match settings(&record.schema, &default) {
        Some(table) => _ = write!(text, "\n{table}"),
        None => text += "\nNo settings.\n",
    }
    text + &definitions(record.schema.get("$defs"), "###", &|_| true)
}

/// The page of the pipeline file: its own keys, and where components stand in it.
fn pipeline(registry: &Registry) -> String {
    let schema = pipeline_schema(registry);
    let none = |_: &str| None;
    let mut text = format!("{NOTICE}\n# Reference: the pipeline file\n\n{}\n\n", description(&schema));
    text += "Keys that are not marked as required may be left out. How files are composed: [quick start](../quick-start.md).\n\n";
    text += &settings(&schema, &none).unwrap_or_default();
    // The definitions of components carry their kind and name, with hyphens; those of the file are names of Rust types.
    let own = |name: &str| !name.contains('-');
    text + &definitions(schema.get("$defs"), "##", &own)
}
