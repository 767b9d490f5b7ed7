//! Metrics: one set of signals compared with real ones, through a judge's features.

use std::fmt::Debug;
use std::path::Path;

use burn::tensor::Device;

use super::{JudgeModel, Judgement, component_kind};
use crate::registry::Claim;
use crate::{Domain, Result};

/// Compares a set of signals with the reference.
#[typetag::serde(tag = "type")]
pub trait Metric: Debug + Send + Sync {
    /// One or more figures for the set `of`.
    ///
    /// # Errors
    /// If a set is too small for the metric.
    fn measure(&self, of: &Judgement, with: &Comparison<'_>) -> Result<Vec<Measure>>;

    /// Makes relative paths absolute: they are relative to the folder of the pipeline file.
    fn resolve(&mut self, _folder: &Path) {}

    /// Of a metric that reads files: a text that changes when its settings or these files do, without their paths.
    ///
    /// # Errors
    /// If a file cannot be read.
    fn fingerprint(&self) -> Result<Option<String>> {
        Ok(None)
    }

    /// Whose features [`Metric::measure`] is given of signals of a domain.
    ///
    /// # Errors
    /// If a file does not hold what it should, or the metric cannot look at this domain.
    fn sight(&self, _domain: Domain, _device: &Device) -> Result<Sight> {
        Ok(Sight::Judge)
    }

    /// What the component promises.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

component_kind!(Metric);

/// Through whose eyes a metric sees the sets.
pub enum Sight {
    /// Those of the pipeline's judge.
    Judge,
    /// Its own.
    Own(Box<dyn JudgeModel>),
    /// Nobody's: it is not computed, for this reason.
    Missing(&'static str),
}

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
