//! One network in cache: its packed parameters, and forward and backward passes over one block of points.

use crate::buffer::Buffer;
use crate::finish::{Activate, Chain, Plain, ReluOf, SineOf};
use crate::plan::{Layer, Plan, round_up};
use crate::product::{Left, POINT_GROUP, add_transpose_times, times_panels};
use crate::simd::Simd;
use crate::stack::Activation;

/// Bytes of activations and derivatives that a block of points may take: most of a first-level cache.
const BLOCK_BYTES: usize = 24 * 1024;

/// Points per block: as even blocks as possible within [`BLOCK_BYTES`], in whole groups. Wide stacks exceed it: below 32
/// points the products do too little with each weight that they load, and more than 32 gained nothing at width 128.
pub(crate) fn block_points(plan: &Plan, points: usize) -> usize {
    let neurons: usize = plan.hidden().iter().map(|layer| layer.panels.columns).sum();
    let most = (BLOCK_BYTES / (8 * neurons.max(1))).clamp(32, 256) / POINT_GROUP * POINT_GROUP;
    let blocks = points.div_ceil(most).max(1);
    round_up(points.div_ceil(blocks), POINT_GROUP).max(POINT_GROUP)
}

/// Values of one hidden layer at a block of points, `[points, padded width]`.
struct Hidden {
    values: Buffer,
    /// Derivative of the activation over its slope scale, then the gradient of the layer's z over the same.
    slopes: Buffer,
    stride: usize,
}

/// Buffers of one network.
pub(crate) struct Network<'a> {
    pub(crate) plan: &'a Plan,
    /// Parameters, packed.
    pub(crate) parameters: Buffer,
    /// Parameters times the argument scale of their layer, packed.
    arguments: Buffer,
    /// Hidden weights times the slope scale, flipped.
    flipped: Buffer,
    /// Gradients over the slope scale, packed.
    pub(crate) gradients: Buffer,
    /// A block of inputs of the first layer, `[points, input_stride]`.
    inputs: Buffer,
    hidden: Vec<Hidden>,
    /// Values of a block, `[points, outputs]`.
    pub(crate) values: Buffer,
    /// Gradients of the values of a block, likewise; zero at padding points.
    pub(crate) value_gradients: Buffer,
    /// Gradients of the inputs of a block, `[points, padded inputs]`.
    input_gradients: Buffer,
}

impl<'a> Network<'a> {
    /// Buffers for blocks of `block` points.
    pub(crate) fn new(plan: &'a Plan, block: usize) -> Self {
        let hidden = plan.hidden().iter().map(|layer| {
            let stride = layer.panels.columns;
            Hidden { values: Buffer::zeros(block * stride), slopes: Buffer::zeros(block * stride), stride }
        });
        let outputs = plan.output().outputs;
        Self {
            plan,
            parameters: Buffer::zeros(plan.packed),
            arguments: Buffer::zeros(plan.packed),
            flipped: Buffer::zeros(plan.flipped),
            gradients: Buffer::zeros(plan.packed),
            inputs: Buffer::zeros(block * plan.input_stride),
            hidden: hidden.collect(),
            values: Buffer::zeros(block * outputs),
            value_gradients: Buffer::zeros(block * outputs),
            input_gradients: Buffer::zeros(block * round_up(plan.layers[0].inputs, plan.lanes)),
        }
    }

    /// Takes over flat parameters.
    pub(crate) fn set_parameters(&mut self, flat: &[f32]) {
        self.plan.pack(flat, &mut self.parameters);
    }

    /// Loads rows of coordinates into the block, encoded, and pads them with zeros to whole groups; returns the rows then.
    #[inline(always)]
    pub(crate) fn set_coordinates<S: Simd>(&mut self, s: S, coordinates: &[f32]) -> usize {
        let (width, stride) = (self.plan.coordinates, self.plan.input_stride);
        let points = coordinates.len() / width;
        let rows = round_up(points, POINT_GROUP);
        if let Some(encoding) = self.plan.encoding {
            encoding.encode(s, coordinates, width, &mut self.inputs, stride);
        } else if stride == width {
            self.inputs[..coordinates.len()].copy_from_slice(coordinates);
        } else {
            for (row, point) in self.inputs.chunks_exact_mut(stride).zip(coordinates.chunks_exact(width)) {
                row[..width].copy_from_slice(point);
            }
        }
        self.inputs[points * stride..rows * stride].fill(0.0);
        rows
    }

    /// Writes the gradients of the coordinates of the block, as many as `to` holds; after [`Network::backward`] with them.
    pub(crate) fn read_coordinate_gradients(&self, to: &mut [f32]) {
        let (width, stride) = (self.plan.coordinates, round_up(self.plan.layers[0].inputs, self.plan.lanes));
        if let Some(encoding) = self.plan.encoding {
            let features = (&self.inputs[..], self.plan.input_stride);
            return encoding.chain(features, (&self.input_gradients, stride), width, to);
        }
        for (to, from) in to.chunks_exact_mut(width).zip(self.input_gradients.chunks_exact(stride)) {
            to.copy_from_slice(&from[..width]);
        }
    }

    /// Derives the scaled copy of the parameters, and the flipped one if `backward`.
    #[inline(always)]
    pub(crate) fn refresh<S: Simd>(&mut self, s: S, backward: bool) {
        for layer in &self.plan.layers {
            let scale = s.splat(layer.argument_scale());
            let (from, to) = (&self.parameters[layer.weight..layer.end], &mut self.arguments[layer.weight..layer.end]);
            for i in (0..from.len()).step_by(S::LANES) {
                // SAFETY: layers are padded to whole vectors.
                unsafe { s.store(to.as_mut_ptr().add(i), s.mul(scale, s.load(from.as_ptr().add(i)))) }
            }
        }
        if backward {
            for layer in self.plan.hidden() {
                let size = layer.flipped.len();
                let flipped = &mut self.flipped[layer.flipped_weight..layer.flipped_weight + size];
                flip(layer, &self.parameters[layer.weight..layer.bias], flipped);
            }
        }
    }

    /// Values at the first `rows` points of the block; keeps what [`Network::backward`] needs.
    #[inline(always)]
    pub(crate) fn forward<S: Simd>(&mut self, s: S, rows: usize) {
        let plan = self.plan;
        let mut left = (self.inputs.as_ptr(), plan.input_stride);
        for (layer, hidden) in plan.hidden().iter().zip(&mut self.hidden) {
            let place = Activate {
                values: hidden.values.as_mut_ptr(),
                slopes: hidden.slopes.as_mut_ptr(),
                stride: hidden.stride,
            };
            // SAFETY: buffers have room for `rows` points of the padded widths, and layers lie within the parameters.
            unsafe {
                let (weight, bias) =
                    (self.arguments.as_ptr().add(layer.weight), self.arguments.as_ptr().add(layer.bias));
                let left = Left { start: left.0, row: left.1, column: 1 };
                match layer.activation {
                    Some(Activation::Sine { .. }) => {
                        times_panels(s, left, rows, weight, &layer.panels, Some(bias), &SineOf(place))
                    }
                    _ => times_panels(s, left, rows, weight, &layer.panels, Some(bias), &ReluOf(place)),
                }
            }
            left = (hidden.values.as_ptr(), hidden.stride);
        }
        self.output_layer(s, left, rows);
    }

    /// What layer `l` read at the block, `[points, stride]`, and the stride; after [`Network::forward`].
    pub(crate) fn layer_inputs(&self, l: usize) -> (&[f32], usize) {
        match l.checked_sub(1) {
            Some(below) => (&self.hidden[below].values, self.hidden[below].stride),
            None => (&self.inputs, self.plan.input_stride),
        }
    }

    /// The output layer is narrow: one scalar product per point and output.
    #[inline(always)]
    fn output_layer<S: Simd>(&mut self, s: S, left: (*const f32, usize), rows: usize) {
        let layer = self.plan.output();
        for output in 0..layer.outputs {
            let offset = self.parameters[layer.bias + output] + self.plan.output_offset;
            for row in (0..rows).step_by(POINT_GROUP) {
                let mut sums = [s.splat(0.0); POINT_GROUP];
                for column in (0..layer.panels.columns).step_by(S::LANES) {
                    let (first, step) = layer.panels.column(column);
                    // SAFETY: rows of the left operand are padded like the columns of the weight, and come in groups.
                    unsafe {
                        let weight = s.load(self.parameters.as_ptr().add(layer.weight + first + output * step));
                        for (i, sum) in sums.iter_mut().enumerate() {
                            *sum = s.fma(weight, s.load(left.0.add((row + i) * left.1 + column)), *sum);
                        }
                    }
                }
                for (i, sum) in sums.into_iter().enumerate() {
                    self.values[(row + i) * layer.outputs + output] = s.sum(sum) + offset;
                }
            }
        }
    }

    /// Adds the gradients of the first `rows` points of the block, from `value_gradients`, to `gradients`; after
    /// [`Network::forward`]. Keeps those of the inputs if `inputs`.
    #[inline(always)]
    pub(crate) fn backward<S: Simd>(&mut self, s: S, rows: usize, inputs: bool) {
        let plan = self.plan;
        let mut upper = Left { start: self.value_gradients.as_ptr(), row: plan.output().outputs, column: 1 };
        for l in (0..plan.layers.len()).rev() {
            let layer = &plan.layers[l];
            let (lower, lower_stride) = match l {
                0 => (self.inputs.as_ptr(), plan.input_stride),
                _ => (self.hidden[l - 1].values.as_ptr(), self.hidden[l - 1].stride),
            };
            // SAFETY: buffers have room for `rows` points of the padded widths, and layers lie within the gradients.
            unsafe {
                let weight = self.gradients.as_mut_ptr().add(layer.weight);
                let bias = self.gradients.as_mut_ptr().add(layer.bias);
                if layer.activation.is_some() {
                    let inputs = Left { start: lower, row: 1, column: lower_stride };
                    add_transpose_times(s, inputs, rows, upper.start, upper.row, &layer.panels, weight);
                    add_column_sums(s, upper, rows, layer.panels.columns, bias);
                } else {
                    let outputs = Left { start: upper.start, row: 1, column: upper.row };
                    add_transpose_times(s, outputs, rows, lower, lower_stride, &layer.panels, weight);
                    add_strided_sums(upper, rows, layer.outputs, bias);
                }
                // The output layer's own panels are the flipped ones.
                let (matrix, panels) = match layer.activation {
                    Some(_) => (self.flipped.as_ptr().add(layer.flipped_weight), &layer.flipped),
                    None => (self.parameters.as_ptr().add(layer.weight), &layer.panels),
                };
                if l > 0 {
                    let hidden = &mut self.hidden[l - 1];
                    let chain = Chain { slopes: hidden.slopes.as_mut_ptr(), stride: hidden.stride };
                    times_panels(s, upper, rows, matrix, panels, None, &chain);
                    upper = Left { start: hidden.slopes.as_ptr(), row: hidden.stride, column: 1 };
                } else if inputs {
                    let plain = Plain { values: self.input_gradients.as_mut_ptr(), stride: panels.columns };
                    times_panels(s, upper, rows, matrix, panels, None, &plain);
                }
            }
        }
    }
}

/// Writes the flipped copy of a hidden weight times its slope scale.
fn flip(layer: &Layer, weight: &[f32], flipped: &mut [f32]) {
    let scale = layer.slope_scale();
    let full = 2 * layer.flipped.lanes;
    for output in 0..layer.outputs {
        let (from, from_step) = layer.panels.column(output);
        for first in (0..layer.inputs).step_by(full) {
            let (to, to_step) = layer.flipped.column(first);
            let width = full.min(layer.inputs - first);
            let to = to + output * to_step;
            let column = weight[from + first * from_step..].iter().step_by(from_step);
            for (value, &parameter) in flipped[to..to + width].iter_mut().zip(column) {
                *value = parameter * scale;
            }
        }
    }
}

/// Adds the sum over rows of every column to `sums`.
#[inline(always)]
unsafe fn add_column_sums<S: Simd>(s: S, matrix: Left, rows: usize, columns: usize, sums: *mut f32) {
    for column in (0..columns).step_by(S::LANES) {
        // SAFETY: the caller's. Four sums, so that additions do not wait for each other; rows come in groups of eight.
        unsafe {
            let mut parts = [s.splat(0.0); 4];
            for row in (0..rows).step_by(4) {
                for (i, part) in parts.iter_mut().enumerate() {
                    *part = s.add(*part, s.load(matrix.start.add((row + i) * matrix.row + column)));
                }
            }
            let sum = s.add(s.add(parts[0], parts[1]), s.add(parts[2], parts[3]));
            s.store(sums.add(column), s.add(s.load(sums.add(column)), sum));
        }
    }
}

/// The same for a matrix that is not padded to vectors.
#[inline(always)]
unsafe fn add_strided_sums(matrix: Left, rows: usize, columns: usize, sums: *mut f32) {
    for column in 0..columns {
        let mut parts = [0.0; POINT_GROUP];
        for row in (0..rows).step_by(POINT_GROUP) {
            for (i, part) in parts.iter_mut().enumerate() {
                // SAFETY: the caller's.
                *part += unsafe { *matrix.start.add((row + i) * matrix.row + column) };
            }
        }
        let [a, b, c, d, e, f, g, h] = parts;
        // SAFETY: the caller's.
        unsafe { *sums.add(column) += ((a + b) + (c + d)) + ((e + f) + (g + h)) };
    }
}
