//! Where K-FAC steps: the gradient over both factors of the curvature, layer by layer.

use crate::buffer::Buffer;
use crate::kfac::moment::Moment;
use crate::network::Network;
use crate::plan::{Layer, Panels, Plan, round_up};
use crate::product::{Finish, Left, POINT_GROUP, times_panels};
use crate::simd::Simd;

/// Added to the left factor of a neuron, over its layer's mean: one that the outputs hardly hear must not run away.
pub(super) const FLOOR: f32 = 1e-3;
/// Length of the output layer's direction over that of the others. At 1, digits take as many steps, and their total
/// variation between the points of the fit is 3 % larger than Adam's: large output weights amplify what lies there.
pub(super) const OUTPUT: f32 = 0.5;

/// The left factors: mean square of the outputs' derivative by each z of every hidden layer, padded.
///
/// Taken from the weights alone, from the top down, as if neurons were independent and the mean square of every slope were
/// half its largest, which holds for sines, and for ReLUs that are active at half of the points. Measured squares gave the
/// same steps.
pub(crate) struct Squares(Vec<Buffer>);

impl Squares {
    pub(crate) fn zeros(plan: &Plan) -> Self {
        Self(plan.hidden().iter().map(|layer| Buffer::zeros(layer.panels.columns)).collect())
    }

    #[inline(always)]
    pub(crate) fn refresh<S: Simd>(&mut self, s: S, network: &Network<'_>) {
        let layers = &network.plan.layers;
        for l in (0..self.0.len()).rev() {
            let (below, above) = self.0.split_at_mut(l + 1);
            let squares = &mut below[l];
            let upper = &layers[l + 1];
            let weights = &network.parameters[upper.weight..upper.bias];
            squares.fill(0.0);
            for row in 0..upper.panels.rows {
                let mut sum = s.splat(0.0);
                for column in (0..upper.panels.columns).step_by(S::LANES) {
                    let (first, step) = upper.panels.column(column);
                    // SAFETY: the panels lie within the weights; squares of a layer have its padded columns.
                    unsafe {
                        let weight = s.load(weights.as_ptr().add(first + row * step));
                        let square = s.mul(weight, weight);
                        if upper.activation.is_some() {
                            sum = s.fma(square, s.load(above[0].as_ptr().add(column)), sum);
                        } else {
                            let place = squares.as_mut_ptr().add(column);
                            s.store(place, s.add(square, s.load(place)));
                        }
                    }
                }
                if upper.activation.is_some() {
                    squares[row] = s.sum(sum);
                }
            }
            let half = 0.5 * layers[l].slope_scale() * layers[l].slope_scale();
            for square in &mut squares[..] {
                *square *= half;
            }
        }
    }
}

/// Room for the gradients of one layer.
pub(crate) struct Room {
    /// What the gradient of each output is multiplied by.
    factors: Buffer,
    /// Gradients of a hidden layer, its bias as a last row.
    augmented: Buffer,
}

impl Room {
    pub(crate) fn new(plan: &Plan) -> Self {
        let most = |size: fn(&Layer) -> usize| plan.hidden().iter().map(size).max().unwrap_or(0);
        Self {
            factors: Buffer::zeros(most(|layer| layer.panels.columns)),
            augmented: Buffer::zeros(most(|layer| (layer.inputs + 1) * layer.panels.columns)),
        }
    }

    /// Writes minus the gradient over both factors, packed like the parameters, to `direction`. Scaled so that the step
    /// which makes the error least is of length 1/2 where the factors are the whole curvature.
    #[inline(always)]
    pub(crate) fn descend<S: Simd>(
        &mut self,
        s: S,
        network: &Network<'_>,
        squares: &Squares,
        moments: &[Moment],
        direction: &mut [f32],
    ) {
        let outputs = network.plan.output().outputs as f32;
        for (l, layer) in network.plan.layers.iter().enumerate() {
            let scale = -outputs * layer.slope_scale();
            let gradients = &network.gradients[layer.weight..layer.end];
            let direction = &mut direction[layer.weight..layer.end];
            if layer.activation.is_none() {
                output(s, layer, &moments[l], OUTPUT * scale, gradients, direction);
                continue;
            }
            let squares = &squares.0[l][..layer.panels.columns];
            let floor = FLOOR * squares.iter().sum::<f32>() / layer.outputs as f32;
            for (factor, square) in self.factors.iter_mut().zip(squares) {
                // A layer that no output hears has neither curvature nor gradient.
                *factor = scale / (square + floor).max(f32::MIN_POSITIVE);
            }
            self.hidden(s, layer, &moments[l], gradients, direction);
        }
    }

    /// The inverse moment times the gradients of a hidden layer, `[inputs and 1, outputs]`, times the factors.
    #[inline(always)]
    fn hidden<S: Simd>(&mut self, s: S, layer: &Layer, moment: &Moment, gradients: &[f32], direction: &mut [f32]) {
        let panels = Panels { rows: moment.size, ..layer.panels };
        let bias = &gradients[layer.bias - layer.weight..];
        let full = 2 * panels.lanes;
        for column in (0..panels.columns).step_by(full) {
            let width = full.min(panels.columns - column);
            let weights = &gradients[column * layer.inputs..][..layer.inputs * width];
            let (to, last) = self.augmented[column * panels.rows..][..panels.rows * width].split_at_mut(weights.len());
            to.copy_from_slice(weights);
            last.copy_from_slice(&bias[column..column + width]);
        }
        let left = Left { start: moment.matrix.as_ptr(), row: moment.stride, column: 1 };
        let place = Place { layer, factors: self.factors.as_ptr(), direction: direction.as_mut_ptr() };
        let rows = round_up(moment.size, POINT_GROUP);
        // SAFETY: the moment has whole groups of rows, and `direction` is laid out like the layer.
        unsafe { times_panels(s, left, rows, self.augmented.as_ptr(), &panels, None, &place) }
    }
}

/// Where the direction of a hidden layer goes.
struct Place<'a> {
    layer: &'a Layer,
    factors: *const f32,
    direction: *mut f32,
}

impl<S: Simd> Finish<S> for Place<'_> {
    #[inline(always)]
    unsafe fn finish(&self, s: S, row: usize, column: usize, value: S::V) {
        let Layer { inputs, panels, weight, bias, .. } = self.layer;
        let at = if row < *inputs {
            let (first, step) = panels.column(column);
            first + row * step
        } else if row == *inputs {
            bias - weight + column
        } else {
            return;
        };
        // SAFETY: the caller's.
        unsafe { s.store(self.direction.add(at), s.mul(value, s.load(self.factors.add(column)))) }
    }
}

/// The gradients of the output layer, `[outputs, inputs and 1]`, times the inverse moment and `scale`.
#[inline(always)]
fn output<S: Simd>(s: S, layer: &Layer, moment: &Moment, scale: f32, gradients: &[f32], direction: &mut [f32]) {
    for output in 0..layer.outputs {
        for column in (0..moment.stride).step_by(S::LANES) {
            let mut sum = s.splat(0.0);
            for input in 0..moment.size {
                let gradient = s.splat(scale * gradients[place(layer, output, input)]);
                // SAFETY: every row of the moment holds `stride` floats.
                unsafe {
                    sum = s.fma(gradient, s.load(moment.matrix.as_ptr().add(input * moment.stride + column)), sum)
                }
            }
            let mut row = [0.0; 16];
            // SAFETY: no vector has more than 16 lanes.
            unsafe { s.store(row.as_mut_ptr(), sum) }
            for input in column..moment.size.min(column + S::LANES) {
                direction[place(layer, output, input)] = row[input - column];
            }
        }
    }
}

/// Where the output layer's weight of an input lies, or its bias after all inputs.
#[inline(always)]
fn place(layer: &Layer, output: usize, input: usize) -> usize {
    if input == layer.inputs {
        return layer.bias - layer.weight + output;
    }
    let (first, step) = layer.panels.column(input);
    first + output * step
}
