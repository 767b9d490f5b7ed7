//! `permute`: neurons in random order.

use equigen_core::action::NeuronMap;
use equigen_core::registry::Claim;
use equigen_core::{Augmentation, Draws, Error, Layout, Result, Weights, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::elements::{act, neurons};

/// Puts the neurons of every hidden layer in a uniformly random order: another network of the same function.
///
/// An encoder that respects permutations sees no difference; for one that does not, it is how to learn them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Permute {}

equigen_core::register!(Augmentation, Permute);

#[typetag::serde(name = "permute")]
impl Augmentation for Permute {
    fn draw(&self, layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws> {
        let columns = neurons(layout);
        if columns == 0 {
            return Err(Error::config(format!("permute: networks {layout} have no hidden layer; leave `permute` out")));
        }
        Ok(Draws { columns, values: seed::uniform(rng, n * columns, 0.0, 1.0) })
    }

    fn apply(&self, weights: &Weights, draws: &Draws) -> Weights {
        // Sorting random numbers makes every order equally likely.
        act(weights, draws, |hidden, keys| {
            let mut order: Vec<usize> = (0..hidden.width).collect();
            order.sort_by(|a, b| keys[*a].total_cmp(&keys[*b]));
            NeuronMap::permutation(order)
        })
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim::PreservesFunction]
    }
}
