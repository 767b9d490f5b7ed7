//! `fused`: our own kernels, one network at a time in each core's cache.

use equigen_core::{Error, FitJob, Fitted, Fitter, Result};
use equigen_kernels::{Coordinates, FitOptions, Goal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job;
use crate::optimiser::Optimiser;

/// Fits any dense stack of sines or ReLUs by fused kernels on all cores of the host, at full batch.
///
/// On the mean squared error over all points, by K-FAC after a start by Adam, or by Adam alone. Each network stops at the
/// first step at which it reaches the wanted PSNR, before the update, so that its weights are those that reached it. Results
/// do not depend on the number of cores. Runs on the host whatever the device of the run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Fused {
    /// What steps the weights.
    pub optimiser: Optimiser,
}

equigen_core::register!(Fitter, Fused);

#[typetag::serde(name = "fused")]
impl Fitter for Fused {
    fn fit(&self, job: FitJob<'_>) -> Result<Fitted> {
        self.optimiser.check("fused")?;
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
            adam: self.optimiser.adam().kernel(),
            kfac: self.optimiser.kfac(),
            decay: Some(self.optimiser.adam().decay()),
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
