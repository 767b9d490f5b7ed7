//! What the tests of all objectives need beside the laws: small networks, two views of a batch, and a few steps on it.

use burn::tensor::{Device, Tensor};
use equigen_core::laws::{Case, OMEGA};
use equigen_core::learner::{Learner, Step, Trainable};
use equigen_core::nn::Init;
use equigen_core::{
    Activation, AffineMaps, Axis, Hidden, Objective, ObjectiveContext, Seed, Views, Weights, host, move_signal,
};

/// Length of the features of these tests.
pub(crate) const DIM: usize = 8;

/// Sine networks 2-8-8-1.
fn case(networks: usize) -> Case {
    let hidden = vec![Hidden { width: 8, activation: Activation::Sine { omega: OMEGA } }; 2];
    Case { input: Axis::Coordinates(2), hidden, channels: 1, networks, seed: 5 }
}

/// A context for networks of one layout, and `count` networks.
pub(crate) fn networks(count: usize) -> (ObjectiveContext, Weights) {
    let (case, device) = (case(count), Device::flex().autodiff());
    (case.objective_context(DIM, &device, Seed::new(3)), case.weights(&device))
}

/// Two views, the second shifted by `shift` along x, with these features `[2 n, DIM]`.
pub(crate) fn views(weights: &Weights, shift: f32, features: Tensor<2>) -> Views {
    let n = weights.len();
    let signals = case(n).signals(weights);
    let mut maps = AffineMaps::identity(n, 2);
    maps.shift.iter_mut().step_by(2).for_each(|t| *t = shift);
    Views {
        original: weights.clone(),
        augmented: move_signal(weights, &maps),
        augmented_signals: signals.moved(&maps),
        original_signals: signals,
        original_features: features.clone().narrow(0, 0, n),
        augmented_features: features.narrow(0, n, n),
    }
}

/// Loss on one fixed batch before and after 20 steps of the heads and of the features themselves.
pub(crate) fn losses(objective: &dyn Objective) -> (f32, f32) {
    let n = 8;
    let (context, weights) = networks(n);
    let mut model = objective.build(&context).unwrap();
    let mut init = Init::new(Seed::new(4), &context.device);
    let mut features = Learner::new(init.normal([2 * n, DIM], 1.0));
    let one = host::tensor(vec![1.0], [1], &context.device.clone().inner());
    let options = Step { learning_rate: 1e-2, weight_decay: 0.0, beta2: 0.999, average: 0.0 };
    let mut curve = Vec::new();
    for _ in 0..=20 {
        let views = views(&weights, 0.2, features.module().val());
        let (_, loss) = model.loss(&views, &mut Seed::new(6).stream(0));
        curve.push(host::scalar(loss.clone()));
        let mut gradients = loss.backward();
        model.learner().step(&mut gradients, one.clone(), &options);
        features.step(&mut gradients, one.clone(), &options);
    }
    (curve[0], curve[20])
}
