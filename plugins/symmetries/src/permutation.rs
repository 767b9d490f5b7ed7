//! `permutation`: the order of a layer's neurons is arbitrary.

use equigen_core::action::{Element, NeuronMap};
use equigen_core::{Error, Hidden, Layout, Result, Symmetry, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Permutations of the neurons of every hidden layer, whatever their activation.
///
/// Source: Hecht-Nielsen 1990, "On the algebraic structure of feedforward network weight spaces". Elements are drawn
/// uniformly, independently for each layer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Permutation {}

equigen_core::register!(Symmetry, Permutation);

#[typetag::serde(name = "permutation")]
impl Symmetry for Permutation {
    fn acts_on(&self, _hidden: &Hidden) -> bool {
        true
    }

    fn sample(&self, layout: &Layout, rng: &mut Rng) -> Result<Element> {
        if layout.hidden().is_empty() {
            return Err(Error::config(format!(
                "permutation: networks {layout} have no hidden layer whose neurons could move; use an INR with hidden layers"
            )));
        }
        let map = |hidden: &Hidden| NeuronMap::permutation(seed::permutation(rng, hidden.width));
        Ok(Element(layout.hidden().iter().map(map).collect()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use burn::tensor::Device;
    use equigen_core::dense;
    use equigen_core::{Activation, Axis, Seed, Weights, action};
    use equigen_kernels::DenseStack;
    use proptest::prelude::*;

    use super::*;

    /// Layouts of 2 to 5 weight layers and unequal widths.
    fn layouts() -> impl Strategy<Value = Arc<Layout>> {
        (1usize..4, proptest::collection::vec(1usize..12, 1..5), 1usize..4).prop_map(|(inputs, widths, channels)| {
            let activation = Activation::Sine { omega: 9.0 };
            let hidden: Vec<Hidden> = widths.iter().map(|&width| Hidden { width, activation }).collect();
            Arc::new(Layout::dense(Axis::Coordinates(inputs), &hidden, channels))
        })
    }

    fn elements(layout: &Layout, seed: u64, n: u64) -> Vec<Element> {
        (0..n).map(|i| Permutation {}.sample(layout, &mut Seed::new(seed).stream(i)).unwrap()).collect()
    }

    fn networks(layout: &Arc<Layout>, seed: u64, n: usize) -> Weights {
        let values = seed::normal(&mut Seed::new(seed).split("w").stream(0), n * layout.parameters());
        let values = values.into_iter().map(|value| 0.3 * value).collect();
        Weights::from_host(layout.clone(), values, &Device::flex()).unwrap()
    }

    fn render(weights: &Weights) -> Vec<f64> {
        let stack = DenseStack::siren(&weights.layout().widths(), 9.0);
        let points = seed::uniform(&mut Seed::new(8).stream(0), 7 * stack.inputs(), -1.0, 1.0);
        let values = weights.to_host();
        values.chunks(stack.parameters()).flat_map(|network| dense::reference(&stack, network, &points)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn identity_inverse_and_composition(layout in layouts(), seed in any::<u64>()) {
            let weights = networks(&layout, seed, 2);
            let (g, h) = (elements(&layout, seed, 2), elements(&layout, seed ^ 1, 2));
            let apply = |elements: &[Element], weights: &Weights| action::apply(elements, weights);
            let identity = vec![Element::identity(&layout); 2];
            prop_assert_eq!(apply(&identity, &weights).to_host(), weights.to_host());
            let inverse: Vec<Element> = g.iter().map(Element::inverse).collect();
            prop_assert_eq!(apply(&inverse, &apply(&g, &weights)).to_host(), weights.to_host());
            let composed: Vec<Element> = g.iter().zip(&h).map(|(g, h)| g.compose(h)).collect();
            prop_assert_eq!(apply(&composed, &weights).to_host(), apply(&g, &apply(&h, &weights)).to_host());
        }

        #[test]
        fn the_function_is_preserved(layout in layouts(), seed in any::<u64>()) {
            let weights = networks(&layout, seed, 2);
            let moved = action::apply(&elements(&layout, seed, 2), &weights);
            for (a, b) in render(&moved).iter().zip(render(&weights)) {
                prop_assert!((a - b).abs() < 1e-8 * (1.0 + b.abs()), "{} and {}", a, b);
            }
            // On the host as on the device.
            let alone = elements(&layout, seed, 1)[0].apply_host(&layout, &weights.to_host()[..layout.parameters()]);
            prop_assert_eq!(&alone[..], &moved.to_host()[..layout.parameters()]);
        }
    }

    #[test]
    fn every_neuron_of_every_hidden_layer_moves_and_draws_repeat() {
        let hidden = [8, 11].map(|width| Hidden { width, activation: Activation::Relu });
        let layout = Layout::dense(Axis::Encoded(5), &hidden, 1);
        let drawn = elements(&layout, 4, 200);
        for layer in 0..2 {
            let fixed = drawn.iter().filter(|element| element.0[layer].source[0] == 0).count();
            // One in `width` stays where it was.
            assert!((8..50).contains(&fixed), "{fixed} of 200");
        }
        assert_eq!(drawn, elements(&layout, 4, 200));
        assert_ne!(drawn[0], drawn[1]);
    }

    #[test]
    fn a_layout_without_hidden_layers_is_refused() {
        let layout = Layout::dense(Axis::Coordinates(2), &[], 1);
        let message = Permutation {}.sample(&layout, &mut Seed::new(1).stream(0)).unwrap_err().to_string();
        assert!(message.contains("no hidden layer"), "{message}");
    }
}
