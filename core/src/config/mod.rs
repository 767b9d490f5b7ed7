//! The pipeline file: what it may say, and how it is read.

mod check;
#[cfg(test)]
mod check_tests;
mod load;
mod pipeline;
mod schema;

pub use load::{LoadOptions, load, parse, plugins};
pub use pipeline::{
    Adapt, Condition, Data, Evaluate, Expand, Fit, Init, Label, Pipeline, Pretrain, Report, Sample, Schedule, Train,
};
pub use schema::{pipeline_schema, resolve_component};
