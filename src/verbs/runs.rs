//! `equigen runs` and `equigen compare`: finished runs and their figures.

use std::path::PathBuf;

use clap::Args;
use equigen_core::report::{RunOverview, compare_page, compare_table, differing, runs_table};
use equigen_core::{Result, files};
use serde_json::{Map, Value};

use super::{json, print};

/// List the runs of a folder with their figures
#[derive(Debug, Args)]
pub(crate) struct Runs {
    /// The folder
    #[arg(default_value = "runs")]
    folder: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Runs {
    pub(crate) fn run(self) -> Result<()> {
        let mut folders = Vec::new();
        for entry in fs_err::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.join("run.json").is_file() {
                folders.push(path);
            }
        }
        folders.sort();
        let runs = folders.iter().map(|folder| RunOverview::read(folder)).collect::<Result<Vec<_>>>()?;
        if self.json {
            return print(&json(&runs.iter().map(overview).collect::<Vec<_>>())?);
        }
        print(&runs_table(&runs))
    }
}

/// A run as every `--json` has it.
pub(crate) fn overview(run: &RunOverview) -> Value {
    serde_json::json!({ "name": run.name, "folder": run.folder, "run": run.record, "evaluation": run.evaluation })
}

/// Compare runs: figures, settings that differ, and samples
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Folders of the runs
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Write the page, with the samples of each run, to this file
    #[arg(long, value_name = "HTML")]
    out: Option<PathBuf>,
    /// Print JSON: the runs, and each setting that differs with its value in each of them
    #[arg(long)]
    json: bool,
}

impl Compare {
    pub(crate) fn run(self) -> Result<()> {
        let runs = self.runs.iter().map(|folder| RunOverview::read(folder)).collect::<Result<Vec<_>>>()?;
        if self.json {
            let differing: Map<String, Value> =
                differing(&runs).into_iter().map(|(key, of)| (key, of.into())).collect();
            let all: Vec<Value> = runs.iter().map(overview).collect();
            print(&json(&serde_json::json!({ "runs": all, "differing": differing }))?)?;
        } else {
            print(&compare_table(&runs))?;
        }
        let Some(out) = &self.out else { return Ok(()) };
        files::write(out, compare_page(&runs)?.as_bytes())?;
        // Standard output holds one value where JSON is asked for.
        if self.json { Ok(()) } else { print(&format!("{}", out.display())) }
    }
}
