//! `fused`: our own kernels, one network at a time in each core's cache.

use equigen_core::{Error, FitJob, Fitted, Fitter, Result};
use equigen_kernels::{Coordinates, FitOptions, Goal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job;
use crate::optimiser::{self, Optimiser};

/// Fits any dense stack of sines or ReLUs by fused kernels on all cores of the host, at full batch.
///
/// Adam (Kingma and Ba 2015), with a learning rate that halves down to a floor, on the mean squared error over all points. Each network stops at the first step at which it
/// reaches the wanted PSNR, before the update, so that its weights are those that reached it. Results do not depend on the
/// number of cores. Runs on the host whatever the device of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Fused {
    /// Step size of Adam at the first step.
    pub learning_rate: f64,
    /// Decay of Adam's mean of gradients.
    pub beta1: f64,
    /// Decay of Adam's mean of squared gradients.
    pub beta2: f64,
    /// Steps in which the learning rate halves.
    pub half_life: f64,
    /// Smallest learning rate, as a share of the first; 1 keeps it constant.
    pub floor: f64,
}

impl Default for Fused {
    fn default() -> Self {
        let Optimiser { learning_rate, beta1, beta2, half_life, floor } = optimiser::DEFAULT;
        Self { learning_rate, beta1, beta2, half_life, floor }
    }
}

equigen_core::register!(Fitter, Fused);

impl Fused {
    fn optimiser(&self) -> Optimiser {
        let Self { learning_rate, beta1, beta2, half_life, floor, .. } = *self;
        Optimiser { learning_rate, beta1, beta2, half_life, floor }
    }
}

#[typetag::serde(name = "fused")]
impl Fitter for Fused {
    fn fit(&self, job: FitJob<'_>) -> Result<Fitted> {
        self.optimiser().check("fused")?;
        let n = job::networks(&job)?;
        let Some(stack) = job.inr.dense(job.layout) else {
            return Err(Error::config(format!(
                "fitter `fused`: inr `{}` is no dense stack that the kernels can run; use the fitter `autodiff`",
                job.inr.typetag_name()
            )));
        };
        let grid = job::encoded_grid(&job)?;
        let points = job.domain.points();
        if stack.widths != job.layout.widths() || grid.len() != points * stack.inputs() {
            return Err(Error::failed(format!(
                "inr `{}` contradicts itself: layout {}, dense stack {:?}, {} encoded values for {points} points",
                job.inr.typetag_name(),
                job.layout,
                stack.widths,
                grid.len()
            )));
        }
        let options = FitOptions {
            adam: self.optimiser().adam(),
            decay: Some(self.optimiser().decay()),
            max_steps: job.max_steps,
            goal: Some(Goal::Psnr(job.stop_psnr as f32)),
            ..FitOptions::default()
        };
        let mut weights = job.initial;
        let done = |_: usize| (job.progress)(1);
        let outcomes = equigen_kernels::fit(
            &stack,
            &mut weights,
            Coordinates::Shared(&grid),
            points,
            job.targets,
            &options,
            &done,
        );
        debug_assert_eq!(outcomes.len(), n);
        Ok(Fitted {
            weights,
            psnr: outcomes.iter().map(|outcome| outcome.psnr()).collect(),
            steps: outcomes.iter().map(|outcome| outcome.steps as u32).collect(),
        })
    }
}
