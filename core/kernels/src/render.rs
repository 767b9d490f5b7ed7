//! Values of many networks at coordinates, and gradients of them.

use rayon::prelude::*;

use crate::network::{Network, block_points};
use crate::plan::Plan;
use crate::simd::{InstructionSet, Kernel, Simd, dispatch};
use crate::stack::{Coordinates, DenseStack, networks};

/// Points of one task of [`forward`]; values of a point do not depend on the others.
const CHUNK_POINTS: usize = 4_096;
/// Networks whose gradients to shared coordinates are held at a time before they are summed, in order.
const SUMMED_TOGETHER: usize = 32;

/// Values of `n` networks: `weights` `[n, parameters]`, `out` `[n, points, outputs]`, overwritten.
///
/// # Panics
/// If the stack is contradictory or a length does not fit.
pub fn forward(stack: &DenseStack, weights: &[f32], coordinates: Coordinates<'_>, points: usize, out: &mut [f32]) {
    forward_on(InstructionSet::best(), stack, weights, coordinates, points, out);
}

/// [`forward`] on a given instruction set.
///
/// # Panics
/// As [`forward`], and if the processor lacks the set.
pub(crate) fn forward_on(
    set: InstructionSet,
    stack: &DenseStack,
    weights: &[f32],
    coordinates: Coordinates<'_>,
    points: usize,
    out: &mut [f32],
) {
    let n = networks(stack, weights);
    coordinates.check(stack, n, points);
    check_values("out", out, n, points, stack);
    let (parameters, inputs, outputs) = (stack.parameters(), stack.inputs(), stack.outputs());
    let plan = Plan::new(stack, set.lanes());
    let chunk = points.clamp(1, CHUNK_POINTS);
    let mut tasks = Vec::new();
    for (network, values) in out.chunks_mut((points * outputs).max(1)).enumerate() {
        for (i, part) in values.chunks_mut(chunk * outputs).enumerate() {
            tasks.push((network, i * chunk, part));
        }
    }
    tasks.into_par_iter().for_each_init(
        || Network::new(&plan, block_points(&plan, chunk)),
        |network, (index, first, values)| {
            network.set_parameters(&weights[index * parameters..(index + 1) * parameters]);
            let all = coordinates.of(index, points * inputs);
            let coordinates = &all[first * inputs..first * inputs + values.len() / outputs * inputs];
            dispatch(set, Render { network, coordinates, values });
        },
    );
}

/// Values of one network at some points.
struct Render<'a, 'b> {
    network: &'a mut Network<'b>,
    coordinates: &'a [f32],
    values: &'a mut [f32],
}

impl Kernel for Render<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { network, coordinates, values } = self;
        let (inputs, outputs) = (network.plan.coordinates, network.plan.output().outputs);
        let block = block_points(network.plan, values.len() / outputs);
        network.refresh(s, false);
        for (points, part) in coordinates.chunks(block * inputs).zip(values.chunks_mut(block * outputs)) {
            let rows = network.set_coordinates(s, points);
            network.forward(s, rows);
            part.copy_from_slice(&network.values[..part.len()]);
        }
    }
}

/// Gradients of the sum over networks, points and outputs of `grad_out` times value.
///
/// `weights` and `grad_weights` are `[n, parameters]`, `grad_out` is `[n, points, outputs]`, and `grad_coordinates` has
/// the shape of the coordinates; shared coordinates get the sum over networks, added in their order. Both gradients are
/// overwritten. The forward pass is computed again.
///
/// # Panics
/// If the stack is contradictory or a length does not fit.
pub fn backward(
    stack: &DenseStack,
    weights: &[f32],
    coordinates: Coordinates<'_>,
    points: usize,
    grad_out: &[f32],
    grad_weights: &mut [f32],
    grad_coordinates: Option<&mut [f32]>,
) {
    let set = InstructionSet::best();
    backward_on(set, stack, weights, coordinates, points, grad_out, grad_weights, grad_coordinates);
}

/// [`backward`] on a given instruction set.
///
/// # Panics
/// As [`backward`], and if the processor lacks the set.
#[allow(clippy::too_many_arguments)]
pub(crate) fn backward_on(
    set: InstructionSet,
    stack: &DenseStack,
    weights: &[f32],
    coordinates: Coordinates<'_>,
    points: usize,
    grad_out: &[f32],
    grad_weights: &mut [f32],
    grad_coordinates: Option<&mut [f32]>,
) {
    let n = networks(stack, weights);
    coordinates.check(stack, n, points);
    check_values("grad_out", grad_out, n, points, stack);
    assert!(
        grad_weights.len() == weights.len(),
        "{} weights have gradients of length {}",
        weights.len(),
        grad_weights.len()
    );
    let gradients =
        Gradients { set, stack, plan: Plan::new(stack, set.lanes()), weights, coordinates, points, grad_out };
    let size = points * stack.inputs();
    let Some(grad_coordinates) = grad_coordinates else {
        return gradients.compute(0, grad_weights, None);
    };
    let Coordinates::Shared(all) = coordinates else {
        assert!(
            grad_coordinates.len() == n * size,
            "gradients of {} coordinates have length {}",
            n * size,
            grad_coordinates.len()
        );
        return gradients.compute(0, grad_weights, Some(grad_coordinates));
    };
    assert!(
        grad_coordinates.len() == all.len(),
        "gradients of {} coordinates have length {}",
        all.len(),
        grad_coordinates.len()
    );
    grad_coordinates.fill(0.0);
    let group = SUMMED_TOGETHER * stack.parameters();
    let mut each = vec![0.0; n.min(SUMMED_TOGETHER) * size];
    for (i, grad_weights) in grad_weights.chunks_mut(group).enumerate() {
        let each = &mut each[..grad_weights.len() / stack.parameters() * size];
        gradients.compute(i * SUMMED_TOGETHER, grad_weights, Some(each));
        for one in each.chunks(size.max(1)) {
            for (sum, value) in grad_coordinates.iter_mut().zip(one) {
                *sum += value;
            }
        }
    }
}

/// The checked arguments of [`backward`].
struct Gradients<'a> {
    set: InstructionSet,
    stack: &'a DenseStack,
    plan: Plan,
    weights: &'a [f32],
    coordinates: Coordinates<'a>,
    points: usize,
    grad_out: &'a [f32],
}

impl Gradients<'_> {
    /// Gradients of the networks from `first` on, as many as `grad_weights` has room for; `grad_coordinates` holds those
    /// of each network.
    fn compute(&self, first: usize, grad_weights: &mut [f32], grad_coordinates: Option<&mut [f32]>) {
        let parameters = self.stack.parameters();
        let (inputs, values) = (self.points * self.stack.inputs(), self.points * self.stack.outputs());
        let mut each: Vec<Option<&mut [f32]>> = match grad_coordinates {
            Some(all) if inputs > 0 => all.chunks_mut(inputs).map(Some).collect(),
            _ => (0..grad_weights.len() / parameters).map(|_| None).collect(),
        };
        grad_weights.par_chunks_mut(parameters).zip(each.par_iter_mut()).enumerate().for_each_init(
            || Network::new(&self.plan, block_points(&self.plan, self.points)),
            |network, (i, (grad_weights, grad_coordinates))| {
                let index = first + i;
                network.set_parameters(&self.weights[index * parameters..(index + 1) * parameters]);
                let kernel = Differentiate {
                    network,
                    coordinates: self.coordinates.of(index, inputs),
                    grad_out: &self.grad_out[index * values..(index + 1) * values],
                    grad_coordinates: grad_coordinates.as_deref_mut(),
                };
                dispatch(self.set, kernel);
                self.plan.unpack(&network.gradients, grad_weights, true);
            },
        );
    }
}

/// Gradients of one network, left packed.
struct Differentiate<'a, 'b> {
    network: &'a mut Network<'b>,
    coordinates: &'a [f32],
    grad_out: &'a [f32],
    grad_coordinates: Option<&'a mut [f32]>,
}

impl Kernel for Differentiate<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { network, coordinates, grad_out, mut grad_coordinates } = self;
        let (inputs, outputs) = (network.plan.coordinates, network.plan.output().outputs);
        let block = block_points(network.plan, grad_out.len() / outputs);
        network.gradients.fill(0.0);
        network.refresh(s, true);
        let parts = coordinates.chunks(block * inputs).zip(grad_out.chunks(block * outputs));
        for (i, (points, grad_out)) in parts.enumerate() {
            let rows = network.set_coordinates(s, points);
            network.forward(s, rows);
            network.value_gradients[..grad_out.len()].copy_from_slice(grad_out);
            network.value_gradients[grad_out.len()..rows * outputs].fill(0.0);
            network.backward(s, rows, grad_coordinates.is_some());
            if let Some(all) = grad_coordinates.as_deref_mut() {
                network.read_coordinate_gradients(&mut all[i * block * inputs..][..points.len()]);
            }
        }
    }
}

/// # Panics
/// If `values` is not `[n, points, outputs]`.
pub(crate) fn check_values(name: &str, values: &[f32], n: usize, points: usize, stack: &DenseStack) {
    let outputs = stack.outputs();
    assert!(values.len() == n * points * outputs, "{name} [{n}, {points}, {outputs}] holds {} values", values.len());
}
