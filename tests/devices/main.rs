//! The same weights give the same numbers on every device: features, outputs of denoisers and gradients on libtorch, the GPUs
//! that this machine has included, against those on `flex`, to 1e-4 of their length.
//!
//! Core is linked by itself here, as in `tests/laws`. Built with the feature `libtorch` only.

mod precision;

use burn::tensor::{Device, Tensor};
use equigen_core::laws::{Case, generator};
use equigen_core::learner::Step;
use equigen_core::registry::{Kind, Record, Registry};
use equigen_core::{Activation, Axis, Encoder, Generator, GeneratorModel, Hidden, Seed, Weights, device, host, seed};
// Links every bundled plugin, so that its components are registered.
use equigen_plugins as _;
use serde_json::json;

/// Largest distance from `flex`, as a share of what is expected.
const TOLERANCE: f64 = 1e-4;

/// Every device of this build and machine but `flex`.
fn others() -> Vec<(String, Device)> {
    let there = device::offers().into_iter().filter(|offer| offer.missing.is_none() && offer.name != "flex");
    let all: Vec<_> = there.map(|offer| (offer.name.clone(), device::open(&offer.name).unwrap())).collect();
    assert!(!all.is_empty(), "a build with libtorch has its CPU device at least");
    all
}

/// Sine networks 2-16-12-1.
fn case() -> Case {
    let hidden = [16, 12].map(|width| Hidden { width, activation: Activation::Sine { omega: 3.0 } }).to_vec();
    Case { input: Axis::Coordinates(2), hidden, channels: 1, networks: 8, seed: 5 }
}

/// Asserts that two lists are near: the length of their difference against that of what is expected.
#[track_caller]
fn near(what: &str, got: &[f32], expected: &[f32]) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let length = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let apart = length(&mut got.iter().zip(expected).map(|(a, b)| f64::from(a - b)));
    let whole = length(&mut expected.iter().map(|value| f64::from(*value)));
    // A NaN is near nothing.
    assert!(apart <= TOLERANCE * whole, "{what}: apart by {apart:.2e} of {whole:.2e}");
}

/// What is compared, by name.
type Parts = Vec<(&'static str, Vec<f32>)>;

/// Features, and gradients of a mix of the pooled ones.
fn encoded(encoder: &dyn Encoder, case: &Case, device: &Device) -> Parts {
    let training = device.clone().autodiff();
    let mut model = encoder.build(&case.encoder_context(&training, Seed::new(3))).unwrap();
    let weights = case.weights(&training);
    let at = weights.values().clone().require_grad();
    let weights = weights.with_values(at.clone());
    let features = model.pooled(&weights);
    let mix =
        host::tensor(seed::normal(&mut case.rng("mix"), case.networks * encoder.dim()), features.dims(), &training);
    let gradients = (features.clone() * mix).sum().backward();
    let neurons = model.neurons(&weights).into_iter().flat_map(|layer| host::read(layer.inner())).collect();
    let norm = model.learner().gradient_norm_squared(&gradients).expect("an encoder has parameters that learn");
    vec![
        ("features", host::read(features.inner())),
        ("features of neurons", neurons),
        ("gradient in the weights", host::read(at.grad(&gradients).expect("it reaches the weights"))),
        ("squared norm of the gradient in the parameters", host::read(norm)),
    ]
}

#[test]
fn encoders_agree_with_flex() {
    let (registry, case) = (Registry::collect().unwrap(), case());
    for record in registry.of(Kind::Encoder) {
        let encoder: Box<dyn Encoder> = record.component().unwrap();
        let expected = encoded(&*encoder, &case, &Device::flex());
        for (name, device) in others() {
            let got = encoded(&*encoder, &case, &device);
            for ((what, got), (_, expected)) in got.iter().zip(&expected) {
                near(&format!("{} on {name}, {what}", record.name), got, expected);
            }
        }
    }
}

/// A generator at its defaults, but that it samples in one step where it can: then a sample is an answer of its denoiser.
fn in_one_step(record: &Record) -> Box<dyn Generator> {
    let mut settings = record.defaults.clone();
    if settings.get("sampling_steps").is_some() {
        settings["sampling_steps"] = json!(1);
    }
    serde_json::from_value(settings).unwrap()
}

fn built(generator: &dyn Generator, case: &Case, device: &Device) -> Box<dyn GeneratorModel> {
    generator.build(&case.generator_context(generator::DIM, device, Seed::new(3))).unwrap()
}

/// The parts of the loss at a step of a training of `STEPS`, by name, and the squared norm of their sum's gradient.
fn losses(model: &mut dyn GeneratorModel, case: &Case, device: &Device, step: usize) -> Parts {
    let encoder = generator::Values::new(case);
    let batch = generator::batch(case, &encoder, device);
    model.prepare(step, STEPS, &|| batch.features.clone());
    let terms = model.losses(&batch, &mut case.rng("noise"));
    let total: Option<Tensor<1>> = terms.iter().map(|(_, value)| value.clone()).reduce(|sum, value| sum + value);
    let mut parts: Parts = terms.into_iter().map(|(name, value)| (name, host::read(value.inner()))).collect();
    if let Some(norm) = total.and_then(|total| model.learner().gradient_norm_squared(&total.backward())) {
        parts.push(("squared norm of the gradient", host::read(norm)));
    }
    parts
}

const STEPS: usize = 10;

/// Trains on `flex` for some steps, so that a denoiser, which starts at zero, answers something.
fn trained(generator: &dyn Generator, case: &Case) -> Box<dyn GeneratorModel> {
    let device = Device::flex().autodiff();
    let mut model = built(generator, case, &device);
    let encoder = generator::Values::new(case);
    let batch = generator::batch(case, &encoder, &device);
    let options = Step { learning_rate: 1e-3, weight_decay: 0.0, beta2: 0.999, average: 0.0 };
    for step in 0..STEPS {
        model.prepare(step, STEPS, &|| batch.features.clone());
        let terms = model.losses(&batch, &mut case.rng("noise")).into_iter().map(|(_, value)| value);
        if let Some(total) = terms.reduce(|sum, value| sum + value) {
            model.learner().step(&mut total.backward(), host::tensor(vec![1.0], [1], &Device::flex()), &options);
        }
    }
    model
}

fn sampled(generator: &dyn Generator, model: &mut dyn GeneratorModel, case: &Case, device: &Device) -> Weights {
    let parameters = model.learner().parameters();
    let mut plain = built(generator, case, device);
    plain.learner().set_parameters(&parameters).unwrap();
    let (n, dim) = (case.networks, generator::DIM);
    let condition = host::tensor(seed::normal(&mut case.rng("condition"), n * dim), [n, dim], device);
    plain.sample(condition, host::tensor(vec![0.5; n], [n, 1], device), 1.0, &mut case.rng("sample"))
}

#[test]
fn generators_agree_with_flex() {
    let (registry, case) = (Registry::collect().unwrap(), case());
    for record in registry.of(Kind::Generator) {
        let generator = in_one_step(record);
        let mut model = trained(&*generator, &case);
        let parameters = model.learner().parameters();
        // In the first phase and in the last: a decoder that learns, and one that is frozen.
        let on = |device: &Device, step: usize| {
            let training = device.clone().autodiff();
            let mut model = built(&*generator, &case, &training);
            model.learner().set_parameters(&parameters).unwrap();
            losses(&mut *model, &case, &training, step)
        };
        let expected = [on(&Device::flex(), 0), on(&Device::flex(), STEPS - 1)];
        let network = sampled(&*generator, &mut *model, &case, &Device::flex()).to_host();
        for (name, device) in others() {
            for (step, expected) in [0, STEPS - 1].into_iter().zip(&expected) {
                for ((what, got), (_, expected)) in on(&device, step).iter().zip(expected) {
                    near(&format!("{} on {name}, step {step}, {what}", record.name), got, expected);
                }
            }
            let got = sampled(&*generator, &mut *model, &case, &device).to_host();
            near(&format!("{} on {name}, sampled networks", record.name), &got, &network);
        }
    }
}

#[test]
fn rendering_and_its_gradients_agree_with_flex() {
    let case = case();
    let rendered = |device: &Device| {
        let training = device.clone().autodiff();
        let weights = case.weights(&training);
        let at = weights.values().clone().require_grad();
        let values =
            equigen_core::Inr::forward(&case.inr(), &weights.with_values(at.clone()), &case.shared_points(&training));
        let gradient = at.grad(&values.clone().square().sum().backward()).expect("it reaches the weights");
        [host::read(values.inner()), host::read(gradient)]
    };
    let expected = rendered(&Device::flex());
    for (name, device) in others() {
        for (got, expected) in rendered(&device).iter().zip(&expected) {
            near(&format!("the fused kernel and plain code on {name}"), got, expected);
        }
    }
}
