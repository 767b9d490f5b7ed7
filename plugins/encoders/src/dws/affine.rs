//! The equivariant affine layer.

use std::collections::BTreeMap;

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use equigen_core::nn::{Init, Linear};
use equigen_core::precision::product;

use super::space::Space;

/// An affine map between the parameters of networks that commutes with neuron permutations.
///
/// Navon et al. give one map for each pair of a source and a target tensor and average over the sources: a set layer over
/// the axes that both have, the source's other axes pooled, the result broadcast along the target's other axes. Maps into
/// one target that read the same kind of pooled source add up, so they are one matrix over the sources laid side by side.
/// A target then is a sum of at most four terms: of its own entries, of each of its neuron axes, and of everything pooled.
/// Sources are pooled before anything is multiplied; only a target's own entries are met at full size.
#[derive(Module, Debug)]
pub(super) struct Affine {
    targets: Vec<Target>,
}

#[derive(Module, Debug)]
struct Target {
    /// `[in, out]` from its own entries; only for two neuron axes, as with fewer the terms below hold them. No bias: the
    /// terms below have it, and one more would cost a pass over the largest state.
    own: Option<Param<Tensor<2>>>,
    /// For each of its neuron axes from all tensors that have the axis, their other axis pooled.
    along: Vec<Linear>,
    /// From all tensors pooled.
    pooled: Linear,
}

impl Affine {
    /// From `inputs` to `outputs` features a parameter.
    pub(super) fn new(spaces: &[Space], inputs: usize, outputs: usize, init: &mut Init) -> Self {
        let width = |shares: &dyn Fn(&Space) -> bool| {
            let sources = spaces.iter().filter(|space| shares(space));
            sources.map(|space| space.fixed * inputs).sum::<usize>()
        };
        let target = |space: &Space| {
            let whole = space.axes.len() == 2;
            let terms = 1 + space.axes.len() + usize::from(whole);
            // The variance that suits ReLU (He et al. 2015), shared among the terms.
            let scale = (6.0 / terms as f64).sqrt();
            let out = space.fixed * outputs;
            let own = space.fixed * inputs;
            let own = whole.then(|| init.uniform([own, out], scale / (own as f64).sqrt()));
            let mut linear = |inputs| Linear::scaled(inputs, out, scale, init);
            Target {
                own,
                along: space.axes.iter().map(|axis| linear(width(&|source| source.axes.contains(axis)))).collect(),
                pooled: linear(width(&|_| true)),
            }
        };
        Self { targets: spaces.iter().map(target).collect() }
    }

    /// One state for each tensor to one state for each tensor.
    pub(super) fn forward(&self, spaces: &[Space], states: Vec<Tensor<3>>) -> Vec<Tensor<3>> {
        let (along, pooled) = pool(spaces, &states);
        let target = |((target, space), state): ((&Target, &Space), Tensor<3>)| {
            let [n, neurons, inputs] = state.dims();
            // [n, 1, out], added to the smallest of the other terms that has to be broadcast anyway.
            let mut sum = target.pooled.forward(pooled.clone());
            let mut terms = target.along.iter().zip(&space.axes);
            if let Some((linear, axis)) = terms.next() {
                sum = linear.forward(along[axis].clone()) + sum;
            }
            let (Some((linear, axis)), Some(own)) = (terms.next(), &target.own) else {
                return sum;
            };
            let columns = linear.forward(along[axis].clone());
            let [_, rows, out] = sum.dims();
            let own = product(state.reshape([n * neurons, inputs]), own.val());
            let own = own.reshape([n, rows, neurons / rows, out]);
            let both = own + sum.unsqueeze_dim::<4>(2) + columns.unsqueeze_dim::<4>(1);
            both.reshape([n, neurons, out])
        };
        let targets = self.targets.iter().zip(spaces).zip(states);
        targets.map(target).collect()
    }
}

/// For each hidden layer all tensors that have its axis, side by side, `[n, width, …]`; and all tensors pooled, side by
/// side, `[n, 1, …]`.
fn pool(spaces: &[Space], states: &[Tensor<3>]) -> (BTreeMap<usize, Tensor<3>>, Tensor<3>) {
    let mut along: BTreeMap<usize, Vec<Tensor<3>>> = BTreeMap::new();
    let mut pooled = Vec::new();
    for (space, state) in spaces.iter().zip(states) {
        let mut smallest = state.clone();
        for (position, axis) in space.axes.iter().enumerate() {
            smallest = space.along(position, state);
            along.entry(*axis).or_default().push(smallest.clone());
        }
        pooled.push(smallest.mean_dim(1));
    }
    let side_by_side = along.into_iter().map(|(axis, parts)| (axis, Tensor::cat(parts, 2)));
    (side_by_side.collect(), Tensor::cat(pooled, 2))
}
