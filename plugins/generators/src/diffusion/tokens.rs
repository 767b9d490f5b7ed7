//! Weights as tokens, and back.

use burn::tensor::{Int, Tensor, TensorData};
use equigen_core::Layout;

use super::denoiser::Tokens;

/// Tokens of one size: which flat parameters each reads, and which it writes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    /// Number of tokens.
    pub(super) count: usize,
    /// `[count, size]` parameter numbers that the tokens read.
    pub(super) reads: Vec<usize>,
    /// `[count, size]` parameter numbers that the tokens write; over all groups each parameter once.
    pub(super) writes: Vec<usize>,
}

impl Group {
    /// Parameters that a token reads.
    pub(super) fn read_size(&self) -> usize {
        self.reads.len() / self.count
    }

    /// Parameters that a token writes.
    pub(super) fn write_size(&self) -> usize {
        self.writes.len() / self.count
    }
}

/// The groups of tokens of a layout.
pub(super) fn groups(layout: &Layout, tokens: Tokens) -> Vec<Group> {
    match tokens {
        Tokens::Tensor => {
            let of = |range: std::ops::Range<usize>| Group {
                count: 1,
                reads: range.clone().collect(),
                writes: range.collect(),
            };
            layout.tensors().iter().map(|tensor| of(tensor.range())).collect()
        }
        Tokens::Neuron => (0..layout.layers()).map(|layer| neurons(layout, layer)).collect(),
    }
}

/// A token per output unit of a dense layer: it reads its row, its bias and, for a hidden neuron, its outgoing column; it
/// writes row and bias, so that every parameter has one writer.
fn neurons(layout: &Layout, layer: usize) -> Group {
    let (weight, bias) = (layout.weight(layer), layout.bias(layer));
    let (count, inputs) = (weight.shape[0], weight.shape[1]);
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    for unit in 0..count {
        let start = weight.offset + unit * inputs;
        let own: Vec<usize> = (start..start + inputs).chain([bias.offset + unit]).collect();
        writes.extend(&own);
        reads.extend(own);
        if layer < layout.hidden().len() {
            let next = layout.weight(layer + 1);
            reads.extend((0..next.shape[0]).map(|row| next.offset + row * next.shape[1] + unit));
        }
    }
    Group { count, reads, writes }
}

/// Position of each parameter in the concatenation of all groups' writes.
pub(super) fn placement(groups: &[Group], parameters: usize) -> Vec<usize> {
    let mut place = vec![usize::MAX; parameters];
    for (position, parameter) in groups.iter().flat_map(|group| &group.writes).enumerate() {
        place[*parameter] = position;
    }
    place
}

/// Columns of `x [n, parameters]` in another order.
pub(super) fn columns(x: Tensor<2>, order: &[usize]) -> Tensor<2> {
    let order: Vec<i64> = order.iter().map(|k| *k as i64).collect();
    let (count, device) = (order.len(), x.device());
    x.select(1, Tensor::<1, Int>::from_data(TensorData::new(order, [count]), &device))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use equigen_core::{Activation, Axis, Hidden, host};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn detokenising_the_tokens_gives_the_weights(
            widths in prop::collection::vec(1usize..9, 1..5), inputs in 1usize..4, channels in 1usize..4, neuron: bool,
        ) {
            let hidden: Vec<Hidden> = widths.iter().map(|w| Hidden { width: *w, activation: Activation::Other }).collect();
            let layout = Layout::dense(Axis::Coordinates(inputs), &hidden, channels);
            let groups = groups(&layout, if neuron { Tokens::Neuron } else { Tokens::Tensor });
            let parameters = layout.parameters();
            let values: Vec<f32> = (0..2 * parameters).map(|k| k as f32).collect();
            let x: Tensor<2> = host::tensor(values.clone(), [2, parameters], &Device::flex());
            let written: Vec<usize> = groups.iter().flat_map(|group| group.writes.clone()).collect();
            prop_assert_eq!(written.len(), parameters);
            let back = columns(columns(x, &written), &placement(&groups, parameters));
            prop_assert_eq!(host::read(back), values);
        }
    }
}
