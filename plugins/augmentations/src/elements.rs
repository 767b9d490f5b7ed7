//! Augmentations that act by elements of a symmetry: by a row of draws per network, or by each network's own weights.

use equigen_core::action::{Element, NeuronMap, apply};
use equigen_core::{Draws, Hidden, Layout, Weights};
use rayon::prelude::*;

/// Neurons of all hidden layers.
pub(crate) fn neurons(layout: &Layout) -> usize {
    layout.hidden().iter().map(|hidden| hidden.width).sum()
}

/// Moves each network by an element that follows from its own weights, on all cores.
pub(crate) fn act_by_weights(weights: &Weights, element: impl Fn(&[f32]) -> Element + Send + Sync) -> Weights {
    if weights.is_empty() {
        return weights.clone();
    }
    let values = weights.to_host();
    let elements: Vec<Element> = values.par_chunks(weights.layout().parameters()).map(element).collect();
    apply(&elements, weights)
}

/// Moves each network by the element that its row of draws means, a number per hidden neuron.
pub(crate) fn act(weights: &Weights, draws: &Draws, map: impl Fn(&Hidden, &[f32]) -> NeuronMap) -> Weights {
    let hidden = weights.layout().hidden();
    let element = |row: &[f32]| {
        let mut left = row;
        let of = |hidden: &Hidden| {
            let (own, rest) = left.split_at(hidden.width);
            left = rest;
            map(hidden, own)
        };
        Element(hidden.iter().map(of).collect())
    };
    let elements: Vec<Element> = draws.rows().map(element).collect();
    apply(&elements, weights)
}
