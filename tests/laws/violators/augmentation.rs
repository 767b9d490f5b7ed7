//! Augmentations with a fault.

use burn::tensor::Tensor;
use equigen_core::action::{self, Element, NeuronMap};
use equigen_core::laws::augmentation::laws;
use equigen_core::registry::Claim;
use equigen_core::{
    AffineMaps, Augmentation, Draws, Error, Layout, Result, TensorSpec, Weights, host, move_signal, seed, seed::Rng,
};
use serde::{Deserialize, Serialize};

use super::{caught, lawful};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Planted {
    /// No fault: shifts the signal by the drawn number along every axis.
    Translates,
    /// Shifts, by the same whatever the seed.
    IgnoresItsSeed,
    /// Shifts, and gives the inverse of its coordinate map.
    MapsBackwards,
    /// Says that it preserves the function.
    AddsNoise,
    /// Preserves the function, in an order of neurons that depends on how many networks there are.
    OrdersByTheBatch,
    /// Divides each tensor by its standard deviation, which is 0 of a single number.
    Standardises,
}

#[typetag::serde(name = "violator-augmentation")]
impl Augmentation for Planted {
    fn draw(&self, layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws> {
        if self.claims() == [Claim::MovesSignal] && !layout.affine_in_coordinates() {
            return Err(Error::config("it shifts raw coordinates only"));
        }
        Ok(match self {
            Self::Translates | Self::MapsBackwards => Draws { columns: 1, values: seed::uniform(rng, n, 0.1, 0.3) },
            Self::IgnoresItsSeed => Draws { columns: 1, values: vec![0.2; n] },
            Self::AddsNoise => {
                Draws { columns: layout.parameters(), values: seed::normal(rng, n * layout.parameters()) }
            }
            Self::OrdersByTheBatch | Self::Standardises => Draws::none(),
        })
    }

    fn apply(&self, weights: &Weights, draws: &Draws) -> Weights {
        let (n, layout) = (weights.len(), weights.layout());
        match self {
            Self::Translates | Self::IgnoresItsSeed | Self::MapsBackwards => {
                move_signal(weights, &shifts(layout, draws, 1.0))
            }
            Self::AddsNoise => {
                let noise: Tensor<2> = host::tensor(draws.values.clone(), [n, draws.columns], &weights.device());
                weights.with_values(weights.values().clone() + noise * 0.1)
            }
            Self::OrdersByTheBatch if n > 1 => action::apply(&vec![reversal(layout); n], weights),
            Self::OrdersByTheBatch => weights.clone(),
            Self::Standardises => {
                let standard = |tensor: &TensorSpec| -> Tensor<2> {
                    let own = weights.values().clone().slice([0..n, tensor.range()]);
                    let centred = own.clone() - own.mean_dim(1);
                    centred.clone() / centred.square().mean_dim(1).sqrt()
                };
                weights.with_values(Tensor::cat(layout.tensors().iter().map(standard).collect(), 1))
            }
        }
    }

    fn coordinate_map(&self, layout: &Layout, draws: &Draws) -> Option<AffineMaps> {
        match self {
            Self::Translates | Self::IgnoresItsSeed => Some(shifts(layout, draws, 1.0)),
            Self::MapsBackwards => Some(shifts(layout, draws, -1.0)),
            _ => None,
        }
    }

    fn claims(&self) -> Vec<Claim> {
        vec![match self {
            Self::Translates | Self::IgnoresItsSeed | Self::MapsBackwards => Claim::MovesSignal,
            Self::AddsNoise | Self::OrdersByTheBatch => Claim::PreservesFunction,
            Self::Standardises => Claim::Approximate,
        }]
    }
}

/// `T x = x + sign * drawn` on every axis.
fn shifts(layout: &Layout, draws: &Draws, sign: f32) -> AffineMaps {
    let dimensions = layout.inputs();
    let shift = draws.values.iter().flat_map(|drawn| vec![sign * drawn; dimensions]).collect();
    AffineMaps { shift, ..AffineMaps::identity(draws.values.len(), dimensions) }
}

fn reversal(layout: &Layout) -> Element {
    Element(layout.hidden().iter().map(|hidden| NeuronMap::permutation((0..hidden.width).rev().collect())).collect())
}

#[test]
fn a_translation_is_lawful() {
    lawful(&laws(&Planted::Translates));
}

#[test]
fn an_ignored_seed_is_caught() {
    caught(&laws(&Planted::IgnoresItsSeed), "draws follow the seed", &[1], 1);
}

#[test]
fn an_inverse_coordinate_map_is_caught() {
    caught(&laws(&Planted::MapsBackwards), "moves: signal", &[1], 1);
}

#[test]
fn noise_that_claims_to_preserve_the_function_is_caught() {
    caught(&laws(&Planted::AddsNoise), "preserves: function", &[1], 1);
}

#[test]
fn dependence_on_the_batch_is_caught() {
    // Two neurons to change places, and two networks to be a batch.
    caught(&laws(&Planted::OrdersByTheBatch), "each network alone", &[2], 2);
}

#[test]
fn weights_that_are_no_numbers_are_caught() {
    let wrong = caught(&laws(&Planted::Standardises), "keeps layout and finiteness, repeats by its draws", &[1], 1);
    assert_eq!(wrong, "a weight is not finite");
}
