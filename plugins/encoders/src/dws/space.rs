//! A parameter tensor as features over neuron axes: what the layout says of it, as far as permutations go.

use burn::tensor::Tensor;
use equigen_core::{Axis, Layout};

/// One parameter tensor. Axes over coordinates and channels are fixed: no permutation moves them, so they are flattened
/// into features. Its state is `[n, neurons, fixed * width]`, `neurons` running over the neuron axes, the first outermost.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Space {
    /// Hidden layers of its neuron axes (none, one or two), output before input.
    pub(super) axes: Vec<usize>,
    /// Neurons along each of these.
    pub(super) sizes: Vec<usize>,
    /// Product of its fixed axes.
    pub(super) fixed: usize,
    /// Whether it holds one number for each neuron of a hidden layer, as a bias does.
    pub(super) is_hidden_bias: bool,
    /// Whether a fixed axis stands before the neuron axis in memory.
    fixed_first: bool,
}

impl Space {
    /// Product of its neuron axes.
    pub(super) fn neurons(&self) -> usize {
        self.sizes.iter().product()
    }

    /// Mean over all neuron axes but the one at `position`: `[n, neurons of that axis, features]`.
    pub(super) fn along(&self, position: usize, state: &Tensor<3>) -> Tensor<3> {
        let [a, b] = match self.sizes[..] {
            [_] => return state.clone(),
            [a, b] => [a, b],
            _ => unreachable!("asked for an axis of a tensor that has none"),
        };
        let [n, _, features] = state.dims();
        let state = state.clone().reshape([n, a, b, features]);
        let pooled = state.mean_dim(2 - position);
        pooled.reshape([n, self.sizes[position], features])
    }
}

/// The spaces of all tensors of a layout, in order.
pub(super) fn of(layout: &Layout) -> Vec<Space> {
    let tensors = layout.tensors().iter();
    let space = |tensor: &equigen_core::TensorSpec| {
        let (mut axes, mut sizes, mut fixed) = (Vec::new(), Vec::new(), 1);
        for (axis, size) in tensor.axes.iter().zip(&tensor.shape) {
            match axis {
                Axis::Hidden(layer) => {
                    axes.push(*layer);
                    sizes.push(*size);
                }
                Axis::Coordinates(_) | Axis::Encoded { .. } | Axis::Channels(_) => fixed *= size,
            }
        }
        Space {
            is_hidden_bias: axes.len() == 1 && tensor.axes.len() == 1,
            fixed_first: axes.len() == 1 && !matches!(tensor.axes[0], Axis::Hidden(_)),
            axes,
            sizes,
            fixed,
        }
    };
    tensors.map(space).collect()
}

/// Flat networks `[n, parameters]` to states of width one.
pub(super) fn split(spaces: &[Space], layout: &Layout, values: Tensor<2>) -> Vec<Tensor<3>> {
    let n = values.dims()[0];
    let state = |(space, tensor): (&Space, &equigen_core::TensorSpec)| {
        let entries = values.clone().slice([0..n, tensor.range()]);
        let (neurons, fixed) = (space.neurons(), space.fixed);
        if space.fixed_first {
            entries.reshape([n, fixed, neurons]).swap_dims(1, 2)
        } else {
            entries.reshape([n, neurons, fixed])
        }
    };
    spaces.iter().zip(layout.tensors()).map(state).collect()
}
