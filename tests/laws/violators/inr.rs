//! Families of networks with a fault. Their layout is their own: it takes nothing of a case's layout to show it.

use burn::tensor::Tensor;
use equigen_core::dense::{self, Points};
use equigen_core::laws::{OMEGA, inr::laws};
use equigen_core::{Activation, Axis, Hidden, Inr, Layout, Result, Seed, Weights, seed, seed::Rng};
use equigen_kernels::DenseStack;
use serde::{Deserialize, Serialize};

use super::{caught, lawful};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Planted {
    /// No fault: a small SIREN.
    Honest,
    /// Every network starts the same.
    IgnoresItsSeed,
    /// Values are relative to those of the other networks of the batch.
    DependsOnTheBatch,
    /// The fused stack has twice the frequency that the activations have.
    FusesAnotherFrequency,
    /// It has no fused stack, and its layout says FINER where it computes sines.
    SaysAnotherActivation,
    /// Values are right, and gradients point the other way.
    NegatesGradients,
}

/// The stack of the family's networks at a frequency.
fn stack(layout: &Layout, omega: f64) -> DenseStack {
    DenseStack::siren(&layout.widths(), omega as f32)
}

impl Planted {
    fn omega(self) -> f64 {
        if self == Self::FusesAnotherFrequency { 2.0 * OMEGA } else { OMEGA }
    }
}

#[typetag::serde(name = "violator-inr")]
impl Inr for Planted {
    fn layout(&self, dimensions: usize, channels: usize) -> Result<Layout> {
        let activation = match self {
            Self::SaysAnotherActivation => Activation::Finer { omega: OMEGA },
            _ => Activation::Sine { omega: OMEGA },
        };
        let hidden = [4, 3].map(|width| Hidden { width, activation });
        Ok(Layout::dense(Axis::Coordinates(dimensions), &hidden, channels))
    }

    fn initialise(&self, layout: &Layout, rng: &mut Rng) -> Vec<f32> {
        let mut own = Seed::new(1).stream(0);
        let rng = if *self == Self::IgnoresItsSeed { &mut own } else { rng };
        seed::uniform(rng, layout.parameters(), -0.7, 0.7)
    }

    fn dense(&self, layout: &Layout) -> Option<DenseStack> {
        if *self == Self::SaysAnotherActivation {
            return None;
        }
        Some(stack(layout, self.omega()))
    }

    fn forward(&self, weights: &Weights, points: &Points) -> Tensor<3> {
        let stack = stack(weights.layout(), self.omega());
        match self {
            Self::DependsOnTheBatch => {
                let values = dense::render(&stack, weights, points);
                values.clone() - values.mean_dim(0)
            }
            Self::NegatesGradients => {
                let values = weights.values().clone();
                dense::render(&stack, &weights.with_values(values.clone().detach() * 2.0 - values), points)
            }
            _ => dense::render(&stack, weights, points),
        }
    }

    fn activations(&self, weights: &Weights, points: &Points) -> (Vec<Tensor<3>>, Tensor<3>) {
        dense::plain(&stack(weights.layout(), OMEGA), weights, points)
    }
}

#[test]
fn the_family_without_a_fault_is_lawful() {
    lawful(&laws(&Planted::Honest));
}

#[test]
fn an_ignored_seed_is_caught() {
    caught(&laws(&Planted::IgnoresItsSeed), "starts are finite and follow the seed", &[1], 1);
}

#[test]
fn dependence_on_the_batch_is_caught() {
    caught(&laws(&Planted::DependsOnTheBatch), "a batch is its networks one by one", &[1], 2);
}

#[test]
fn a_fused_stack_that_disagrees_is_caught() {
    let wrong = caught(&laws(&Planted::FusesAnotherFrequency), "fused equals plain", &[1], 1);
    assert!(wrong.starts_with("plain tensor code"), "{wrong}");
}

#[test]
fn a_layout_that_says_another_activation_is_caught_without_a_stack() {
    let wrong = caught(&laws(&Planted::SaysAnotherActivation), "fused equals plain", &[1], 1);
    assert!(wrong.starts_with("double precision"), "{wrong}");
}

#[test]
fn false_gradients_are_caught() {
    caught(&laws(&Planted::NegatesGradients), "true gradients", &[1], 1);
}
