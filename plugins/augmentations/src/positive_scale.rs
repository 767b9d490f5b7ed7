//! `positive-scale`: random ReLU neurons made larger, and what they feed smaller.

use equigen_core::action::NeuronMap;
use equigen_core::registry::Claim;
use equigen_core::{Activation, Augmentation, Draws, Error, Layout, Result, Weights, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::elements::{act, neurons};

/// Multiplies row and bias of every ReLU neuron by a random c > 0 and divides its outgoing column by it: another network of
/// the same function, since max(cz, 0) = c max(z, 0).
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

equigen_core::register!(Augmentation, PositiveScale);

#[typetag::serde(name = "positive-scale")]
impl Augmentation for PositiveScale {
    fn draw(&self, layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws> {
        if !(self.range.is_finite() && self.range > 1.0) {
            return Err(Error::config(format!("positive-scale: `range` = {}: give a number above 1", self.range)));
        }
        if !layout.hidden().iter().any(|hidden| hidden.activation == Activation::Relu) {
            let text = format!("positive-scale: networks {layout} have no ReLU layer; leave `positive-scale` out");
            return Err(Error::config(text));
        }
        let (columns, log) = (neurons(layout), self.range.ln() as f32);
        Ok(Draws { columns, values: seed::uniform(rng, n * columns, -log, log) })
    }

    fn apply(&self, weights: &Weights, draws: &Draws) -> Weights {
        act(weights, draws, |hidden, logs| {
            if hidden.activation != Activation::Relu {
                return NeuronMap::identity(hidden.width);
            }
            let incoming = logs.iter().map(|log| log.exp()).collect();
            let outgoing = logs.iter().map(|log| (-log).exp()).collect();
            NeuronMap { incoming, outgoing, ..NeuronMap::identity(hidden.width) }
        })
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim::PreservesFunction]
    }
}
