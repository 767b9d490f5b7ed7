//! Networks for this crate's tests.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use equigen_core::dense::{self, Points};
use equigen_core::{Activation, Axis, Hidden, Layout, Seed, Weights, host, seed};
use equigen_kernels::DenseStack;
use proptest::prelude::*;

pub(crate) const OMEGA: f64 = 12.0;

/// Widths of networks with 2 to 5 weight layers, on two coordinates.
pub(crate) fn layouts() -> impl Strategy<Value = Vec<usize>> {
    (proptest::collection::vec(1usize..14, 1..5), 1usize..4)
        .prop_map(|(hidden, channels)| [&[2], &hidden[..], &[channels]].concat())
}

pub(crate) fn layout(input: Axis, hidden: &[usize], channels: usize) -> Layout {
    let activation = Activation::Sine { omega: OMEGA };
    let hidden: Vec<Hidden> = hidden.iter().map(|&width| Hidden { width, activation }).collect();
    Layout::dense(input, &hidden, channels)
}

/// `n` random sine networks of these widths.
pub(crate) fn networks(widths: &[usize], n: usize, seed: u64) -> Weights {
    let [inputs, hidden @ .., channels] = widths else {
        panic!("inputs and channels");
    };
    let layout = Arc::new(layout(Axis::Coordinates(*inputs), hidden, *channels));
    let values = seed::normal(&mut Seed::new(seed).stream(0), n * layout.parameters());
    let values = values.into_iter().map(|value| 0.3 * value).collect();
    Weights::from_host(layout, values, &Device::flex()).unwrap()
}

/// Seven points of the domain.
pub(crate) fn points(inputs: usize) -> Tensor<2> {
    let values = seed::uniform(&mut Seed::new(8).stream(0), 7 * inputs, -1.0, 1.0);
    host::tensor(values, [7, inputs], &Device::flex())
}

/// Values at these points.
pub(crate) fn render_at(weights: &Weights, points: &Points) -> Vec<f32> {
    let stack = DenseStack::siren(&weights.layout().widths(), OMEGA as f32);
    host::read(dense::render(&stack, weights, points))
}

/// Values at seven points.
pub(crate) fn render(weights: &Weights) -> Vec<f32> {
    render_at(weights, &Points::Shared(points(weights.layout().inputs())))
}

/// The same values in double precision, where the order of the neurons does not show.
pub(crate) fn render_exactly(weights: &Weights) -> Vec<f64> {
    let stack = DenseStack::siren(&weights.layout().widths(), OMEGA as f32);
    let points = host::read(points(weights.layout().inputs()));
    let values = weights.to_host();
    values.chunks(stack.parameters()).flat_map(|network| dense::reference(&stack, network, &points)).collect()
}
