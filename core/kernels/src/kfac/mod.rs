//! K-FAC: steps along the gradient over Kronecker factors of the curvature, of a length that a model gives.
//!
//! After Martens and Grosse 2015, "Optimizing Neural Networks with Kronecker-factored Approximate Curvature": the curvature
//! of a layer is a second moment of its inputs times one of the derivatives of the outputs by its z, and the lengths along
//! the preconditioned gradient and along the last step are those which make the squared error least if values are linear in
//! the parameters (their section 7). In full that costs several times what a step of Adam does. Here a step costs about a
//! quarter more, and that is ours: the second factor is diagonal and follows from the weights, the first one is taken once, values
//! along the gradient are looked at on a sixth of the points, and those along the last step are known from it. So are the
//! start and the way back by Adam (`handover`).

mod direction;
mod handover;
mod moment;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::buffer::Buffer;
use crate::kfac::direction::{Room, Squares};
pub(crate) use crate::kfac::handover::{Handover, Second};
use crate::kfac::moment::Moment;
use crate::network::Network;
use crate::plan::Plan;
use crate::simd::Simd;

/// Settings of K-FAC, which takes over from Adam.
///
/// Adam starts, because the curvature of a network that has learned nothing yet says little: on one half of the points and
/// then the other, and on all points from the beginning if 14 steps do not bring it near. Where K-FAC stalls or does harm
/// Adam goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kfac {
    /// Mean squared error, over the variance of the targets, from which on K-FAC steps.
    pub start: f32,
    /// Added to the second moment of a layer's inputs, over the mean of its diagonal.
    pub damping: f32,
}

impl Default for Kfac {
    /// The fastest settings found for a SIREN 2-32-32-1 on 28 x 28 strokes. From half to twice the damping, or with half the
    /// start, digits reach 40 dB as fast within 2 %; twice the start costs 12 %.
    fn default() -> Self {
        Self { start: 0.15, damping: 0.1 }
    }
}

/// Length of a trial, over that of the last step along a gradient.
const REACH: f32 = 0.25;
/// That length before the first step; 0.1 to 0.5 are usual.
const FIRST: f32 = 0.2;
/// Added to the model's curvature in the plane of a step, over its diagonal.
const RIDGE: f64 = 1e-4;

/// What one thread needs to step a network.
struct Curvature<'a> {
    plan: &'a Plan,
    damping: f32,
    /// Points of a block.
    block: usize,
    /// Inverse second moments of the inputs of each layer.
    moments: Vec<Moment>,
    squares: Squares,
    room: Room,
    /// Packed like the parameters: where the preconditioned gradient leads down, the last step, and where a trial started.
    direction: Buffer,
    last: Buffer,
    start: Buffer,
    /// Values at all points before the last step, `[points, outputs]`.
    before: Vec<f32>,
    /// Derivative of the values of a part of the points along the direction.
    slopes: Vec<f32>,
    /// Length of the last step along its direction.
    length: f32,
    /// Whether there is a last step.
    moved: bool,
}

impl<'a> Curvature<'a> {
    /// Room for `points` points in blocks of `block`.
    fn new(plan: &'a Plan, points: usize, block: usize, damping: f32) -> Self {
        let values = points * plan.output().outputs;
        let packed = || Buffer::zeros(plan.packed);
        Self {
            plan,
            damping,
            block,
            moments: plan.layers.iter().map(|layer| Moment::zeros(layer.inputs, block, plan.lanes)).collect(),
            squares: Squares::zeros(plan),
            room: Room::new(plan),
            direction: packed(),
            last: packed(),
            start: packed(),
            before: vec![0.0; values],
            slopes: vec![0.0; values],
            length: FIRST,
            moved: false,
        }
    }

    /// Takes the second moments of the network, whose parameters are as [`Network::refresh`] saw them, at some points.
    #[inline(always)]
    fn begin<S: Simd>(&mut self, s: S, network: &mut Network<'_>, coordinates: &[f32]) {
        let width = self.plan.coordinates;
        for moment in &mut self.moments {
            moment.reset();
        }
        for part in coordinates.chunks(self.block * width) {
            let rows = network.set_coordinates(s, part);
            network.forward(s, rows);
            for (l, moment) in self.moments.iter_mut().enumerate() {
                let (inputs, stride) = network.layer_inputs(l);
                moment.add(s, inputs, stride, part.len() / width);
            }
        }
        for moment in &mut self.moments {
            moment.invert(s, coordinates.len() / width, self.damping);
        }
        // What is no number in it, of the network before, would stay so times zero.
        self.last.fill(0.0);
        (self.length, self.moved) = (FIRST, false);
    }

    /// One step from the network's gradients and its `values` at all points, which are exchanged for others. What the step
    /// does is looked at on a `part` of the points, which has those `coordinates`.
    #[inline(always)]
    fn step<S: Simd>(
        &mut self,
        s: S,
        network: &mut Network<'_>,
        values: &mut Vec<f32>,
        coordinates: &[f32],
        part: Range<usize>,
    ) {
        self.squares.refresh(s, network);
        self.room.descend(s, network, &self.squares, &self.moments, &mut self.direction);
        let outputs = self.plan.output().outputs;
        let part = part.start * outputs..part.end * outputs;
        self.look(s, network, &values[part.clone()], coordinates);
        let [along, again] = self.lengths(s, network, &values[part.clone()], &self.before[part]);
        let from = self.start.iter().zip(self.direction.iter());
        let to = network.parameters.iter_mut().zip(self.last.iter_mut());
        for ((parameter, last), (start, direction)) in to.zip(from) {
            *last = along * direction + again * *last;
            *parameter = start + *last;
        }
        self.length = along.abs().clamp(1e-3, 10.0);
        self.moved = true;
        std::mem::swap(values, &mut self.before);
    }

    /// Moves a short way along the direction, and writes by how much that changes `values` to `slopes`.
    #[inline(always)]
    fn look<S: Simd>(&mut self, s: S, network: &mut Network<'_>, values: &[f32], coordinates: &[f32]) {
        let reach = REACH * self.length;
        let inverse = 1.0 / reach;
        self.start.copy_from_slice(&network.parameters);
        let from = self.start.iter().zip(self.direction.iter());
        for (parameter, (start, direction)) in network.parameters.iter_mut().zip(from) {
            *parameter = start + reach * direction;
        }
        network.refresh(s, false);
        let (width, outputs) = (self.plan.coordinates, self.plan.output().outputs);
        let parts = values.chunks(self.block * outputs).zip(self.slopes.chunks_mut(self.block * outputs));
        for (points, (values, slopes)) in coordinates.chunks(self.block * width).zip(parts) {
            let rows = network.set_coordinates(s, points);
            network.forward(s, rows);
            for (slope, (moved, value)) in slopes.iter_mut().zip(network.values.iter().zip(values)) {
                *slope = (moved - value) * inverse;
            }
        }
    }

    /// Lengths along the direction and along the last step which make the squared error least, if values are linear. The
    /// gradient counts all points, the curvature a part, with its `values` now and `before` the last step.
    #[inline(always)]
    fn lengths<S: Simd>(&self, s: S, network: &Network<'_>, values: &[f32], before: &[f32]) -> [f32; 2] {
        let count = values.len() as f64;
        let (mut downhill, mut onward) = (0.0, 0.0);
        for layer in &self.plan.layers {
            let place = layer.weight..layer.end;
            let gradients = &network.gradients[place.clone()];
            let scale = -0.5 * f64::from(layer.slope_scale());
            downhill += scale * dot(s, gradients, &self.direction[place.clone()]);
            onward += scale * dot(s, gradients, &self.last[place]);
        }
        let slopes = &self.slopes[..values.len()];
        let own = dot(s, slopes, slopes) / count;
        let (along, again) = if self.moved {
            let (mut both, mut other) = (0.0, 0.0);
            for (slope, (value, before)) in slopes.iter().zip(values.iter().zip(before)) {
                let change = f64::from(value - before);
                both += f64::from(*slope) * change;
                other += change * change;
            }
            let (both, own, other) = (both / count, own * (1.0 + RIDGE), other / count * (1.0 + RIDGE));
            let determinant = own * other - both * both;
            ((downhill * other - onward * both) / determinant, (onward * own - downhill * both) / determinant)
        } else {
            (downhill / own, 0.0)
        };
        // Where nothing changes any value there is nowhere to go.
        if along.is_finite() && again.is_finite() { [along as f32, again as f32] } else { [0.0, 0.0] }
    }
}

/// Scalar product of slices of one length.
#[inline(always)]
fn dot<S: Simd>(s: S, a: &[f32], b: &[f32]) -> f64 {
    let whole = a.len() / S::LANES * S::LANES;
    let mut sum = s.splat(0.0);
    for i in (0..whole).step_by(S::LANES) {
        // SAFETY: both hold this vector.
        unsafe { sum = s.fma(s.load(a.as_ptr().add(i)), s.load(b.as_ptr().add(i)), sum) }
    }
    let mut total = f64::from(s.sum(sum));
    for (a, b) in a[whole..].iter().zip(&b[whole..]) {
        total += f64::from(a * b);
    }
    total
}
