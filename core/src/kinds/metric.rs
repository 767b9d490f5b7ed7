//! Metrics: one set of signals compared with real ones, through a judge's features.

use std::fmt::Debug;

use super::{Judgement, component_kind};
use crate::Result;
use crate::registry::Claim;

/// Compares a set of signals with the reference.
#[typetag::serde(tag = "type")]
pub trait Metric: Debug + Send + Sync {
    /// One or more figures for the set `of`.
    ///
    /// # Errors
    /// If a set is too small for the metric.
    fn measure(&self, of: &Judgement, with: &Comparison<'_>) -> Result<Vec<Measure>>;

    /// What the component promises.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

component_kind!(Metric);

/// What a set is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'a> {
    /// Real signals of the target class that nothing was trained on.
    pub reference: &'a Judgement,
    /// Other real held-out signals of the target class, as fitted networks: the best that can be asked for.
    pub ceiling: &'a Judgement,
    /// The shots.
    pub shots: &'a Judgement,
    /// The shots repeated to the size of the sets.
    pub repeated_shots: &'a Judgement,
    /// Class number of the target.
    pub target: usize,
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
}
