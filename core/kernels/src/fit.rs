//! Fitting of many small networks, each to its own signal, in cache: on all points at every step, or on random ones.

use std::ops::Range;

use rayon::prelude::*;

use crate::adam::{Adam, Moments};
use crate::batch::{Batch, Drawn, Examples, spread_order};
use crate::kfac::{Handover, Kfac, Second};
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
    /// Adam, which starts every fit.
    pub adam: Adam,
    /// What takes over from Adam, with squared errors over all points; nothing if absent.
    pub kfac: Option<Kfac>,
    /// How Adam's learning rate falls; constant if absent.
    pub decay: Option<Decay>,
    /// Updates of a network at most; those that were undone do not count.
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
        Self {
            loss: Loss::SquaredError,
            batch: None,
            adam: Adam::default(),
            kfac: None,
            decay: None,
            max_steps: 1_000,
            goal: None,
        }
    }
}

impl FitOptions {
    /// The fastest settings found for a SIREN 2-32-32-1 on 28 x 28 strokes in [0, 1]: from the standard initialisation
    /// Adam alone reaches 35 and 40 dB in 60 and 55 % of the steps that a constant rate of 5e-3 with β 0.9 and 0.99 takes,
    /// and with K-FAC after it in 70 % of its time.
    pub fn fast_siren(max_steps: usize, stop_psnr: Option<f32>) -> Self {
        let adam = Adam { learning_rate: 1e-2, beta1: 0.8, beta2: 0.95, epsilon: 1e-8 };
        let decay = Some(Decay { half_life: 20.0, floor: 0.1 });
        let kfac = Some(Kfac::default());
        Self { adam, kfac, decay, max_steps, goal: stop_psnr.map(Goal::Psnr), ..Self::default() }
    }
}

/// How the fit of one network ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitOutcome {
    /// Updates that led to the returned weights; without those that were undone, and one on half of the points counts as one.
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
/// If the stack is contradictory, a length does not fit, the goal belongs to another loss, K-FAC is asked for with another
/// loss or random points, or there are no points.
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
    assert!(
        options.kfac.is_none() || options.loss == Loss::SquaredError && options.batch.is_none(),
        "K-FAC is for squared errors over all points"
    );
    let plan = Plan::new(stack, set.lanes());
    let (size, outputs) = (points * stack.inputs(), stack.outputs());
    let fits = weights.par_chunks_mut(stack.parameters()).zip(targets.par_chunks(points * outputs)).enumerate();
    let order = if options.kfac.is_some() { spread_order(points) } else { vec![] };
    let init = || {
        let fitter = Fitter::new(&plan, step_points);
        let second = options.kfac.map(|kfac| Second::new(&plan, &order, fitter.block, kfac));
        (fitter, second)
    };
    // One network is a task: some stop early, and idle cores take over the rest.
    let outcomes = fits.with_max_len(1).map_init(init, |(fitter, second), (index, (weights, targets))| {
        fitter.network.set_parameters(weights);
        fitter.moments.reset();
        let examples = Examples::new(coordinates.of(index, size), targets, outputs, options.batch, index);
        let outcome = match second {
            Some(second) => dispatch(set, Handover { fitter, second, examples, options }),
            None => dispatch(set, Fit { fitter, examples, options }),
        };
        plan.unpack(&fitter.network.parameters, weights, false);
        done(index);
        outcome
    });
    outcomes.collect()
}

/// What one thread needs to fit.
pub(crate) struct Fitter<'a> {
    pub(crate) network: Network<'a>,
    pub(crate) moments: Moments,
    drawn: Drawn,
    /// Points of a block.
    block: usize,
    /// Values at all points, `[points, outputs]`; empty if nobody needs them.
    pub(crate) values: Vec<f32>,
}

impl<'a> Fitter<'a> {
    fn new(plan: &'a Plan, points: usize) -> Self {
        let block = block_points(plan, points);
        let network = Network::new(plan, block);
        Self { network, moments: Moments::zeros(plan), drawn: Drawn::default(), block, values: vec![] }
    }
}

/// The fit of one network by Adam.
struct Fit<'a, 'b> {
    fitter: &'a mut Fitter<'b>,
    examples: Examples<'a>,
    options: &'a FitOptions,
}

impl Kernel for Fit<'_, '_> {
    type Output = FitOutcome;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> FitOutcome {
        let Self { fitter, examples, options } = self;
        let FitOptions { loss, max_steps, goal, .. } = *options;
        let points = examples.points();
        let values = points * fitter.network.plan.output().outputs;
        let mut steps = 0;
        loop {
            // Whether this is the last look at the network is known before its gradients are computed in one case only.
            let last = steps >= max_steps;
            fitter.prepare(s, !last);
            let measured = fitter.measure(s, &examples, steps, 0..points, loss, !last);
            if last || goal.is_some_and(|goal| goal.reached(&measured, values)) {
                let iou = loss.tells_occupied().then(|| measured.iou());
                return FitOutcome { steps, loss: measured.loss(values), iou };
            }
            fitter.adam(s, options, steps);
            steps += 1;
        }
    }
}

impl Fitter<'_> {
    /// Makes ready to measure the network as it is now.
    #[inline(always)]
    pub(crate) fn prepare<S: Simd>(&mut self, s: S, gradients: bool) {
        self.network.gradients.fill(0.0);
        self.network.refresh(s, gradients);
    }

    /// Sums over a part of the points of a step; adds their share to the network's gradients, packed, if `gradients`.
    #[inline(always)]
    pub(crate) fn measure<S: Simd>(
        &mut self,
        s: S,
        examples: &Examples<'_>,
        step: usize,
        part: Range<usize>,
        loss: Loss,
        gradients: bool,
    ) -> Measured {
        let Self { network, drawn, block, values, .. } = self;
        let outputs = network.plan.output().outputs;
        let all = examples.points() * outputs;
        let mut measured = Measured::default();
        for first in part.clone().step_by(*block) {
            let part = first..(first + *block).min(part.end);
            let (coordinates, targets) = examples.block(step, part, drawn);
            let rows = network.set_coordinates(s, coordinates);
            network.forward(s, rows);
            loss.add(s, &network.values, targets, all, &mut network.value_gradients, &mut measured);
            if gradients {
                network.value_gradients[targets.len()..rows * outputs].fill(0.0);
                network.backward(s, rows, false);
            }
            if !values.is_empty() {
                values[first * outputs..][..targets.len()].copy_from_slice(&network.values[..targets.len()]);
            }
        }
        measured
    }

    /// One step of Adam at the rate that follows from the `steps` before.
    #[inline(always)]
    pub(crate) fn adam<S: Simd>(&mut self, s: S, options: &FitOptions, steps: usize) {
        let FitOptions { adam, decay, .. } = options;
        let factor = decay.map_or(1.0, |decay| decay.factor(steps));
        self.moments.update(s, &mut self.network, adam, adam.learning_rate * factor);
    }
}
