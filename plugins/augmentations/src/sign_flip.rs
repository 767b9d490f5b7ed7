//! `sign-flip`: random neurons of odd activations negated.

use equigen_core::action::NeuronMap;
use equigen_core::registry::Claim;
use equigen_core::{Augmentation, Draws, Error, Layout, Result, Weights, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::elements::{act, neurons};

/// Negates row, bias and outgoing column of random sine and FINER neurons, each with probability one half: another network
/// of the same function, since those activations are odd.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SignFlip {}

equigen_core::register!(Augmentation, SignFlip);

#[typetag::serde(name = "sign-flip")]
impl Augmentation for SignFlip {
    fn draw(&self, layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws> {
        if !layout.hidden().iter().any(|hidden| hidden.activation.is_odd()) {
            let text = format!("sign-flip: networks {layout} have no sine or FINER layer; leave `sign-flip` out");
            return Err(Error::config(text));
        }
        let columns = neurons(layout);
        Ok(Draws { columns, values: seed::uniform(rng, n * columns, -1.0, 1.0) })
    }

    fn apply(&self, weights: &Weights, draws: &Draws) -> Weights {
        act(weights, draws, |hidden, numbers| {
            if !hidden.activation.is_odd() {
                return NeuronMap::identity(hidden.width);
            }
            let signs: Vec<f32> = numbers.iter().map(|u| 1f32.copysign(*u)).collect();
            NeuronMap { incoming: signs.clone(), outgoing: signs, ..NeuronMap::identity(hidden.width) }
        })
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim::PreservesFunction]
    }
}
