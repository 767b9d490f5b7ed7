//! Where the parameters of one network lie while kernels work on them.
//!
//! Matrices are stored in *panels* of two vectors of columns (the last panel may have one), each panel row after row, so
//! that a register tile reads its operand as one stream. Columns are padded with zeros to whole vectors. A hidden layer
//! is stored as its transpose, rows = inputs and columns = outputs; the output layer, which is narrow, as it is, rows =
//! outputs and columns = inputs.

use crate::stack::{Activation, DenseStack, Positional};

/// `x` rounded up to a multiple of `unit`.
pub(crate) const fn round_up(x: usize, unit: usize) -> usize {
    x.div_ceil(unit) * unit
}

/// Shape of a matrix stored in panels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panels {
    /// Number of rows.
    pub(crate) rows: usize,
    /// Number of columns, padded to a multiple of `lanes`.
    pub(crate) columns: usize,
    /// Floats in a vector.
    pub(crate) lanes: usize,
}

impl Panels {
    fn new(rows: usize, columns: usize, lanes: usize) -> Self {
        Self { rows, columns: round_up(columns, lanes), lanes }
    }

    /// Number of floats.
    pub(crate) fn len(&self) -> usize {
        self.rows * self.columns
    }

    /// Offset of the first element of `column`, and the step to the next row.
    #[inline(always)]
    pub(crate) fn column(&self, column: usize) -> (usize, usize) {
        let full = 2 * self.lanes;
        let first = column / full * full;
        let width = full.min(self.columns - first);
        (first * self.rows + (column - first), width)
    }
}

/// One layer and the place of its parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layer {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// `None` for the output layer.
    pub(crate) activation: Option<Activation>,
    /// Shape of the stored weight.
    pub(crate) panels: Panels,
    /// Offset of the weight in a buffer of packed parameters.
    pub(crate) weight: usize,
    /// Offset of the bias, likewise.
    pub(crate) bias: usize,
    /// End of the bias with its padding.
    pub(crate) end: usize,
    /// Shape of the other orientation of a hidden weight, rows = outputs, which gradients to the inputs need.
    pub(crate) flipped: Panels,
    /// Offset of that copy in its own buffer.
    pub(crate) flipped_weight: usize,
}

impl Layer {
    /// Factor from z to the argument of the activation: half turns for a sine.
    pub(crate) fn argument_scale(&self) -> f32 {
        match self.activation {
            Some(Activation::Sine { omega }) => omega * std::f32::consts::FRAC_1_PI,
            _ => 1.0,
        }
    }

    /// Factor from the stored derivative of the activation (a cosine for a sine) to the derivative by z.
    pub(crate) fn slope_scale(&self) -> f32 {
        match self.activation {
            Some(Activation::Sine { omega }) => omega,
            _ => 1.0,
        }
    }
}

/// All layers of a stack for vectors of a certain length.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) layers: Vec<Layer>,
    /// Length of a buffer of packed parameters.
    pub(crate) packed: usize,
    /// Length of the buffer of flipped hidden weights.
    pub(crate) flipped: usize,
    /// Width of a coordinate vector, before its encoding.
    pub(crate) coordinates: usize,
    pub(crate) encoding: Option<Positional>,
    /// Floats from one point to the next in the block of inputs of the first layer.
    pub(crate) input_stride: usize,
    pub(crate) output_offset: f32,
    pub(crate) lanes: usize,
}

impl Plan {
    /// Plans a stack whose fields were checked.
    pub(crate) fn new(stack: &DenseStack, lanes: usize) -> Self {
        let count = stack.widths.len() - 1;
        let (mut packed, mut flipped) = (0, 0);
        let mut layers = Vec::with_capacity(count);
        for (l, pair) in stack.widths.windows(2).enumerate() {
            let (inputs, outputs) = (pair[0], pair[1]);
            let activation = stack.activations.get(l).copied();
            let stored = if activation.is_some() { (inputs, outputs) } else { (outputs, inputs) };
            let panels = Panels::new(stored.0, stored.1, lanes);
            let (weight, bias) = (packed, packed + round_up(panels.len(), 16));
            packed = bias + round_up(outputs, 16);
            let other = Panels::new(outputs, inputs, lanes);
            let layer = Layer {
                inputs,
                outputs,
                activation,
                panels,
                weight,
                bias,
                end: packed,
                flipped: other,
                flipped_weight: flipped,
            };
            if activation.is_some() {
                flipped += round_up(other.len(), 16);
            }
            layers.push(layer);
        }
        Self {
            layers,
            packed,
            flipped,
            coordinates: stack.inputs(),
            encoding: stack.encoding,
            // A lone output layer reads whole vectors of inputs; hidden layers read single ones.
            input_stride: if count == 1 { round_up(stack.widths[0], lanes) } else { stack.widths[0] },
            output_offset: stack.output_offset,
            lanes,
        }
    }

    /// Hidden layers.
    pub(crate) fn hidden(&self) -> &[Layer] {
        &self.layers[..self.layers.len() - 1]
    }

    /// The last layer.
    pub(crate) fn output(&self) -> &Layer {
        &self.layers[self.layers.len() - 1]
    }

    /// Copies flat parameters into their packed places; padding is left as it is.
    pub(crate) fn pack(&self, flat: &[f32], packed: &mut [f32]) {
        self.visit(|flat_index, packed_index, _| packed[packed_index] = flat[flat_index]);
    }

    /// Copies packed values into flat ones, times the layer's slope scale if `scaled`.
    pub(crate) fn unpack(&self, packed: &[f32], flat: &mut [f32], scaled: bool) {
        self.visit(|flat_index, packed_index, layer| {
            let scale = if scaled { layer.slope_scale() } else { 1.0 };
            flat[flat_index] = packed[packed_index] * scale;
        });
    }

    /// Calls `f` with the flat and packed index of every parameter.
    fn visit(&self, mut f: impl FnMut(usize, usize, &Layer)) {
        let mut flat = 0;
        for layer in &self.layers {
            let Layer { inputs, outputs, .. } = *layer;
            let columns = if layer.activation.is_some() { outputs } else { inputs };
            for column in 0..columns {
                let (first, step) = layer.panels.column(column);
                for row in 0..layer.panels.rows {
                    let (output, input) = if layer.activation.is_some() { (column, row) } else { (row, column) };
                    f(flat + output * inputs + input, layer.weight + first + row * step, layer);
                }
            }
            flat += inputs * outputs;
            for output in 0..outputs {
                f(flat + output, layer.bias + output, layer);
            }
            flat += outputs;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn packing_round_trips(widths in prop::collection::vec(1usize..70, 2..6), wide in any::<bool>()) {
            let plan = Plan::new(&DenseStack::relu(&widths), if wide { 16 } else { 8 });
            let flat: Vec<f32> = (1..=DenseStack::relu(&widths).parameters()).map(|i| i as f32).collect();
            let mut packed = vec![0.0; plan.packed];
            plan.pack(&flat, &mut packed);
            let mut back = vec![0.0; flat.len()];
            plan.unpack(&packed, &mut back, false);
            prop_assert_eq!(&back, &flat);
            prop_assert_eq!(packed.iter().filter(|&&x| x != 0.0).count(), flat.len());
        }
    }
}
