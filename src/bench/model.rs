//! Encoders and generators on networks 2-32-32-1: every one at its defaults, and those of `benches/peers/train_torch.py`.

use burn::tensor::{Device, Tensor};
use equigen_core::laws::{Case, generator};
use equigen_core::learner::Step;
use equigen_core::registry::{Kind, Record, Registry};
use equigen_core::{Activation, Axis, Encoder, Error, Generator, GeneratorModel, Hidden, Result, Seed, host, seed};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Row, median};

/// Networks in a batch.
const BATCH: usize = 64;

fn networks() -> Case {
    let hidden = vec![Hidden { width: 32, activation: Activation::Sine { omega: 30.0 } }; 2];
    Case { input: Axis::Coordinates(2), hidden, channels: 1, networks: BATCH, seed: 1 }
}

/// Components of a kind with what they are called in a table: each at its defaults, then these settings, where their
/// component is there.
fn works<T: DeserializeOwned>(registry: &Registry, kind: Kind, more: &[(&str, Value)]) -> Result<Vec<(String, T)>> {
    let named = |name: &str| format!("{name}, batch {BATCH}");
    let default = |record: &Record| -> Result<(String, T)> { Ok((named(record.name), record.component()?)) };
    let there = |value: &Value| registry.of(kind).any(|record| value["type"] == record.name);
    let set = |(name, value): &(&str, Value)| -> Result<(String, T)> {
        let component = serde_json::from_value(value.clone()).map_err(|error| Error::failed(error.to_string()))?;
        Ok((named(name), component))
    };
    let set = more.iter().filter(|(_, value)| there(value)).map(set);
    registry.of(kind).map(default).chain(set).collect()
}

fn encoders(registry: &Registry) -> Result<Vec<(String, Box<dyn Encoder>)>> {
    works(registry, Kind::Encoder, &[("dws of width 128", json!({ "type": "dws", "width": 128 }))])
}

fn generators(registry: &Registry) -> Result<Vec<(String, Box<dyn Generator>)>> {
    // The denoiser by itself: no decoder, and one loss that renders nothing.
    let denoiser = json!({
        "type": "diffusion", "gauge": { "type": "fitted" }, "denoiser": { "type": "mlp", "width": 512 },
        "function_space": 0.0, "weight_space": 1.0, "equivariance": 0.0,
    });
    works(registry, Kind::Generator, &[("denoiser of width 512", denoiser)])
}

/// Encoders: features of a batch, and a step of training on them with the gradient of all parameters.
pub(crate) fn encode(repeats: usize, registry: &Registry, device: &Device) -> Result<Vec<Row>> {
    let case = networks();
    let row = |(name, encoder): (String, Box<dyn Encoder>)| {
        let build = |device: &Device| encoder.build(&case.encoder_context(device, Seed::new(1)));
        let (plain, weights) = (build(device)?, case.weights(device));
        let forward = median(repeats, || _ = host::read(plain.pooled(&weights)));
        let training = device.clone().autodiff();
        let (mut model, weights) = (build(&training)?, case.weights(&training));
        let one = host::tensor(vec![1.0], [1], device);
        let step = median(repeats, || {
            let mut gradients = model.pooled(&weights).square().sum().backward();
            model.learner().step(&mut gradients, one.clone(), &options());
            wait(device);
        });
        let figures = [("networks_per_second", BATCH as f64 / forward), ("milliseconds_a_step", 1e3 * step)];
        Ok(Row::new(name, &figures))
    };
    encoders(registry)?.into_iter().map(row).collect()
}

fn options() -> Step {
    Step { learning_rate: 1e-4, weight_decay: 0.0, beta2: 0.999, average: 0.0 }
}

/// Until a device has done what it was told to do: a GPU answers before.
fn wait(device: &Device) {
    device.sync().expect("the device is there");
}

fn built(generator: &dyn Generator, case: &Case, device: &Device) -> Result<Box<dyn GeneratorModel>> {
    generator.build(&case.generator_context(generator::DIM, device, Seed::new(1)))
}

/// Generators: a training step in their last phase.
pub(crate) fn train(repeats: usize, registry: &Registry, device: &Device) -> Result<Vec<Row>> {
    let (case, training) = (networks(), device.clone().autodiff());
    let encoder = generator::Values::new(&case);
    let batch = generator::batch(&case, &encoder, &training);
    let row = |(name, generator): (String, Box<dyn Generator>)| {
        let mut model = built(&*generator, &case, &training)?;
        // From the first step of the last phase on, as a run would come to it.
        for step in 0..100 {
            model.prepare(step, 100, &|| batch.features.clone());
        }
        let one = host::tensor(vec![1.0], [1], device);
        let step = median(repeats, || {
            let terms = model.losses(&batch, &mut case.rng("noise"));
            let total: Option<Tensor<1>> = terms.into_iter().map(|(_, value)| value).reduce(|sum, value| sum + value);
            if let Some(total) = total {
                model.learner().step(&mut total.backward(), one.clone(), &options());
            }
            wait(device);
        });
        let figures = [("milliseconds_a_step", 1e3 * step), ("networks_per_second", BATCH as f64 / step)];
        Ok(Row::new(name, &figures))
    };
    generators(registry)?.into_iter().map(row).collect()
}

/// Generators: networks drawn.
pub(crate) fn sample(repeats: usize, registry: &Registry, device: &Device) -> Result<Vec<Row>> {
    let case = networks();
    let row = |(name, generator): (String, Box<dyn Generator>)| {
        let model = built(&*generator, &case, device)?;
        let dim = generator::DIM;
        let condition = host::tensor(seed::normal(&mut case.rng("condition"), BATCH * dim), [BATCH, dim], device);
        let level = host::tensor(vec![1.0; BATCH], [BATCH, 1], device);
        let seconds = median(repeats, || {
            _ = model.sample(condition.clone(), level.clone(), 1.0, &mut case.rng("sample")).to_host();
        });
        Ok(Row::new(name, &[("networks_per_second", BATCH as f64 / seconds)]))
    };
    generators(registry)?.into_iter().map(row).collect()
}
