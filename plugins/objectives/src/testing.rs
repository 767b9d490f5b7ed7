//! What the tests of all objectives need: a small family of networks and two views of a batch.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use equigen_core::dense::Points;
use equigen_core::learner::{Learner, Step, Trainable};
use equigen_core::nn::Init;
use equigen_core::seed::{self, Rng};
use equigen_core::statistics::Statistics;
use equigen_core::{
    Activation, AffineMaps, Axis, Domain, Hidden, Inr, Layout, Objective, ObjectiveContext, Result, Seed,
    TargetSignals, Views, Weights, host, move_signal,
};
use equigen_kernels::DenseStack;
use serde::{Deserialize, Serialize};

/// A SIREN 2-8-8-1 of low frequency.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SmallSiren {}

const OMEGA: f32 = 3.0;

#[typetag::serde(name = "small-siren-of-the-objective-tests")]
impl Inr for SmallSiren {
    fn layout(&self, dimensions: usize, channels: usize) -> Result<Layout> {
        let activation = Activation::Sine { omega: f64::from(OMEGA) };
        let hidden = [Hidden { width: 8, activation }; 2];
        Ok(Layout::dense(Axis::Coordinates(dimensions), &hidden, channels))
    }

    fn initialise(&self, layout: &Layout, rng: &mut Rng) -> Vec<f32> {
        seed::uniform(rng, layout.parameters(), -0.5, 0.5)
    }

    fn dense(&self, layout: &Layout) -> Option<DenseStack> {
        Some(DenseStack::siren(&layout.widths(), OMEGA))
    }
}

/// Length of the features of these tests.
pub(crate) const DIM: usize = 8;

/// A context for networks of one layout, and `count` networks.
pub(crate) fn networks(count: usize) -> (ObjectiveContext, Weights) {
    let device = Device::flex().autodiff();
    let inr = SmallSiren {};
    let layout = Arc::new(inr.layout(2, 1).unwrap());
    let rows: Vec<Vec<f32>> = (0..count).map(|i| inr.initialise(&layout, &mut Seed::new(5).stream(i as u64))).collect();
    let context = ObjectiveContext {
        inr: Arc::new(inr),
        layout: layout.clone(),
        statistics: Statistics::of(&layout, rows.iter().map(Vec::as_slice)),
        dim: DIM,
        device: device.clone(),
        seed: Seed::new(3),
    };
    (context, Weights::from_host(layout, rows.concat(), &device).unwrap())
}

/// Two views, the second shifted by `shift` along x, with these features `[2 n, DIM]`.
pub(crate) fn views(weights: &Weights, shift: f32, features: Tensor<2>) -> Views {
    let n = weights.len();
    let domain = Domain::Image { height: 8, width: 8, channels: 1 };
    let grid = Points::Shared(host::tensor(domain.grid(), [domain.points(), 2], &weights.device()));
    let rendered = host::read(SmallSiren {}.forward(weights, &grid));
    let signals = TargetSignals::new(domain, rendered, AffineMaps::identity(n, 2));
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
        let gradients = loss.backward();
        model.learner().step(&gradients, one.clone(), &options);
        features.step(&gradients, one.clone(), &options);
    }
    (curve[0], curve[20])
}
