//! `fused`: our own kernels, one network at a time in each core's cache.

use equigen_core::{Domain, Error, Field, FitJob, Fitted, Fitter, Result};
use equigen_kernels::{Batch, FitOptions, Goal, Loss};
use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::{self, Examples};
use crate::optimiser::Optimiser;

/// Fits any dense stack of sines or ReLUs by fused kernels on all cores of the host.
///
/// On the mean squared error over all points of a grid, by K-FAC after a start by Adam, or by Adam alone; on random points, and on
/// shapes, by Adam alone. Each network stops at the first step whose points show the wanted quality, before
/// the update, so that its weights are those that reached it. Results do not depend on the number of cores. Runs on the host
/// whatever the device of the run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Fused {
    /// What steps the weights.
    pub optimiser: Optimiser,
    /// Points of a step, drawn at random; all by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
}

equigen_core::register!(Fitter, Fused);

#[typetag::serde(name = "fused")]
impl Fitter for Fused {
    fn fit(&self, mut job: FitJob<'_>) -> Result<Fitted> {
        self.optimiser.check("fused")?;
        if self.batch == Some(0) {
            let text = "fitter `fused`: `batch` = 0: give a number of points, such as 2048, or leave it out";
            return Err(Error::config(text));
        }
        let n = job::networks(&job)?;
        let Some(stack) = job.inr.dense(job.layout) else {
            return Err(Error::config(format!(
                "fitter `fused`: inr `{}` is no dense stack that the kernels can run; use the fitter `autodiff`",
                job.inr.typetag_name()
            )));
        };
        let domain = job.domain;
        let mut fitted = Examples::of(&job, 0..domain.fitted_points());
        if domain.has_own_points() {
            domain.wanted_values(fitted.values.to_mut());
        }
        let coordinates = fitted.encoded(&job, n)?;
        let inputs = coordinates.inputs(n, fitted.points);
        if stack.widths != job.layout.widths() || (n > 0 && inputs != stack.inputs()) {
            return Err(Error::failed(format!(
                "inr `{}` contradicts itself: layout {}, dense stack {:?}, {inputs} encoded values for a point",
                job.inr.typetag_name(),
                job.layout,
                stack.widths,
            )));
        }
        let (loss, goal) = match domain {
            Domain::Image { .. } => (Loss::SquaredError, Goal::Psnr(job.stop as f32)),
            Domain::Shape { field: Field::Occupancy, .. } => (Loss::CrossEntropy, Goal::Iou(job.stop as f32)),
            Domain::Shape { field: Field::SignedDistance, .. } => (Loss::SignedDistance, Goal::Iou(job.stop as f32)),
        };
        let seed = job.seed.stream(0).random();
        let options = FitOptions {
            loss,
            batch: self.batch.map(|points| Batch { points, seed, first: job.first as u64 }),
            adam: self.optimiser.adam().kernel(),
            kfac: if loss == Loss::SquaredError && self.batch.is_none() { self.optimiser.kfac() } else { None },
            decay: Some(self.optimiser.adam().decay()),
            max_steps: job.max_steps,
            goal: Some(goal),
        };
        let mut weights = std::mem::take(&mut job.initial);
        let done = |_: usize| (job.progress)(1);
        let (at, values) = (coordinates.coordinates(), &fitted.values);
        let outcomes = equigen_kernels::fit(&stack, &mut weights, at, fitted.points, values, &options, &done);
        debug_assert_eq!(outcomes.len(), n);
        // The last look of a fit was at all points of a grid, unless it sees random ones.
        let quality = match domain {
            Domain::Image { .. } if self.batch.is_none() => outcomes.iter().map(|outcome| outcome.psnr()).collect(),
            _ => {
                let tested = Examples::of(&job, domain.fitted_points()..domain.points());
                let coordinates = tested.encoded(&job, n)?;
                let mut values = vec![0.0; tested.values.len()];
                equigen_kernels::forward(&stack, &weights, coordinates.coordinates(), tested.points, &mut values);
                domain.read_values(&mut values);
                job::qualities(&domain, &values, &tested.values, tested.points)
            }
        };
        let steps = outcomes.iter().map(|outcome| outcome.steps as u32).collect();
        Ok(Fitted { weights, quality, steps })
    }
}
