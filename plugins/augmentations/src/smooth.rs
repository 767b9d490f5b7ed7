//! `smooth`: the order of neurons in which neighbours are most alike.

use equigen_core::action::{Element, NeuronMap};
use equigen_core::registry::Claim;
use equigen_core::{Augmentation, Draws, Layout, Result, Weights, seed::Rng};
use equigen_kernels::path::shortest_path;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::elements::act_by_weights;

/// Reorders the neurons of every hidden layer so that neighbours are alike: least total variation, same function.
///
/// Source: EquiGen, smoothing; docs/method.md, section 4. The neurons of a layer are cities, with their incoming weights, bias and
/// outgoing weights as coordinates; the L1 length of a path through them is the total variation that the layer's order
/// decides. Layers do not influence each other: a permutation of the next layer moves the coordinates of every city alike.
/// The path is locally shortest, never longer than the order found, and draws nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Smooth {}

equigen_core::register!(Augmentation, Smooth);

#[typetag::serde(name = "smooth")]
impl Augmentation for Smooth {
    fn draw(&self, _layout: &Layout, _n: usize, _rng: &mut Rng) -> Result<Draws> {
        Ok(Draws::none())
    }

    fn apply(&self, weights: &Weights, _draws: &Draws) -> Weights {
        let layout = weights.layout();
        act_by_weights(weights, |network| smoothest(layout, network))
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim::PreservesFunction]
    }
}

/// The permutations that smooth one network, from its flat parameters.
fn smoothest(layout: &Layout, network: &[f32]) -> Element {
    let order = |layer: usize| {
        let width = layout.hidden()[layer].width;
        let cities = layout.neuron_rows(layer, network);
        let coordinates = cities[0].len();
        NeuronMap::permutation(shortest_path(&cities.concat(), width, coordinates))
    };
    Element((0..layout.hidden().len()).map(order).collect())
}

/// Total variation of one network: the sum of absolute differences of neighbouring entries along every axis of every
/// parameter tensor (docs/method.md, section 1).
pub fn total_variation(layout: &Layout, network: &[f32]) -> f64 {
    let tensor_variation = |tensor: &equigen_core::TensorSpec| {
        let values = &network[tensor.range()];
        let columns = tensor.shape.get(1).copied().unwrap_or(1);
        let difference = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)).abs();
        let down: f64 = values.iter().zip(&values[columns.min(values.len())..]).map(difference).sum();
        let right = values.chunks(columns).flat_map(|row| row.iter().zip(&row[1..]));
        down + right.map(difference).sum::<f64>()
    };
    layout.tensors().iter().map(tensor_variation).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use burn::tensor::Device;
    use equigen_core::action;
    use equigen_core::laws::{Law, Verdict};
    use equigen_core::{Activation, Axis, Hidden, Seed, host, seed};

    use super::*;

    fn smooth(weights: &Weights) -> Weights {
        let draws = Smooth {}.draw(weights.layout(), weights.len(), &mut Seed::new(0).stream(0)).unwrap();
        Smooth {}.apply(weights, &draws)
    }

    #[test]
    fn total_variation_by_hand() {
        let hidden = [Hidden { width: 3, activation: Activation::Relu }];
        let layout = Layout::dense(Axis::Coordinates(2), &hidden, 1);
        // W_1 rows (0, 1), (2, 4), (3, 3); b_1 (1, 1, 5); W_2 (0, 7, 1); b_2 9.
        let network = [0.0, 1.0, 2.0, 4.0, 3.0, 3.0, 1.0, 1.0, 5.0, 0.0, 7.0, 1.0, 9.0];
        let down = (2.0 + 3.0) + (1.0 + 1.0);
        let right = 1.0 + 2.0 + 0.0;
        assert_eq!(total_variation(&layout, &network), down + right + 4.0 + (7.0 + 6.0));
    }

    #[test]
    fn a_shuffled_ramp_is_sorted_in_every_layer() {
        let hidden = [9, 12].map(|width| Hidden { width, activation: Activation::Relu });
        let layout = Arc::new(Layout::dense(Axis::Coordinates(2), &hidden, 1));
        // Entries that grow by one along either axis: no order of neurons is smoother.
        let ramp: Vec<f32> = layout
            .tensors()
            .iter()
            .flat_map(|tensor| {
                let columns = tensor.shape.get(1).copied().unwrap_or(1);
                (0..tensor.len()).map(move |k| (k / columns + k % columns) as f32)
            })
            .collect();
        let weights = Weights::from_host(layout.clone(), ramp.clone(), &Device::flex()).unwrap();
        let mut rng = Seed::new(2).stream(0);
        let element = Element(hidden.map(|h| NeuronMap::permutation(seed::permutation(&mut rng, h.width))).to_vec());
        let shuffled = action::apply(&[element], &weights);
        assert!(total_variation(&layout, &shuffled.to_host()) > total_variation(&layout, &ramp));
        assert_eq!(smooth(&shuffled).to_host(), ramp);
    }

    #[test]
    fn gradients_flow_to_the_neuron_that_moved() {
        let device = Device::flex().autodiff();
        let hidden = [6, 5].map(|width| Hidden { width, activation: Activation::Relu });
        let layout = Arc::new(Layout::dense(Axis::Coordinates(2), &hidden, 1));
        let start = seed::normal(&mut Seed::new(4).stream(0), layout.parameters());
        let weights = Weights::from_host(layout, start.clone(), &device).unwrap();
        let weights = weights.with_values(weights.values().clone().require_grad());
        let gradients = smooth(&weights).values().clone().square().sum().backward();
        // The sum of squares does not see an order: its gradient is 2 w, whatever moved.
        let expected: Vec<f32> = start.iter().map(|value| 2.0 * value).collect();
        assert_eq!(host::read(weights.values().grad(&gradients).unwrap()), expected);
    }

    #[test]
    fn total_variation_does_not_grow() {
        let law = Law::new("total variation does not grow", |case| {
            let weights = case.weights(&Device::flex());
            let (smoothed, layout) = (smooth(&weights), weights.layout());
            let twice = smooth(&smoothed).to_host();
            let (before, after) = (weights.to_host(), smoothed.to_host());
            let variation = |values: &[f32]| -> Vec<f64> {
                values.chunks(layout.parameters()).map(|network| total_variation(layout, network)).collect()
            };
            let grows = |(old, new): (f64, f64)| (new > old * (1.0 + 1e-12)).then(|| format!("{old} grew to {new}"));
            // As smooth as it gets by this search, or smoother at the second pass.
            let first = variation(&before).into_iter().zip(variation(&after));
            let second = variation(&after).into_iter().zip(variation(&twice));
            Verdict::of(first.chain(second).find_map(grows))
        });
        law.holds(48, Some(file!())).unwrap_or_else(|broken| panic!("{broken}"));
    }
}
