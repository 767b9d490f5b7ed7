//! `align`: the order and signs of neurons in which a network is most like a reference.

use equigen_core::registry::Claim;
use equigen_core::{Augmentation, Draws, Layout, Result, Seed, Weights, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::elements::act_by_weights;
use crate::matching::{central_phases, match_to};

/// Moves every network to where it is most like a reference network, by weight matching with signs: same function.
///
/// Source: Ainsworth et al. 2023, "Git Re-Basin". The reference is a random network of the layout, the same for all, whose
/// tensors are as large as the network's own: fits from independent starts have nothing in common but their layout, so
/// that no network of a zoo is a better reference than another.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Align {
    /// Seed of the reference.
    pub reference: u64,
}

equigen_core::register!(Augmentation, Align);

#[typetag::serde(name = "align")]
impl Augmentation for Align {
    fn draw(&self, _layout: &Layout, _n: usize, _rng: &mut Rng) -> Result<Draws> {
        Ok(Draws::none())
    }

    fn apply(&self, weights: &Weights, _draws: &Draws) -> Weights {
        let layout = weights.layout();
        let unit = seed::normal(&mut Seed::new(self.reference).split("align").stream(0), layout.parameters());
        act_by_weights(weights, |network| {
            let phases = central_phases(layout, network);
            let network = phases.apply_host(layout, network);
            match_to(layout, &scaled(layout, &unit, &network), &network).compose(&phases)
        })
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim::PreservesFunction]
    }
}

/// Unit noise, scaled so that each tensor counts as much as it does in the network.
fn scaled(layout: &Layout, unit: &[f32], network: &[f32]) -> Vec<f32> {
    let mut reference = unit.to_vec();
    for tensor in layout.tensors() {
        let size = network[tensor.range()].iter().map(|w| w * w).sum::<f32>() / tensor.len() as f32;
        reference[tensor.range()].iter_mut().for_each(|r| *r *= size.sqrt());
    }
    reference
}
