//! The stages of a run, in order: signals become networks, networks features, features new networks, those figures.
//!
//! A stage is a function from its inputs' files to its own. What it reads of the pipeline and which stages it reads are
//! declared beside it, because they make its key.

mod adapt;
mod data;
mod deform;
mod encoder_quality;
mod evaluate;
mod expand;
mod figures;
mod fit;
mod judge;
mod pieces;
mod pretrain;
mod regauge;
mod sample;
mod screen;
mod split;
mod start;
mod train;
mod walk;

pub use encoder_quality::EncoderQuality;
pub use evaluate::{Evaluation, Row};
use figures::in_metric;
pub use fit::FitSummary;
pub(crate) use fit::join_fits;
pub use judge::JudgeReport;
pub(crate) use regauge::{INPUTS as REGAUGED, regauge};
pub use sample::{Samples, sample_more};
pub use split::Split;
pub use walk::Walk;

use serde_json::{Value, json};

use crate::Result;
use crate::config::{Data, Init, Pipeline};
use crate::run::StageContext;

/// A stage of a run.
#[derive(Debug)]
pub struct Stage {
    /// Its name, and that of its folder.
    pub name: &'static str,
    /// Part of its key: raised when its output changes for equal settings.
    pub format: u32,
    /// The stages whose files it reads.
    pub inputs: &'static [&'static str],
    /// Whether it reads the signals themselves.
    pub reads_signals: bool,
    /// What it reads of the pipeline.
    pub settings: fn(&Pipeline) -> Result<Value>,
    /// Does it.
    pub run: fn(&StageContext<'_>) -> Result<()>,
}

/// All stages, in order.
pub const STAGES: [Stage; 9] = [
    Stage { name: "fit", format: 4, inputs: &[], reads_signals: true, settings: fitted, run: fit::run },
    Stage {
        name: "split",
        format: 2,
        inputs: &["fit"],
        reads_signals: false,
        settings: |pipeline| Ok(divided(&pipeline.data)),
        run: split::run,
    },
    Stage {
        name: "expand",
        format: 4,
        inputs: &["fit", "split"],
        reads_signals: false,
        settings: |pipeline| Ok(json!([pipeline.expand, pipeline.fit])),
        run: expand::run,
    },
    Stage {
        name: "judge",
        format: 3,
        inputs: &["fit", "split"],
        reads_signals: true,
        settings: |pipeline| Ok(json!(pipeline.judge)),
        run: judge::run,
    },
    Stage {
        name: "pretrain",
        format: 4,
        inputs: &["fit", "split", "expand"],
        reads_signals: false,
        settings: |pipeline| trained(pipeline, json!(pipeline.pretrain)),
        run: pretrain::run,
    },
    Stage {
        name: "train",
        format: 3,
        inputs: &["fit", "split", "expand", "pretrain"],
        reads_signals: false,
        settings: |pipeline| trained(pipeline, json!([pipeline.train, pipeline.pretrain.encoder])),
        run: train::run,
    },
    Stage {
        name: "adapt",
        format: 3,
        inputs: &["fit", "split", "expand", "pretrain", "train"],
        reads_signals: false,
        settings: |pipeline| trained(pipeline, json!(pipeline.adapt)),
        run: adapt::run,
    },
    Stage {
        name: "sample",
        format: 4,
        inputs: &["fit", "split", "expand", "pretrain", "adapt"],
        reads_signals: false,
        settings: |pipeline| Ok(json!([pipeline.sample, pipeline.fit])),
        run: sample::run,
    },
    Stage {
        name: "evaluate",
        format: 3,
        inputs: &["fit", "split", "expand", "judge", "pretrain", "adapt", "sample"],
        reads_signals: true,
        settings: measured,
        run: evaluate::run,
    },
];

/// The settings of the fits. Which class is the target does not matter to them, unless they start from where those of source
/// signals led.
fn fitted(pipeline: &Pipeline) -> Result<Value> {
    let settings = json!([pipeline.fit, pipeline.inr, pipeline.data.limit]);
    Ok(if pipeline.fit.init == Init::Meta { json!([settings, pipeline.data.target]) } else { settings })
}

/// The settings of the division into parts.
fn divided(data: &Data) -> Value {
    let settings = json!([data.target, data.shots, data.reference, data.judge_test]);
    match data.draw {
        Some(draw) => json!([settings, draw]),
        None => settings,
    }
}

/// The settings of a stage that trains in the precision of the pipeline.
fn trained(pipeline: &Pipeline, settings: Value) -> Result<Value> {
    Ok(if pipeline.precision.is_single() { settings } else { json!([settings, pipeline.precision]) })
}

/// The settings of the figures. A metric that reads files stands there by its fingerprint, as signals do.
fn measured(pipeline: &Pipeline) -> Result<Value> {
    let mut settings = json!(pipeline.evaluate);
    for (i, metric) in pipeline.evaluate.metrics.iter().enumerate() {
        if let Some(fingerprint) = metric.fingerprint().map_err(|error| in_metric(error, i))? {
            settings["metrics"][i] = json!({ "type": metric.typetag_name(), "of": fingerprint });
        }
    }
    Ok(settings)
}
