//! Fitting of many small networks, each to its own signal, in cache: on all points at every step, or on random ones.

use rayon::prelude::*;

use crate::adam::{Adam, Moments};
use crate::batch::{Batch, Drawn, Examples};
use crate::loss::{Goal, Loss, Measured};
use crate::network::{Network, block_points};
use crate::plan::Plan;
use crate::render::check_values;
use crate::simd::{InstructionSet, Kernel, Simd, dispatch};
use crate::stack::{Coordinates, DenseStack, networks};

/// What to make small, how long and how fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitOptions {
    /// What is made small.
    pub loss: Loss,
    /// The points of a step: random ones, or all if absent.
    pub batch: Option<Batch>,
    /// The optimiser.
    pub adam: Adam,
    /// How the learning rate falls; constant if absent.
    pub decay: Option<Decay>,
    /// Updates of a network at most.
    pub max_steps: usize,
    /// Where a network stops before that.
    pub goal: Option<Goal>,
}

/// A learning rate that halves again and again, down to a fraction of the first one: late steps stop oscillating around
/// the optimum, and the floor keeps hard signals moving.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay {
    /// Steps in which the learning rate halves.
    pub half_life: f32,
    /// Smallest fraction of the initial learning rate.
    pub floor: f32,
}

impl Decay {
    /// Fraction of the initial learning rate after `updates` updates.
    pub fn factor(&self, updates: usize) -> f32 {
        (-(updates as f32) / self.half_life).exp2().max(self.floor)
    }
}

impl Default for FitOptions {
    /// 1,000 steps of [`Adam::default`] at a constant rate on the squared error over all points.
    fn default() -> Self {
        Self { loss: Loss::SquaredError, batch: None, adam: Adam::default(), decay: None, max_steps: 1_000, goal: None }
    }
}

impl FitOptions {
    /// The fastest settings found for a SIREN 2-32-32-1 on 28 x 28 strokes in [0, 1]: from the standard initialisation
    /// they reach 35 and 40 dB in 60 and 55 % of the steps that a constant rate of 5e-3 with β 0.9 and 0.99 takes.
    pub fn fast_siren(max_steps: usize, stop_psnr: Option<f32>) -> Self {
        let adam = Adam { learning_rate: 1e-2, beta1: 0.8, beta2: 0.95, epsilon: 1e-8 };
        let decay = Some(Decay { half_life: 20.0, floor: 0.1 });
        Self { adam, decay, max_steps, goal: stop_psnr.map(Goal::Psnr), ..Self::default() }
    }
}

/// How the fit of one network ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitOutcome {
    /// Updates made.
    pub steps: usize,
    /// Mean loss of the returned weights over outputs and points: all, or one more random batch.
    pub loss: f32,
    /// Intersection over union there, of cross-entropy; 1 where nothing is occupied.
    pub iou: Option<f32>,
}

impl FitOutcome {
    /// Peak signal-to-noise ratio of the returned weights in dB, for a peak of 1, if the loss is the squared error.
    pub fn psnr(&self) -> f32 {
        -10.0 * self.loss.log10()
    }
}

/// Fits `n` networks to `targets` `[n, points, outputs]`.
///
/// `weights` `[n, parameters]` holds the initial parameters, then the fitted ones. Coordinates are `[points, inputs]`,
/// before any encoding, of all networks or of each; of a batch's random points as well. `done` is called with its index
/// after each network, from any thread. Networks are shared between the cores; each result depends on its own inputs alone.
///
/// # Panics
/// If the stack is contradictory, a length does not fit, the goal belongs to another loss, or there are no points.
pub fn fit(
    stack: &DenseStack,
    weights: &mut [f32],
    coordinates: Coordinates<'_>,
    points: usize,
    targets: &[f32],
    options: &FitOptions,
    done: &(dyn Fn(usize) + Sync),
) -> Vec<FitOutcome> {
    fit_on(InstructionSet::best(), stack, weights, coordinates, points, targets, options, done)
}

/// [`fit`] on a given instruction set.
///
/// # Panics
/// As [`fit`], and if the processor lacks the set.
#[allow(clippy::too_many_arguments)]
pub(crate) fn fit_on(
    set: InstructionSet,
    stack: &DenseStack,
    weights: &mut [f32],
    coordinates: Coordinates<'_>,
    points: usize,
    targets: &[f32],
    options: &FitOptions,
    done: &(dyn Fn(usize) + Sync),
) -> Vec<FitOutcome> {
    let n = networks(stack, weights);
    coordinates.check(stack, n, points);
    check_values("targets", targets, n, points, stack);
    let step_points = options.batch.map_or(points, |batch| batch.points);
    assert!(points > 0 && step_points > 0, "a fit needs points");
    if let Some(goal) = options.goal {
        goal.check(options.loss);
    }
    let plan = Plan::new(stack, set.lanes());
    let (size, outputs) = (points * stack.inputs(), stack.outputs());
    let fits = weights.par_chunks_mut(stack.parameters()).zip(targets.par_chunks(points * outputs)).enumerate();
    let init = || Fitter::new(&plan, step_points);
    // One network is a task: some stop early, and idle cores take over the rest.
    let outcomes = fits.with_max_len(1).map_init(init, |fitter, (index, (weights, targets))| {
        fitter.network.set_parameters(weights);
        let examples = Examples::new(coordinates.of(index, size), targets, outputs, options.batch, index);
        let outcome = dispatch(set, Fit { fitter, examples, options });
        plan.unpack(&fitter.network.parameters, weights, false);
        done(index);
        outcome
    });
    outcomes.collect()
}

/// What one thread needs to fit.
struct Fitter<'a> {
    network: Network<'a>,
    moments: Moments,
    drawn: Drawn,
}

impl<'a> Fitter<'a> {
    fn new(plan: &'a Plan, points: usize) -> Self {
        let network = Network::new(plan, block_points(plan, points));
        Self { network, moments: Moments::zeros(plan), drawn: Drawn::default() }
    }
}

/// The fit of one network.
struct Fit<'a, 'b> {
    fitter: &'a mut Fitter<'b>,
    examples: Examples<'a>,
    options: &'a FitOptions,
}

impl Kernel for Fit<'_, '_> {
    type Output = FitOutcome;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> FitOutcome {
        let Self { fitter, examples, options: FitOptions { loss, adam, decay, max_steps, goal, .. } } = self;
        let values = examples.points() * fitter.network.plan.output().outputs;
        fitter.moments.reset();
        let mut steps = 0;
        loop {
            // Whether this is the last look at the network is known before its gradients are computed in one case only.
            let last = steps >= *max_steps;
            let measured = fitter.measure(s, &examples, steps, *loss, !last);
            if last || goal.is_some_and(|goal| goal.reached(&measured, values)) {
                let iou = (*loss == Loss::CrossEntropy).then(|| measured.iou());
                return FitOutcome { steps, loss: measured.loss(values), iou };
            }
            let factor = decay.map_or(1.0, |decay| decay.factor(steps));
            steps += 1;
            let step = adam.step(steps as u32, adam.learning_rate * factor);
            fitter.moments.update(s, &mut fitter.network, &step);
        }
    }
}

impl Fitter<'_> {
    /// Sums over the points of a step; leaves the network's gradients packed if `gradients`.
    #[inline(always)]
    fn measure<S: Simd>(
        &mut self,
        s: S,
        examples: &Examples<'_>,
        step: usize,
        loss: Loss,
        gradients: bool,
    ) -> Measured {
        let Self { network, drawn, .. } = self;
        let outputs = network.plan.output().outputs;
        let points = examples.points();
        let block = block_points(network.plan, points);
        network.gradients.fill(0.0);
        network.refresh(s, gradients);
        let mut measured = Measured::default();
        for first in (0..points).step_by(block) {
            let part = first..(first + block).min(points);
            let (coordinates, targets) = examples.block(step, part, drawn);
            let rows = network.set_coordinates(s, coordinates);
            network.forward(s, rows);
            loss.add(s, &network.values, targets, points * outputs, &mut network.value_gradients, &mut measured);
            if gradients {
                network.value_gradients[targets.len()..rows * outputs].fill(0.0);
                network.backward(s, rows, false);
            }
        }
        measured
    }
}
