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
mod fit;
mod judge;
mod pretrain;
mod sample;
mod screen;
mod split;
mod train;

pub use encoder_quality::EncoderQuality;
pub use evaluate::{Evaluation, Row};
pub use fit::FitSummary;
pub use judge::JudgeReport;
pub use sample::{Samples, sample_more};
pub use split::Split;

use serde_json::{Value, json};

use crate::Result;
use crate::config::Pipeline;
use crate::run::StageContext;

/// A stage of a run.
#[derive(Debug)]
pub struct Stage {
    /// Its name, and that of its folder.
    pub name: &'static str,
    /// The stages whose files it reads.
    pub inputs: &'static [&'static str],
    /// Whether it reads the signals themselves.
    pub reads_signals: bool,
    /// What it reads of the pipeline.
    pub settings: fn(&Pipeline) -> Value,
    /// Does it.
    pub run: fn(&StageContext<'_>) -> Result<()>,
}

/// All stages, in order.
pub const STAGES: [Stage; 9] = [
    Stage {
        name: "fit",
        inputs: &[],
        reads_signals: true,
        settings: |pipeline| json!([pipeline.fit, pipeline.inr, pipeline.data.limit]),
        run: fit::run,
    },
    Stage {
        name: "split",
        inputs: &["fit"],
        reads_signals: false,
        settings: |pipeline| {
            let data = &pipeline.data;
            json!([data.target, data.shots, data.reference, data.judge_test])
        },
        run: split::run,
    },
    Stage {
        name: "expand",
        inputs: &["fit", "split"],
        reads_signals: false,
        settings: |pipeline| json!([pipeline.expand, pipeline.fit]),
        run: expand::run,
    },
    Stage {
        name: "judge",
        inputs: &["fit", "split"],
        reads_signals: true,
        settings: |pipeline| json!(pipeline.judge),
        run: judge::run,
    },
    Stage {
        name: "pretrain",
        inputs: &["fit", "split", "expand"],
        reads_signals: false,
        settings: |pipeline| json!(pipeline.pretrain),
        run: pretrain::run,
    },
    Stage {
        name: "train",
        inputs: &["fit", "split", "expand", "pretrain"],
        reads_signals: false,
        settings: |pipeline| json!([pipeline.train, pipeline.pretrain.encoder]),
        run: train::run,
    },
    Stage {
        name: "adapt",
        inputs: &["fit", "split", "expand", "pretrain", "train"],
        reads_signals: false,
        settings: |pipeline| json!(pipeline.adapt),
        run: adapt::run,
    },
    Stage {
        name: "sample",
        inputs: &["fit", "split", "expand", "pretrain", "adapt"],
        reads_signals: false,
        settings: |pipeline| json!([pipeline.sample, pipeline.fit]),
        run: sample::run,
    },
    Stage {
        name: "evaluate",
        inputs: &["fit", "split", "expand", "judge", "pretrain", "adapt", "sample"],
        reads_signals: true,
        settings: |pipeline| json!(pipeline.evaluate),
        run: evaluate::run,
    },
];
