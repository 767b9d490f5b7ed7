//! Fitting networks to signals.

use std::fmt::Debug;

use burn::tensor::Device;

use super::component_kind;
use crate::{Domain, Inr, Layout, Result, registry::Claim};

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
    /// `[n, points, channels]`.
    pub targets: &'a [f32],
    /// Starting weights, `[n, parameters]`.
    pub initial: Vec<f32>,
    /// A network is done when its PSNR (peak 1) reaches this many dB.
    pub stop_psnr: f64,
    /// A network that has not reached it by then stops here.
    pub max_steps: usize,
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
    /// Peak signal-to-noise ratio of each network in dB, peak 1, over its signal's points.
    pub psnr: Vec<f32>,
    /// Optimiser steps that each network took.
    pub steps: Vec<u32>,
}
