//! Encoders and generators at their defaults, on networks 2-32-32-1.

use burn::tensor::{Device, Tensor};
use equigen_core::laws::{Case, generator};
use equigen_core::learner::Step;
use equigen_core::registry::{Kind, Record, Registry};
use equigen_core::{Activation, Axis, Encoder, Generator, GeneratorModel, Hidden, Result, Seed, device, host, seed};

use super::{Row, median};

/// Networks in a batch.
const BATCH: usize = 64;

fn networks() -> Case {
    let hidden = vec![Hidden { width: 32, activation: Activation::Sine { omega: 30.0 } }; 2];
    Case { input: Axis::Coordinates(2), hidden, channels: 1, networks: BATCH, seed: 1 }
}

/// Every encoder: features of a batch, and features with the gradient of all its parameters.
pub(crate) fn encode(repeats: usize, registry: &Registry) -> Result<Vec<Row>> {
    let (case, device) = (networks(), device::open("flex")?);
    let row = |record: &Record| {
        let encoder: Box<dyn Encoder> = record.component()?;
        let build = |device: &Device| encoder.build(&case.encoder_context(device, Seed::new(1)));
        let (plain, weights) = (build(&device)?, case.weights(&device));
        let forward = median(repeats, || _ = host::read(plain.pooled(&weights)));
        let training = device.clone().autodiff();
        let (mut model, weights) = (build(&training)?, case.weights(&training));
        let step = median(repeats, || {
            let mut gradients = model.pooled(&weights).square().sum().backward();
            model.learner().step(&mut gradients, host::tensor(vec![1.0], [1], &device), &options());
        });
        let figures = [("networks_per_second", BATCH as f64 / forward), ("milliseconds_a_step", 1e3 * step)];
        Ok(Row::new(format!("{}, batch {BATCH}", record.name), &figures))
    };
    registry.of(Kind::Encoder).map(row).collect()
}

fn options() -> Step {
    Step { learning_rate: 1e-4, weight_decay: 0.0, beta2: 0.999, average: 0.0 }
}

fn built(record: &Record, case: &Case, device: &Device) -> Result<Box<dyn GeneratorModel>> {
    let generator: Box<dyn Generator> = record.component()?;
    generator.build(&case.generator_context(generator::DIM, device, Seed::new(1)))
}

/// Every generator: a training step in its last phase.
pub(crate) fn train(repeats: usize, registry: &Registry) -> Result<Vec<Row>> {
    let (case, device) = (networks(), device::open("flex")?);
    let training = device.clone().autodiff();
    let encoder = generator::Values::new(&case);
    let batch = generator::batch(&case, &encoder, &training);
    let row = |record: &Record| {
        let mut model = built(record, &case, &training)?;
        // From the first step of the last phase on, as a run would come to it.
        for step in 0..100 {
            model.prepare(step, 100, &|| batch.features.clone());
        }
        let step = median(repeats, || {
            let terms = model.losses(&batch, &mut case.rng("noise"));
            let total: Option<Tensor<1>> = terms.into_iter().map(|(_, value)| value).reduce(|sum, value| sum + value);
            if let Some(total) = total {
                model.learner().step(&mut total.backward(), host::tensor(vec![1.0], [1], &device), &options());
            }
        });
        let figures = [("milliseconds_a_step", 1e3 * step), ("networks_per_second", BATCH as f64 / step)];
        Ok(Row::new(format!("{}, batch {BATCH}", record.name), &figures))
    };
    registry.of(Kind::Generator).map(row).collect()
}

/// Every generator: networks drawn.
pub(crate) fn sample(repeats: usize, registry: &Registry) -> Result<Vec<Row>> {
    let (case, device) = (networks(), device::open("flex")?);
    let row = |record: &Record| {
        let model = built(record, &case, &device)?;
        let dim = generator::DIM;
        let condition = host::tensor(seed::normal(&mut case.rng("condition"), BATCH * dim), [BATCH, dim], &device);
        let level = host::tensor(vec![1.0; BATCH], [BATCH, 1], &device);
        let seconds = median(repeats, || {
            _ = model.sample(condition.clone(), level.clone(), 1.0, &mut case.rng("sample")).to_host();
        });
        Ok(Row::new(format!("{}, batch {BATCH}", record.name), &[("networks_per_second", BATCH as f64 / seconds)]))
    };
    registry.of(Kind::Generator).map(row).collect()
}
