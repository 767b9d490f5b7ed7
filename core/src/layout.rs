//! Where each parameter of a network lies, what its axes are, and how each hidden layer activates.
//!
//! The layout is the idea of git-re-basin's permutation specification, with activations: every symmetry, token, encoder
//! and law derives from it. Two axes that name the same hidden layer move together.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// What one axis of a parameter tensor runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Axis {
    /// Raw coordinates of the signal, so many.
    Coordinates(usize),
    /// Features of the coordinates (a positional encoding, Fourier features), in their place.
    Encoded {
        /// Raw coordinates of the signal.
        coordinates: usize,
        /// Features made of them.
        features: usize,
    },
    /// The neurons of this hidden layer (an index into [`Layout::hidden`]).
    Hidden(usize),
    /// Output channels of the signal, so many.
    Channels(usize),
}

/// The non-linearity of a hidden layer, as far as its symmetries go.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `sin(omega * z)`: odd and periodic.
    Sine {
        /// Frequency factor in front of the pre-activation.
        omega: f64,
    },
    /// `max(z, 0)`: positively homogeneous.
    Relu,
    /// `sin(omega * (|z| + 1) * z)`, as in FINER: odd, and not periodic.
    Finer {
        /// Frequency factor.
        omega: f64,
    },
    /// `cos(omega * z) * exp(-(scale * z)^2)`, the real Gabor wavelet of WIRE: even, so that a neuron may be negated while
    /// its outgoing column stays. No symmetry here does that.
    Gabor {
        /// Frequency factor.
        omega: f64,
        /// One over the width of the window.
        scale: f64,
    },
    /// Anything else: only permutations preserve the function.
    Other,
}

impl Activation {
    /// Whether `a(-z) = -a(z)`: a neuron that is negated on both sides computes the same.
    pub fn is_odd(self) -> bool {
        matches!(self, Self::Sine { .. } | Self::Finer { .. })
    }

    /// The same in the fused kernels, which know sines and ReLUs.
    pub fn fused(self) -> Option<equigen_kernels::Activation> {
        match self {
            Self::Sine { omega } => Some(equigen_kernels::Activation::Sine { omega: omega as f32 }),
            Self::Relu => Some(equigen_kernels::Activation::Relu),
            Self::Finer { .. } | Self::Gabor { .. } | Self::Other => None,
        }
    }
}

impl From<equigen_kernels::Activation> for Activation {
    fn from(activation: equigen_kernels::Activation) -> Self {
        match activation {
            equigen_kernels::Activation::Sine { omega } => Self::Sine { omega: f64::from(omega) },
            equigen_kernels::Activation::Relu => Self::Relu,
        }
    }
}

/// One hidden layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Hidden {
    /// Number of neurons.
    pub width: usize,
    /// How they activate.
    pub activation: Activation,
}

/// One parameter tensor: a weight `[out, in]` or a bias `[out]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TensorSpec {
    /// Name as in a state dict: `layers.1.weight`.
    pub name: String,
    /// What each axis runs over.
    pub axes: Vec<Axis>,
    /// Extent of each axis.
    pub shape: Vec<usize>,
    /// Index of its first entry in a network's flat parameter vector.
    pub offset: usize,
}

impl TensorSpec {
    /// Number of entries.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether the tensor has no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its place in a network's flat parameter vector.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.len()
    }
}

/// The layout of a network of dense layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    tensors: Vec<TensorSpec>,
    hidden: Vec<Hidden>,
}

impl Layout {
    /// A stack of dense layers `input -> hidden… -> channels`; for each layer first the weight, then the bias.
    pub fn dense(input: Axis, hidden: &[Hidden], channels: usize) -> Self {
        let axis_after = |layer: usize| {
            if layer < hidden.len() { Axis::Hidden(layer) } else { Axis::Channels(channels) }
        };
        let mut tensors: Vec<TensorSpec> = Vec::new();
        let mut incoming = input;
        for layer in 0..=hidden.len() {
            let outgoing = axis_after(layer);
            for (kind, axes) in [("weight", vec![outgoing, incoming]), ("bias", vec![outgoing])] {
                let shape = axes.iter().map(|axis| extent(*axis, hidden)).collect();
                let offset = tensors.last().map_or(0, |last| last.range().end);
                tensors.push(TensorSpec { name: format!("layers.{layer}.{kind}"), axes, shape, offset });
            }
            incoming = outgoing;
        }
        Self { tensors, hidden: hidden.to_vec() }
    }

    /// All parameter tensors in order.
    pub fn tensors(&self) -> &[TensorSpec] {
        &self.tensors
    }

    /// All hidden layers in order.
    pub fn hidden(&self) -> &[Hidden] {
        &self.hidden
    }

    /// Number of parameters of one network.
    pub fn parameters(&self) -> usize {
        self.tensors.last().map_or(0, |last| last.range().end)
    }

    /// Number of dense layers (hidden ones and the output layer).
    pub fn layers(&self) -> usize {
        self.hidden.len() + 1
    }

    /// Weight `[out, in]` of a dense layer.
    pub fn weight(&self, layer: usize) -> &TensorSpec {
        &self.tensors[2 * layer]
    }

    /// Bias `[out]` of a dense layer.
    pub fn bias(&self, layer: usize) -> &TensorSpec {
        &self.tensors[2 * layer + 1]
    }

    /// Inputs of the first layer.
    pub fn inputs(&self) -> usize {
        self.weight(0).shape[1]
    }

    /// Raw coordinates of the signal: the inputs of the first layer, unless those are features made of them.
    pub fn coordinates(&self) -> usize {
        match self.weight(0).axes[1] {
            Axis::Encoded { coordinates, .. } => coordinates,
            _ => self.inputs(),
        }
    }

    /// Output channels.
    pub fn channels(&self) -> usize {
        self.bias(self.hidden.len()).shape[0]
    }

    /// Whether the first layer is affine in raw coordinates, so that coordinate maps are exact on its weights.
    pub fn affine_in_coordinates(&self) -> bool {
        matches!(self.weight(0).axes[1], Axis::Coordinates(_))
    }

    /// Everything of a network's flat parameters that moves with each neuron of a hidden layer: incoming row, bias, outgoing
    /// column, in this order.
    pub fn neuron_rows(&self, layer: usize, network: &[f32]) -> Vec<Vec<f32>> {
        let own = Axis::Hidden(layer);
        let mut rows: Vec<Vec<f32>> = vec![Vec::new(); self.hidden[layer].width];
        for tensor in &self.tensors {
            let values = &network[tensor.range()];
            let columns = tensor.shape.get(1).copied().unwrap_or(1);
            for (neuron, row) in rows.iter_mut().enumerate() {
                if tensor.axes[0] == own {
                    row.extend(&values[neuron * columns..(neuron + 1) * columns]);
                }
                if tensor.axes.get(1) == Some(&own) {
                    row.extend(values.iter().skip(neuron).step_by(columns));
                }
            }
        }
        rows
    }

    /// Widths from inputs to channels, such as `[2, 32, 32, 1]`.
    pub fn widths(&self) -> Vec<usize> {
        let hidden = self.hidden.iter().map(|hidden| hidden.width);
        std::iter::once(self.inputs()).chain(hidden).chain([self.channels()]).collect()
    }
}

impl std::fmt::Display for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let widths: Vec<String> = self.widths().iter().map(usize::to_string).collect();
        write!(f, "{} ({} parameters)", widths.join("-"), self.parameters())
    }
}

fn extent(axis: Axis, hidden: &[Hidden]) -> usize {
    match axis {
        Axis::Coordinates(n) | Axis::Encoded { features: n, .. } | Axis::Channels(n) => n,
        Axis::Hidden(layer) => hidden[layer].width,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_siren_of_the_paper_has_1185_parameters_without_gaps() {
        let hidden = [Hidden { width: 32, activation: Activation::Sine { omega: 30.0 } }; 2];
        let layout = Layout::dense(Axis::Coordinates(2), &hidden, 1);
        assert_eq!(layout.parameters(), 1185);
        assert_eq!(layout.to_string(), "2-32-32-1 (1185 parameters)");
        for pair in layout.tensors().windows(2) {
            assert_eq!(pair[0].range().end, pair[1].offset);
        }
        assert_eq!(layout.weight(1).axes, [Axis::Hidden(1), Axis::Hidden(0)]);
        assert_eq!(layout.coordinates(), 2);
    }

    #[test]
    fn encoded_coordinates_are_not_the_inputs() {
        let hidden = [Hidden { width: 128, activation: Activation::Relu }; 3];
        let layout = Layout::dense(Axis::Encoded { coordinates: 3, features: 27 }, &hidden, 1);
        assert_eq!((layout.inputs(), layout.coordinates(), layout.parameters()), (27, 3, 36_737));
        assert!(!layout.affine_in_coordinates());
    }
}
