//! Fitting networks to signals.

use std::fmt::Debug;

use burn::tensor::Device;

use super::component_kind;
use crate::{Domain, Inr, Layout, Result, Seed, registry::Claim};

/// Fits one network to each signal.
#[typetag::serde(tag = "type")]
pub trait Fitter: Debug + Send + Sync {
    /// Fits the networks of a job.
    ///
    /// # Errors
    /// If the INR cannot be run by this fitter.
    fn fit(&self, job: FitJob<'_>) -> Result<Fitted>;

    /// What the component promises.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

component_kind!(Fitter);

/// Networks to fit. A network's result depends on its own start and target only, not on the batch around it.
pub struct FitJob<'a> {
    /// The family.
    pub inr: &'a dyn Inr,
    /// Its layout.
    pub layout: &'a Layout,
    /// Where the signals live.
    pub domain: Domain,
    /// `[n, points, columns]` of the domain.
    pub targets: &'a [f32],
    /// Starting weights, `[n, parameters]`.
    pub initial: Vec<f32>,
    /// A network is done when its quality reaches this ([`Domain::quality`]): dB, or an intersection over union.
    pub stop: f64,
    /// A network that has not reached it by then stops here.
    pub max_steps: usize,
    /// Where a fitter that looks at random points draws them from, for each network by its number.
    pub seed: Seed,
    /// Number of the first network: parts of a data set are fitted as the whole is.
    pub first: usize,
    /// For fitters that run on a device.
    pub device: Device,
    /// Called with the number of networks finished since the last call.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

/// Fitted networks.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// `[n, parameters]`.
    pub weights: Vec<f32>,
    /// How good each network is ([`Domain::quality`]): over its signal's points, or over those that test it.
    pub quality: Vec<f32>,
    /// Optimiser steps that each network took.
    pub steps: Vec<u32>,
}
