//! `equigen init`: a pipeline to begin with, and the schema by which an editor completes and checks it.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use equigen_core::config::pipeline_schema;
use equigen_core::{Error, Result, files};
use serde_json::Value;

use super::{Plugins, json, print};
use crate::output::note;

/// The schema's file, which the first line of every template names.
const SCHEMA: &str = "pipeline.schema.json";

/// Write a pipeline to begin with, and beside it the schema for editors
///
/// Editors with taplo (Even Better TOML in VS Code) read the file's first line, complete keys and names from the schema, and
/// mark what is wrong. `--plugin` puts a plugin's components into the schema, too.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The new file
    #[arg(default_value = "pipeline.toml")]
    file: PathBuf,
    /// What the signals are
    #[arg(long, value_name = "NAME", default_value = "digits")]
    template: Template,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    plugins: Plugins,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Template {
    /// Images in idx files, as MNIST comes
    Digits,
    /// Pictures in folders, or in a zip archive of folders
    Images,
    /// Meshes in folders
    Shapes,
    /// Networks without their signals, such as `equigen import` reads
    Zoo,
}

impl Template {
    fn text(self) -> &'static str {
        match self {
            Self::Digits => include_str!("init/digits.toml"),
            Self::Images => include_str!("init/images.toml"),
            Self::Shapes => include_str!("init/shapes.toml"),
            Self::Zoo => include_str!("init/zoo.toml"),
        }
    }
}

impl Init {
    pub(crate) fn run(self) -> Result<()> {
        let schema = pipeline_schema(&self.plugins.registry(&[])?);
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let schema_file = folder.join(SCHEMA);
        if !self.force {
            if self.file.exists() {
                return Err(taken(&self.file));
            }
            if schema_file.exists() && !is_schema(&schema_file, &schema) {
                return Err(taken(&schema_file));
            }
        }
        fs_err::create_dir_all(folder)?;
        files::write(&schema_file, (json(&schema)? + "\n").as_bytes())?;
        files::write(&self.file, self.template.text().as_bytes())?;
        let then = format!("equigen run {} --dry-run", self.file.display());
        note(&format!("say under [data] where your signals are and which class is the target; then `{then}`"));
        print(&format!("{}", self.file.display()))?;
        print(&format!("{}", schema_file.display()))
    }
}

fn taken(file: &Path) -> Error {
    Error::config(format!("`{}` exists already: name another FILE, or replace it with --force", file.display()))
}

/// Whether a file is a schema that equigen wrote, which the schema of this program may replace.
fn is_schema(file: &Path, schema: &Value) -> bool {
    files::read_json::<Value>(file).is_ok_and(|found| found["title"] == schema["title"])
}
