//! What the tests of both encoders need: a small family of networks, and what every encoder must do.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use equigen_core::action::{Element, FeatureAction, NeuronMap, act_on_features, apply};
use equigen_core::seed::{self, Rng};
use equigen_core::statistics::Statistics;
use equigen_core::{
    Activation, Axis, Encoder, EncoderContext, EncoderModel, Hidden, Inr, Layout, Result, Seed, Weights, host,
};
use equigen_kernels::DenseStack;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// A plain SIREN of any widths with a low frequency, so that finite differences in f32 mean something.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SmallSiren(pub(crate) Vec<usize>);

const OMEGA: f32 = 3.0;

#[typetag::serde(name = "small-siren-of-the-encoder-tests")]
impl Inr for SmallSiren {
    fn layout(&self, dimensions: usize, channels: usize) -> Result<Layout> {
        let hidden = |width: &usize| Hidden { width: *width, activation: Activation::Sine { omega: f64::from(OMEGA) } };
        let hidden: Vec<Hidden> = self.0.iter().map(hidden).collect();
        Ok(Layout::dense(Axis::Coordinates(dimensions), &hidden, channels))
    }

    fn initialise(&self, layout: &Layout, rng: &mut Rng) -> Vec<f32> {
        let tensors = layout.tensors().iter();
        let draw = |tensor: &equigen_core::TensorSpec| {
            let bound = 1.0 / (tensor.shape.get(1).copied().unwrap_or(4) as f32).sqrt();
            seed::uniform(rng, tensor.len(), -bound, bound)
        };
        tensors.flat_map(draw).collect()
    }

    fn dense(&self, layout: &Layout) -> Option<DenseStack> {
        Some(DenseStack::siren(&layout.widths(), OMEGA))
    }
}

/// Networks of one layout on a device, and the context of an encoder for them.
pub(crate) fn networks(
    hidden: &[usize],
    dimensions: usize,
    channels: usize,
    count: usize,
    device: &Device,
) -> (EncoderContext, Weights) {
    let inr = SmallSiren(hidden.to_vec());
    let layout = Arc::new(inr.layout(dimensions, channels).unwrap());
    let rows: Vec<Vec<f32>> = (0..count).map(|i| inr.initialise(&layout, &mut Seed::new(5).stream(i as u64))).collect();
    let context = EncoderContext {
        inr: Arc::new(inr),
        layout: layout.clone(),
        statistics: Statistics::of(&layout, rows.iter().map(Vec::as_slice)),
        device: device.clone(),
        seed: Seed::new(3),
    };
    (context, Weights::from_host(layout, rows.concat(), device).unwrap())
}

/// Widths of one to four hidden layers, all different from their neighbours, dimensions and channels.
pub(crate) fn shapes() -> impl Strategy<Value = (Vec<usize>, usize, usize)> {
    let widths = prop::collection::vec(3_usize..6, 1..5);
    let widths = widths.prop_map(|widths| widths.iter().enumerate().map(|(i, w)| 2 * w + i % 2).collect());
    (widths, 1_usize..4, 1_usize..4)
}

fn relative(a: Tensor<2>, b: Tensor<2>) -> f32 {
    let error = (a - b.clone()).square().sum().sqrt() / b.square().sum().sqrt().clamp_min(1e-6);
    host::scalar(error)
}

/// Pooled features stay and per-neuron features move with the neurons.
pub(crate) fn respects_permutations(encoder: &dyn Encoder, (hidden, dimensions, channels): (Vec<usize>, usize, usize)) {
    let device = Device::flex();
    let (context, weights) = networks(&hidden, dimensions, channels, 3, &device);
    let model = encoder.build(&context).unwrap();
    let mut rng = Seed::new(1).stream(0);
    let mut element = || {
        let maps = hidden.iter().map(|w| NeuronMap::permutation(seed::permutation(&mut rng, *w)));
        Element(maps.collect())
    };
    let elements: Vec<Element> = (0..3).map(|_| element()).collect();
    let moved = apply(&elements, &weights);

    assert_eq!(model.pooled(&weights).dims(), [3, encoder.dim()]);
    let error = relative(model.pooled(&moved), model.pooled(&weights));
    assert!(error < 1e-4, "pooled features moved by {error}");

    let neurons = model.neurons(&weights);
    assert_eq!(neurons.len(), hidden.len());
    let expected = act_on_features(&elements, &neurons, FeatureAction::Permuted);
    for (layer, (got, expected)) in model.neurons(&moved).into_iter().zip(expected).enumerate() {
        let [n, width, f] = got.dims();
        assert_eq!((n, width), (3, hidden[layer]));
        let error = relative(got.reshape([n, width * f]), expected.reshape([n, width * f]));
        assert!(error < 1e-4, "features of hidden layer {layer} are off by {error}");
    }
}

/// A network's features do not depend on the batch around it, and differ between networks.
pub(crate) fn looks_at_each_network_alone(encoder: &dyn Encoder) {
    let (context, weights) = networks(&[8, 6], 2, 1, 5, &Device::flex());
    let model = encoder.build(&context).unwrap();
    let alone = model.pooled(&weights.select(&[3]));
    let among = model.pooled(&weights).narrow(0, 3, 1);
    assert!(relative(alone, among.clone()) < 1e-5);
    let other = model.pooled(&weights.select(&[2]));
    assert!(relative(other, among) > 0.01, "two networks have the same features");
}

/// Gradients in the weights agree with central differences along random directions.
pub(crate) fn has_true_gradients(encoder: &dyn Encoder) {
    let (context, weights) = networks(&[8, 6], 2, 2, 2, &Device::flex().autodiff());
    let model = encoder.build(&context).unwrap();
    let shape = weights.values().dims();
    let mut rng = Seed::new(8).stream(0);
    let device = weights.device();
    let toward = host::tensor(seed::normal(&mut rng, 2 * encoder.dim()), [2, encoder.dim()], &device);
    let value = |values: Tensor<2>| (model.pooled(&weights.with_values(values)) * toward.clone()).sum();
    let at = weights.values().clone().require_grad();
    let gradient = at.grad(&value(at.clone()).backward()).unwrap();
    // A slope along a random direction is of the order of the gradient's length, which errors are held against. Where a
    // kink of ReLU or maximum lies between the two ends, a shorter step passes it: a true gradient agrees at some step,
    // a false one at none.
    let length = host::scalar(gradient.clone().square().sum().sqrt());
    for _ in 0..6 {
        let direction = host::tensor(seed::normal(&mut rng, shape[0] * shape[1]), shape, &device);
        let slope = host::scalar((gradient.clone() * direction.clone().inner()).sum());
        let difference = |step: f64| {
            let ahead = value(weights.values().clone() + direction.clone() * step);
            let behind = value(weights.values().clone() - direction.clone() * step);
            host::scalar((ahead - behind) / (2.0 * step))
        };
        let differences = [1e-3, 3e-4, 1e-4].map(difference);
        let agrees = differences.iter().any(|difference| (slope - difference).abs() < 0.02 * length);
        assert!(agrees, "{}: slope {slope}, differences {differences:?}", encoder.typetag_name());
    }
}

/// Parameters follow from the seed, and survive being written and read.
pub(crate) fn is_its_parameters(encoder: &dyn Encoder) {
    let (context, weights) = networks(&[8, 6], 2, 1, 3, &Device::flex());
    let build = |seed| {
        let context = EncoderContext { seed: Seed::new(seed), ..context.clone() };
        encoder.build(&context).unwrap()
    };
    let features = |model: &dyn EncoderModel| host::read(model.pooled(&weights));
    let mut first = build(1);
    assert_eq!(features(&*first), features(&*build(1)));
    let mut second = build(2);
    assert_ne!(features(&*first), features(&*second));

    let file = tempfile::NamedTempFile::new().unwrap();
    first.learner().parameters().save(file.path()).unwrap();
    let read = equigen_core::tensors::Tensors::load(file.path()).unwrap();
    second.learner().set_parameters(&read).unwrap();
    assert_eq!(features(&*first), features(&*second));
}

/// Every parameter gets a gradient: none is built in vain.
pub(crate) fn uses_every_parameter(encoder: &dyn Encoder) {
    use equigen_core::learner::Step;
    let device = Device::flex().autodiff();
    let (context, weights) = networks(&[8, 6], 2, 1, 4, &device);
    let mut model = encoder.build(&context).unwrap();
    let before = model.learner().parameters();
    let toward =
        host::tensor(seed::normal(&mut Seed::new(8).stream(0), 4 * encoder.dim()), [4, encoder.dim()], &device);
    let gradients = (model.pooled(&weights) * toward).sum().backward();
    let options = Step { learning_rate: 1e-2, weight_decay: 0.0, beta2: 0.999, average: 0.0 };
    model.learner().step(&gradients, host::tensor(vec![1.0], [1], &device.inner()), &options);
    let after = model.learner().parameters();
    for (path, tensor) in &before.tensors {
        let after = after.get(path).unwrap();
        assert_ne!(tensor.values, after.values, "{path} does not learn");
    }
}
