//! `equigen sweep`: one pipeline under several settings, and one table.

use std::path::{Path, PathBuf};

use clap::Args;
use equigen_core::config::{LoadOptions, plugins};
use equigen_core::run::{Options, execute};
use equigen_core::sweep::{Sweep as File, Variant, figures, rows};
use equigen_core::{Result, files, report};

use super::{Plugins, json, print, run_folder};
use crate::output::note;
use crate::progress::Bars;

/// Run a pipeline under several settings; stages that they share are done once, and one table holds all figures
#[derive(Debug, Args)]
pub(crate) struct Sweep {
    /// The sweep file
    sweep: PathBuf,
    /// Set a key of every run, after the sweep's own settings
    #[arg(short, long = "set", value_name = "KEY.PATH=VALUE")]
    set: Vec<String>,
    /// Folder of the sweep, with a run for each setting [default: runs/NAME, NAME being the sweep file's]
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Print what would be run, and run nothing
    #[arg(long)]
    dry_run: bool,
    /// Print JSON: with `--dry-run` the runs and their settings, otherwise the rows of the table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    plugins: Plugins,
}

impl Sweep {
    pub(crate) fn run(self) -> Result<()> {
        let sweep = File::load(&self.sweep)?;
        let variants = sweep.variants();
        let folder = run_folder(self.run, &self.sweep)?;
        let registry = self.plugins.registry(&plugins(&sweep.pipeline, &LoadOptions::default())?)?;
        // Every setting is read before the first run begins: a typing error in the last is no reason to lose a night.
        let mut pipelines = Vec::new();
        for variant in &variants {
            let set = LoadOptions { set: [&variant.set[..], &self.set[..]].concat() };
            let pipeline = self.plugins.load(&sweep.pipeline, &set, &registry);
            let pipeline = pipeline.map_err(|error| error.within(variant.name()))?;
            pipelines.push((variant, pipeline));
        }
        if self.dry_run && self.json {
            let named = |variant: &Variant| serde_json::json!({ "name": variant.name(), "set": variant.set });
            return print(&json(&variants.iter().map(named).collect::<Vec<_>>())?);
        }
        if self.dry_run {
            return variants
                .iter()
                .try_for_each(|variant| print(&format!("{}: {}", variant.name(), variant.set.join(" "))));
        }
        share_store(&folder)?;
        let options = Options { until: sweep.until.clone(), ..Options::default() };
        let mut done = Vec::new();
        for (variant, pipeline) in &pipelines {
            note(&format!("{} ({} of {})", variant.name(), done.len() + 1, variants.len()));
            let run = folder.join(variant.name());
            execute(pipeline, &run, &options, &registry, &Bars::new()).map_err(|error| error.within(variant.name()))?;
            if run.join("evaluate").exists() {
                report::write(&run)?;
            }
            done.push(((*variant).clone(), figures(&run)?));
            // After each run, so that a long sweep can be looked at, and stopped.
            let rows = rows(&done);
            files::write(&folder.join("table.md"), (report::sweep_table(&sweep, &rows) + "\n").as_bytes())?;
            files::write(&folder.join("table.csv"), report::sweep_csv(&sweep, &rows).as_bytes())?;
            let page = report::sweep_page(&sweep, &rows, &folder, &variants)?;
            files::write(&folder.join("report.html"), page.as_bytes())?;
        }
        if self.json {
            return print(&json(&rows(&done))?);
        }
        print(&report::sweep_table(&sweep, &rows(&done)))?;
        print(&format!("{}", folder.join("report.html").display()))
    }
}

/// The store beside a sweep's runs is the one beside the sweep, so that what other runs have made is not made again.
fn share_store(folder: &Path) -> Result<()> {
    fs_err::create_dir_all(folder)?;
    let link = folder.join(".store");
    if link.exists() {
        return Ok(());
    }
    fs_err::create_dir_all(folder.join("../.store"))?;
    Ok(std::os::unix::fs::symlink("../.store", link)?)
}
