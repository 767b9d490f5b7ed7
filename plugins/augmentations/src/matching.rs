//! Weight matching: the element that makes one network most like another.
//!
//! Source: Ainsworth, Hayase and Srinivasa 2023, "Git Re-Basin: merging models modulo permutation symmetries", algorithm 1:
//! layer by layer, the assignment of neurons that makes the inner product with the reference largest, given the other
//! layers, until nothing changes. Signs of neurons with an odd activation are matched along: a pair counts by the size of its product.

use equigen_core::action::{Element, NeuronMap};
use equigen_core::{Activation, Layout};

/// Passes over the layers, at most: each makes the product larger, and few do all the work.
const PASSES: usize = 12;

/// The element `g` for which `g·network` has a locally largest inner product with `reference`.
///
/// The first pass looks at incoming weights only, layer after layer. Those are settled by the layers before, whatever order
/// and signs the network came in, and so is all that follows: a network and its image under an element match alike.
pub(crate) fn match_to(layout: &Layout, reference: &[f32], network: &[f32]) -> Element {
    let mut total = Element::identity(layout);
    for pass in 0..PASSES {
        let mut changed = pass == 0;
        for layer in 0..layout.hidden().len() {
            let moved = total.apply_host(layout, network);
            let mut step = Element::identity(layout);
            let incoming = layout.weight(layer).shape[1] + 1;
            let entries = if pass == 0 { incoming } else { usize::MAX };
            step.0[layer] = best(layout, layer, entries, reference, &moved);
            if step.0[layer] != NeuronMap::identity(layout.hidden()[layer].width) {
                total = step.compose(&total);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    total
}

/// Biases of sine neurons brought within half a period of zero, which is the same function.
pub(crate) fn central_phases(layout: &Layout, network: &[f32]) -> Element {
    let mut element = Element::identity(layout);
    for (layer, (hidden, map)) in layout.hidden().iter().zip(&mut element.0).enumerate() {
        let Activation::Sine { omega } = hidden.activation else { continue };
        let half = std::f64::consts::PI / omega;
        for (neuron, bias) in network[layout.bias(layer).range()].iter().enumerate() {
            let periods = (f64::from(*bias) / half).round();
            map.shift[neuron] = (-periods * half) as f32;
            map.outgoing[neuron] = if periods as i64 % 2 == 0 { 1.0 } else { -1.0 };
        }
    }
    element
}

/// The best assignment, with signs, of one layer's neurons by their first `entries` weights.
fn best(layout: &Layout, layer: usize, entries: usize, reference: &[f32], network: &[f32]) -> NeuronMap {
    let hidden = layout.hidden()[layer];
    let width = hidden.width;
    let signed = hidden.activation.is_odd();
    let (ours, theirs) = (layout.neuron_rows(layer, network), layout.neuron_rows(layer, reference));
    let product =
        |i: usize, j: usize| theirs[i].iter().zip(&ours[j]).take(entries).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    let products: Vec<f64> = (0..width * width).map(|k| product(k / width, k % width)).collect();
    let gain = products.iter().map(|p| if signed { p.abs() } else { *p }).collect::<Vec<_>>();
    // Not solvable is only what is not finite: such a network stays as it is.
    let Ok((places, sources)) = lsap::solve(width, width, &gain, true) else { return NeuronMap::identity(width) };
    let mut map = NeuronMap::identity(width);
    for (place, source) in places.into_iter().zip(sources) {
        let negative = signed && products[place * width + source] < 0.0;
        map.source[place] = source;
        if negative {
            (map.incoming[place], map.outgoing[place]) = (-1.0, -1.0);
        }
    }
    map
}
