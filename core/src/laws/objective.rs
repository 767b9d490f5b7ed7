//! Objectives give a finite loss that answers to the encoder and to nothing but their seed.

use burn::tensor::Tensor;

use super::{Case, Law, Verdict, device};
use crate::{Objective, Seed, Views, host, seed};

/// Length of the features of these laws.
const DIM: usize = 8;

/// All laws of an objective.
pub fn laws(objective: &dyn Objective) -> Vec<Law<'_>> {
    vec![Law::slow("finite, repeats, and reaches the features", |case| reaches_the_features(objective, case))]
}

/// The loss is finite, the same for the same stream, and has a finite gradient in the features that is not zero.
pub fn reaches_the_features(objective: &dyn Objective, case: &Case) -> Verdict {
    let case = Case { networks: case.networks.max(3), ..case.clone() };
    let device = device().autodiff();
    let Ok(model) = objective.build(&case.objective_context(DIM, &device, Seed::new(case.seed))) else {
        return Verdict::Refused;
    };
    let n = case.networks;
    let mut rng = case.rng("features");
    let mut feature = || host::tensor(seed::normal(&mut rng, n * DIM), [n, DIM], &device).require_grad();
    let (original, augmented): (Tensor<2>, Tensor<2>) = (feature(), feature());
    let weights = case.weights(&device);
    let signals = case.signals(&weights);
    let views = Views {
        original: weights.clone(),
        augmented: weights,
        original_signals: signals.clone(),
        augmented_signals: signals,
        original_features: original.clone(),
        augmented_features: augmented,
    };
    let loss = |purpose: &str| model.loss(&views, &mut case.rng(purpose)).1;
    let (first, again) = (host::scalar(loss("a").inner()), host::scalar(loss("a").inner()));
    let gradient = original.grad(&loss("a").backward()).map(|gradient| host::scalar(gradient.abs().sum()));
    let wrong = if !first.is_finite() || first != again {
        Some(format!("one stream gives the losses {first} and {again}"))
    } else if !gradient.is_some_and(|size| size.is_finite() && size > 0.0) {
        Some(format!("the gradient in the features sums to {gradient:?}"))
    } else {
        None
    };
    Verdict::of(wrong)
}
