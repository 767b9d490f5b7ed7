//! `permutation`: the order of a layer's neurons is arbitrary.

use equigen_core::action::{Element, NeuronMap};
use equigen_core::{Hidden, Layout, Result, Symmetry, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::on_layers;

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
        on_layers(self, layout, "hidden", |hidden| NeuronMap::permutation(seed::permutation(rng, hidden.width)))
    }
}
