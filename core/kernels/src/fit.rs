//! Fitting of many small networks, each to its own signal, at full batch and in cache.

use rayon::prelude::*;

use crate::adam::{Adam, Update};
use crate::buffer::Buffer;
use crate::network::{Network, block_points};
use crate::plan::Plan;
use crate::render::check_values;
use crate::simd::{InstructionSet, Kernel, Simd, dispatch};
use crate::stack::{Coordinates, DenseStack, networks};

/// How long and how fast to fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitOptions {
    /// The optimiser.
    pub adam: Adam,
    /// Updates of a network at most.
    pub max_steps: usize,
    /// PSNR in dB, for a peak of 1, at which a network stops: at the first step whose loss, before the update, reaches it.
    pub stop_psnr: Option<f32>,
    /// How the learning rate falls; constant if absent.
    pub decay: Option<Decay>,
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

impl FitOptions {
    /// The fastest settings found for a SIREN 2-32-32-1 on 28 x 28 strokes in [0, 1]: from the standard initialisation
    /// they reach 35 and 40 dB in 60 and 55 % of the steps that a constant rate of 5e-3 with β 0.9 and 0.99 takes.
    pub fn fast_siren(max_steps: usize, stop_psnr: Option<f32>) -> Self {
        let adam = Adam { learning_rate: 1e-2, beta1: 0.8, beta2: 0.95, epsilon: 1e-8 };
        Self { adam, max_steps, stop_psnr, decay: Some(Decay { half_life: 20.0, floor: 0.1 }) }
    }
}

/// How the fit of one network ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitOutcome {
    /// Updates made.
    pub steps: usize,
    /// Mean squared error of the returned weights over points and outputs.
    pub mse: f32,
}

impl FitOutcome {
    /// Peak signal-to-noise ratio of the returned weights in dB, for a peak of 1.
    pub fn psnr(&self) -> f32 {
        -10.0 * self.mse.log10()
    }
}

/// Fits `n` networks to `targets` `[n, points, outputs]` by Adam on the mean squared error over all points.
///
/// `weights` `[n, parameters]` holds the initial parameters, then the fitted ones. `done` is called with its index after
/// each network, from any thread. Networks are shared between the cores; each result depends on its own inputs alone.
///
/// # Panics
/// If the stack is contradictory, a length does not fit, or there are no points.
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
    assert!(points > 0, "a fit needs points");
    let plan = Plan::new(stack, set.lanes());
    let size = points * stack.inputs();
    let fits = weights.par_chunks_mut(stack.parameters()).zip(targets.par_chunks(points * stack.outputs())).enumerate();
    let init = || Fitter::new(&plan, points);
    // One network is a task: some stop early, and idle cores take over the rest.
    let outcomes = fits.with_max_len(1).map_init(init, |fitter, (index, (weights, targets))| {
        fitter.network.set_parameters(weights);
        let coordinates = coordinates.of(index, size);
        let outcome = dispatch(set, Fit { fitter, coordinates, targets, options });
        plan.unpack(&fitter.network.parameters, weights, false);
        done(index);
        outcome
    });
    outcomes.collect()
}

/// What one thread needs to fit.
struct Fitter<'a> {
    network: Network<'a>,
    m: Buffer,
    v: Buffer,
}

impl<'a> Fitter<'a> {
    fn new(plan: &'a Plan, points: usize) -> Self {
        let network = Network::new(plan, block_points(plan, points));
        Self { network, m: Buffer::zeros(plan.packed), v: Buffer::zeros(plan.packed) }
    }
}

/// The fit of one network.
struct Fit<'a, 'b> {
    fitter: &'a mut Fitter<'b>,
    coordinates: &'a [f32],
    targets: &'a [f32],
    options: &'a FitOptions,
}

impl Kernel for Fit<'_, '_> {
    type Output = FitOutcome;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> FitOutcome {
        let Self { fitter: Fitter { network, m, v }, coordinates, targets, options } = self;
        let stop = options.stop_psnr.map(|psnr| 10f32.powf(psnr / -10.0));
        m.fill(0.0);
        v.fill(0.0);
        let mut steps = 0;
        loop {
            let mse = loss_and_gradients(s, network, coordinates, targets);
            if steps >= options.max_steps || stop.is_some_and(|stop| mse <= stop) {
                return FitOutcome { steps, mse };
            }
            let factor = options.decay.map_or(1.0, |decay| decay.factor(steps));
            steps += 1;
            let step = options.adam.step(steps as u32, options.adam.learning_rate * factor, 0.0);
            for layer in &network.plan.layers {
                let place = layer.weight..layer.end;
                let update = Update {
                    step,
                    scale: layer.slope_scale(),
                    parameters: &mut network.parameters[place.clone()],
                    gradients: &network.gradients[place.clone()],
                    m: &mut m[place.clone()],
                    v: &mut v[place],
                };
                update.run(s);
            }
        }
    }
}

/// Mean squared error of the network, whose gradients are left packed.
#[inline(always)]
fn loss_and_gradients<S: Simd>(s: S, network: &mut Network<'_>, coordinates: &[f32], targets: &[f32]) -> f32 {
    let (inputs, outputs) = (network.plan.layers[0].inputs, network.plan.output().outputs);
    let block = block_points(network.plan, targets.len() / outputs);
    network.gradients.fill(0.0);
    network.refresh(s, true);
    let scale = 2.0 / targets.len() as f32;
    let mut squares = 0.0;
    for (points, targets) in coordinates.chunks(block * inputs).zip(targets.chunks(block * outputs)) {
        let rows = network.set_coordinates(points);
        network.forward(s, rows);
        squares += f64::from(residuals(&network.values, targets, scale, &mut network.value_gradients));
        network.value_gradients[targets.len()..rows * outputs].fill(0.0);
        network.backward(s, rows, false);
    }
    (squares / targets.len() as f64) as f32
}

/// Writes `scale` times value minus target to `gradients`; returns the sum of squared differences.
#[inline(always)]
fn residuals(values: &[f32], targets: &[f32], scale: f32, gradients: &mut [f32]) -> f32 {
    const PARTS: usize = 16;
    let mut parts = [0.0; PARTS];
    let n = targets.len();
    let whole = n / PARTS * PARTS;
    for i in (0..whole).step_by(PARTS) {
        let (values, targets) = (&values[i..i + PARTS], &targets[i..i + PARTS]);
        let gradients = &mut gradients[i..i + PARTS];
        for j in 0..PARTS {
            let difference = values[j] - targets[j];
            parts[j] += difference * difference;
            gradients[j] = scale * difference;
        }
    }
    for i in whole..n {
        let difference = values[i] - targets[i];
        parts[i - whole] += difference * difference;
        gradients[i] = scale * difference;
    }
    parts.iter().sum()
}
