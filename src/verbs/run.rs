//! `equigen run`: a pipeline, from signals to report.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use equigen_core::config::{LoadOptions, Pipeline, plugins};
use equigen_core::report::RunOverview;
use equigen_core::run::{Options, Shard, execute, planned_until, store_folder};
use equigen_core::stages::Evaluation;
use equigen_core::{Result, report};
use serde::Serialize;

use super::runs::overview;
use super::{Plugins, json, print, run_folder};
use crate::progress::Bars;

/// Run a pipeline, from signals to report; stages that are done are not run again
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The pipeline file
    pipeline: PathBuf,
    /// Set a key: `-s train.schedule.steps=100` (the value is TOML, or else a text)
    #[arg(short, long = "set", value_name = "KEY.PATH=VALUE")]
    set: Vec<String>,
    /// Folder of the run [default: runs/NAME, NAME being the pipeline file's]
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Stop after this stage: fit, split, expand, judge, pretrain, train, adapt, sample, evaluate
    #[arg(long, value_name = "STAGE")]
    until: Option<String>,
    /// With `--until fit`: fit only the I-th of N parts of the signals; `equigen zoo join` joins them
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Redo stages that are done
    #[arg(long)]
    force: bool,
    /// Print what would be done and what comes from the store, and do nothing
    #[arg(long, conflicts_with = "shard")]
    dry_run: bool,
    /// Print JSON: with `--dry-run` the plan, otherwise the run and its figures
    #[arg(long, conflicts_with = "shard")]
    json: bool,
    /// Seconds between checkpoints of training: what a kill loses at most
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    checkpoint_seconds: f64,
    /// Device: flex, libtorch, libtorch:cuda:N; `equigen devices` lists what is here
    #[arg(long)]
    device: Option<String>,
    #[command(flatten)]
    plugins: Plugins,
}

impl Run {
    pub(crate) fn run(self) -> Result<()> {
        let mut set = self.set;
        set.extend(self.device.map(|device| format!("device={device:?}")));
        let set = LoadOptions { set };
        let registry = self.plugins.registry(&plugins(&self.pipeline, &set)?)?;
        let pipeline = self.plugins.load(&self.pipeline, &set, &registry)?;
        let folder = run_folder(self.run, &self.pipeline)?;
        let checkpoint_every = Duration::from_secs_f64(self.checkpoint_seconds.max(0.0));
        let options = Options { until: self.until, force: self.force, shard: self.shard, checkpoint_every };
        if self.dry_run {
            return dry_run(&pipeline, &folder, &options, self.json);
        }
        let bars = Bars::new();
        execute(&pipeline, &folder, &options, &registry, &bars)?;
        let evaluated = folder.join("evaluate");
        let finished = options.until.is_none() && evaluated.exists();
        if finished {
            report::write(&folder)?;
        }
        if self.json {
            return print(&json(&overview(&RunOverview::read(&folder)?))?);
        }
        if !finished {
            return print(&format!("{}", folder.display()));
        }
        print(&report::table(&Evaluation::read(&evaluated)?))?;
        print(&format!("{}", folder.join("report.html").display()))
    }
}

/// A stage that would be run.
#[derive(Serialize)]
struct Step {
    stage: &'static str,
    state: &'static str,
    key: String,
}

/// One line a stage: its key, and whether the store has it.
fn dry_run(pipeline: &Pipeline, folder: &Path, options: &Options, as_json: bool) -> Result<()> {
    let store = store_folder(folder);
    let mut steps = Vec::new();
    for planned in planned_until(pipeline, options)? {
        let key = &planned.key;
        let state = if options.force {
            "to do"
        } else if store.join(key).is_dir() {
            "from the store"
        } else if store.join(format!("{key}.partial")).is_dir() {
            "to go on with"
        } else {
            "to do"
        };
        steps.push(Step { stage: planned.stage.name, state, key: key.clone() });
    }
    if as_json {
        return print(&json(&steps)?);
    }
    steps.iter().try_for_each(|Step { stage, state, key }| print(&format!("{stage:<8}  {state:<14}  {key}")))
}
