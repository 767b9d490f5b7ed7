//! `NAME`: neurons in a circle.

use equigen_core::action::{Element, NeuronMap};
use equigen_core::{Error, Hidden, Layout, Result, Symmetry, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Turns the order of the neurons of every hidden layer in a circle, by a random number of steps.
///
/// The subgroup of permutations that keeps neighbours together.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TYPE {
    /// Places that a neuron moves in a step.
    pub step: usize,
}

impl Default for TYPE {
    fn default() -> Self {
        Self { step: 1 }
    }
}

equigen_core::register!(Symmetry, TYPE);

#[typetag::serde(name = "NAME")]
impl Symmetry for TYPE {
    fn acts_on(&self, _hidden: &Hidden) -> bool {
        true
    }

    fn sample(&self, layout: &Layout, rng: &mut Rng) -> Result<Element> {
        if self.step == 0 || layout.hidden().is_empty() {
            let remedy = "give at least 1, and networks with a hidden layer";
            let text = format!("`step` = {}, networks {layout}: {remedy}", self.step);
            return Err(Error::config(text).within("NAME"));
        }
        let turned = |hidden: &Hidden| {
            let by = seed::indices(rng, 1, hidden.width)[0] * (self.step % hidden.width);
            NeuronMap::permutation((0..hidden.width).map(|i| (i + by) % hidden.width).collect())
        };
        Ok(Element(layout.hidden().iter().map(turned).collect()))
    }
}

#[test]
fn keeps_its_laws() {
    for law in equigen_core::laws::symmetry::laws(&TYPE::default()) {
        law.holds(256, None).unwrap_or_else(|broken| panic!("{}: {broken}", law.name));
    }
}
