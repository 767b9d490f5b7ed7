//! `positive-scale`: a ReLU neuron may be made larger and its outgoing weights smaller.

use equigen_core::action::{Element, NeuronMap};
use equigen_core::{Activation, Error, Hidden, Layout, Result, Symmetry, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::on_layers;

/// Multiplies row and bias of ReLU neurons by c > 0 and divides their outgoing column by it: max(cz, 0) = c max(z, 0).
///
/// Source: Neyshabur et al. 2015, "Path-SGD". ln c is uniform in ±ln(range).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PositiveScale {
    /// Largest factor; its inverse is the smallest.
    pub range: f64,
}

impl Default for PositiveScale {
    fn default() -> Self {
        Self { range: 2.0 }
    }
}

equigen_core::register!(Symmetry, PositiveScale);

#[typetag::serde(name = "positive-scale")]
impl Symmetry for PositiveScale {
    fn acts_on(&self, hidden: &Hidden) -> bool {
        hidden.activation == Activation::Relu
    }

    fn sample(&self, layout: &Layout, rng: &mut Rng) -> Result<Element> {
        if !(self.range.is_finite() && self.range > 1.0) {
            return Err(Error::config(format!("positive-scale: `range` = {}: give a number above 1", self.range)));
        }
        let log = self.range.ln() as f32;
        on_layers(self, layout, "ReLU", |hidden| {
            let incoming: Vec<f32> = seed::uniform(rng, hidden.width, -log, log).into_iter().map(f32::exp).collect();
            let outgoing = incoming.iter().map(|c| 1.0 / c).collect();
            NeuronMap { incoming, outgoing, ..NeuronMap::identity(hidden.width) }
        })
    }
}
