//! Generators with a fault.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use equigen_core::laws::generator::laws;
use equigen_core::learner::{Learner, Trainable};
use equigen_core::nn::Init;
use equigen_core::{
    Generator, GeneratorBatch, GeneratorContext, GeneratorModel, Layout, Result, Seed, Term, Weights, host, seed,
    seed::Rng,
};
use serde::{Deserialize, Serialize};

use super::{caught, lawful};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Planted {
    /// No fault: learns the mean of the networks, and draws around it.
    Honest,
    /// Draws from a source of its own, not from the stream that it is given.
    IgnoresItsSeed,
    /// Says that it has no noise.
    DeniesItsNoise,
    /// Gives the logarithm of what it draws, which half the time is negative.
    TakesLogarithms,
    /// The loss is right, and its gradient is zero.
    HasNoGradient,
    /// The loss is right, and its gradient points the other way.
    ClimbsItsLoss,
}

#[typetag::serde(name = "violator-generator")]
impl Generator for Planted {
    fn build(&self, context: &GeneratorContext) -> Result<Box<dyn GeneratorModel>> {
        let mut init = Init::new(context.seed, &context.device);
        let mean = Mean { mean: init.constant([context.layout.parameters()], 0.0) };
        Ok(Box::new(Model { learner: Learner::new(mean), layout: context.layout.clone(), planted: *self }))
    }
}

#[derive(Module, Debug)]
struct Mean {
    /// `[parameters]`.
    mean: Param<Tensor<1>>,
}

struct Model {
    learner: Learner<Mean>,
    layout: Arc<Layout>,
    planted: Planted,
}

/// Draws of the generator that has a source of its own.
static DRAWN: AtomicU64 = AtomicU64::new(0);

impl GeneratorModel for Model {
    fn losses(&self, batch: &GeneratorBatch<'_>, _rng: &mut Rng) -> Vec<Term> {
        let mean = self.learner.module().mean.val().unsqueeze_dim::<2>(0);
        let error = (batch.weights.values().clone() - mean).square().mean();
        let constant = error.clone().detach();
        let loss = match self.planted {
            Planted::HasNoGradient => constant + error * 0.0,
            Planted::ClimbsItsLoss => constant * 2.0 - error,
            _ => error,
        };
        vec![("weights", loss)]
    }

    fn sample(&self, disturbed: Tensor<2>, _level: Tensor<2>, temperature: f64, rng: &mut Rng) -> Weights {
        let shape = [disturbed.dims()[0], self.layout.parameters()];
        let mut own = Seed::new(DRAWN.fetch_add(1, Ordering::Relaxed)).stream(0);
        let rng = if self.planted == Planted::IgnoresItsSeed { &mut own } else { rng };
        let noise: Tensor<2> = host::tensor(seed::normal(rng, shape[0] * shape[1]), shape, &disturbed.device());
        let noise = if self.planted == Planted::TakesLogarithms { noise.log() } else { noise };
        let mean = self.learner.averaged().mean.val().unsqueeze_dim::<2>(0);
        Weights::new(self.layout.clone(), noise * temperature + mean)
    }

    fn has_noise(&self) -> bool {
        self.planted != Planted::DeniesItsNoise
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}

#[test]
fn the_generator_without_a_fault_is_lawful() {
    lawful(&laws(&Planted::Honest));
}

#[test]
fn samples_from_another_source_are_caught() {
    let wrong = caught(&laws(&Planted::IgnoresItsSeed), "samples are finite and follow the seed", &[1], 1);
    assert_eq!(wrong, "one seed gives two results");
}

#[test]
fn noise_that_is_denied_is_caught() {
    let wrong = caught(&laws(&Planted::DeniesItsNoise), "samples are finite and follow the seed", &[1], 1);
    assert_eq!(wrong, "it says that it has no noise, and another seed gives another result");
}

#[test]
fn samples_that_are_no_numbers_are_caught() {
    let wrong = caught(&laws(&Planted::TakesLogarithms), "samples are finite and follow the seed", &[1], 1);
    assert_eq!(wrong, "a weight is not finite");
}

#[test]
fn losses_that_cannot_fall_are_caught() {
    for planted in [Planted::HasNoGradient, Planted::ClimbsItsLoss] {
        caught(&laws(&planted), "the loss falls on a fixed batch", &[1], 1);
    }
}
