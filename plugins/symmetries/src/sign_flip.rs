//! `sign-flip`: a neuron of an odd activation and its negative compute the same.

use equigen_core::action::{Element, NeuronMap};
use equigen_core::{Hidden, Layout, Result, Symmetry, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::on_layers;

/// Negates row, bias and outgoing column of sine and FINER neurons, each with probability one half: both are odd.
///
/// Source: Chen, Lu and Hecht-Nielsen 1993, "On the geometry of feedforward neural network error surfaces", for odd
/// activations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SignFlip {}

equigen_core::register!(Symmetry, SignFlip);

#[typetag::serde(name = "sign-flip")]
impl Symmetry for SignFlip {
    fn acts_on(&self, hidden: &Hidden) -> bool {
        hidden.activation.is_odd()
    }

    fn sample(&self, layout: &Layout, rng: &mut Rng) -> Result<Element> {
        on_layers(self, layout, "sine or FINER", |hidden| {
            let signs: Vec<f32> =
                seed::indices(rng, hidden.width, 2).iter().map(|bit| 1.0 - 2.0 * *bit as f32).collect();
            NeuronMap { incoming: signs.clone(), outgoing: signs, ..NeuronMap::identity(hidden.width) }
        })
    }
}
