//! The fit of one network by Adam and K-FAC: who steps when, and what happens where K-FAC does no good.
//!
//! Adam starts on halves of the points, which costs half and is enough to find a signal's coarse shape; K-FAC takes over
//! where the error has fallen to that of the handover. Whatever fails on the way is undone, and its steps do not count:
//! - A start on halves that does not bring the error near the handover: Adam fits from the first weights on, on all points.
//! - K-FAC where the error rises to twice that of the handover, or is no number: Adam goes on from where it stopped.
//!
//! Where K-FAC only stalls, Adam goes on from what it reached. After a failure K-FAC waits until the error is a quarter
//! of what it was. So no fit ends worse for K-FAC than by Adam alone, up to the luck of a path.

use crate::batch::{Examples, Spread};
use crate::buffer::Buffer;
use crate::fit::{FitOptions, FitOutcome, Fitter};
use crate::kfac::{Curvature, Kfac};
use crate::loss::Measured;
use crate::plan::Plan;
use crate::simd::{Kernel, Simd};

/// Steps of Adam that see half of the points each. A digit takes 11 or 12.
const HALVES: usize = 14;
/// Error over that of the handover up to which Adam may take as many again.
const NEAR: f32 = 4.0;
/// Parts of the points: values are looked at along a direction at one of them, in turn.
const PARTS: usize = 6;
/// Error over that of the handover above which K-FAC's steps are undone.
const RELAPSE: f32 = 2.0;
/// K-FAC has stalled if its error does not fall to [`FALL`] times what it was within so many steps.
const PATIENCE: usize = 16;
const FALL: f32 = 0.9;
/// Share to which Adam must bring the error after K-FAC failed until K-FAC may step again.
const REST: f32 = 0.25;

/// What one thread needs for K-FAC.
pub(crate) struct Second<'a> {
    curvature: Curvature<'a>,
    spread: Spread<'a>,
    /// Parameters to which the network may have to return.
    held: Buffer,
    start: f32,
}

impl<'a> Second<'a> {
    /// Room for blocks of `block` points, which are looked at in this `order`.
    pub(crate) fn new(plan: &'a Plan, order: &'a [usize], block: usize, kfac: Kfac) -> Self {
        let curvature = Curvature::new(plan, order.len(), block, kfac.damping);
        Self { curvature, spread: Spread::new(order), held: Buffer::zeros(plan.packed), start: kfac.start }
    }
}

/// Who steps, and what is seen.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    /// Adam, one half of the points and then the other.
    Halves,
    /// Adam on all points, in their own order: as if there were no K-FAC.
    Adam,
    /// K-FAC's first step after Adam's: all points, spread.
    Begin,
    /// K-FAC on all points, spread.
    Kfac,
}

/// The fit of one network.
pub(crate) struct Handover<'a, 'b> {
    pub(crate) fitter: &'a mut Fitter<'b>,
    pub(crate) second: &'a mut Second<'b>,
    pub(crate) examples: Examples<'a>,
    pub(crate) options: &'a FitOptions,
}

impl Kernel for Handover<'_, '_> {
    type Output = FitOutcome;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> FitOutcome {
        let Self { fitter, second: Second { curvature, spread, held, start }, examples, options } = self;
        let FitOptions { loss, max_steps, goal, .. } = *options;
        let (points, outputs) = (examples.points(), fitter.network.plan.output().outputs);
        let (all, spread) = (points * outputs, spread.take(&examples));
        fitter.values.resize(all, 0.0);
        // Where K-FAC may step, and the steps that led to the parameters that are held.
        let (mut handover, mut steps, mut held_steps) = (*start * examples.variance(), 0, 0);
        let mut progress = Progress::default();
        let mut phase = if points < 2 { Phase::Adam } else { Phase::Halves };
        let mut half_error = f32::INFINITY;
        held.copy_from_slice(&fitter.network.parameters);
        loop {
            let allowed = if half_error <= NEAR * handover { 2 * HALVES } else { HALVES };
            if phase == Phase::Halves && steps >= allowed.min(max_steps) {
                // What does not learn that fast is fitted as if there had been no start on halves: it may have done harm.
                fitter.network.parameters.copy_from_slice(held);
                fitter.moments.reset();
                (phase, steps) = (Phase::Adam, 0);
            }
            let last = steps >= max_steps;
            fitter.prepare(s, !last);
            let mut measured = Measured::default();
            let mut rest = 0..points;
            if phase == Phase::Halves {
                let (first, second) = (0..points / 2, points / 2..points);
                let (half, other) = if steps % 2 == 0 { (first, second) } else { (second, first) };
                measured = fitter.measure(s, &spread, steps, half.clone(), loss, true);
                let seen = half.len() * outputs;
                half_error = measured.loss(seen);
                let learned = half_error < handover;
                if !learned && !goal.is_some_and(|goal| goal.reached(&measured, seen)) {
                    fitter.adam(s, options, steps);
                    steps += 1;
                    continue;
                }
                rest = other;
            }
            let seen = if phase == Phase::Adam { &examples } else { &spread };
            measured.add(&fitter.measure(s, seen, steps, rest, loss, !last));
            let error = measured.loss(all);
            if phase == Phase::Kfac && progress.relapsed(error) {
                // As if K-FAC had never stepped: Adam's moments are as it left them.
                fitter.network.parameters.copy_from_slice(held);
                (phase, steps, handover) = (Phase::Adam, held_steps, REST * progress.first);
                continue;
            }
            if last || goal.is_some_and(|goal| goal.reached(&measured, all)) {
                return FitOutcome { steps, loss: error, iou: None };
            }
            match phase {
                Phase::Adam if error < handover => {
                    phase = Phase::Begin;
                    continue;
                }
                Phase::Halves | Phase::Begin if error < handover || phase == Phase::Begin => {
                    phase = Phase::Kfac;
                    held.copy_from_slice(&fitter.network.parameters);
                    (held_steps, progress) = (steps, Progress::new(error));
                    curvature.begin(s, &mut fitter.network, spread.coordinates(0..points.div_ceil(2)));
                }
                Phase::Kfac if progress.stalled(error) => {
                    fitter.moments.reset();
                    (phase, handover) = (Phase::Adam, REST * error);
                }
                _ => {}
            }
            if phase == Phase::Kfac {
                let part = steps % PARTS * points / PARTS..(steps % PARTS + 1) * points / PARTS;
                let coordinates = spread.coordinates(part.clone());
                curvature.step(s, &mut fitter.network, &mut fitter.values, coordinates, part);
            } else {
                fitter.adam(s, options, steps);
            }
            steps += 1;
        }
    }
}

/// How K-FAC gets on.
#[derive(Clone, Copy, Default)]
struct Progress {
    /// Error where it began, the last one that was progress, and steps since.
    first: f32,
    mark: f32,
    idle: usize,
}

impl Progress {
    fn new(error: f32) -> Self {
        Self { first: error, mark: error, idle: 0 }
    }

    fn relapsed(&self, error: f32) -> bool {
        error.is_nan() || error > RELAPSE * self.first
    }

    fn stalled(&mut self, error: f32) -> bool {
        if error <= FALL * self.mark {
            (self.mark, self.idle) = (error, 0);
        } else {
            self.idle += 1;
        }
        self.idle >= PATIENCE
    }
}
