//! The pipeline file: what it may say, and how it is read.

mod check;
#[cfg(test)]
mod check_tests;
mod data;
mod fit;
mod learn;
mod load;
mod pipeline;
mod sample;
mod schedule;
mod schema;

pub use data::{Data, Label};
pub use fit::{Expand, Fit, Init};
pub use learn::{Adapt, Condition, Pretrain, Train};
pub use load::{LoadOptions, load, parse, plugins};
pub use pipeline::{Evaluate, Pipeline, Report};
pub use sample::Sample;
pub use schedule::Schedule;
pub use schema::{pipeline_schema, resolve_component};
