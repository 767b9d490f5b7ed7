//! Generators give finite networks of the layout, follow the seed, and learn.

use burn::tensor::{Device, Tensor};

use super::{Case, Law, Verdict};
use crate::dense::Points;
use crate::learner::{Step, Trainable};
use crate::{EncoderModel, Generator, GeneratorBatch, GeneratorModel, Inr, Seed, Weights, host, seed};

/// Length of the features of these laws.
pub const DIM: usize = 6;

/// All laws of a generator.
pub fn laws(generator: &dyn Generator) -> Vec<Law<'_>> {
    vec![
        Law::slow("samples are finite and follow the seed", |case| samples(generator, case)),
        Law::slow("the loss falls on a fixed batch", |case| learns(generator, case)),
    ]
}

/// Values at six points: enough of an encoder for any loss.
pub struct Values(Case);

impl Values {
    /// For the networks of a case.
    pub fn new(case: &Case) -> Self {
        Self(case.clone())
    }
}

impl EncoderModel for Values {
    fn pooled(&self, weights: &Weights) -> Tensor<2> {
        let points = seed::uniform(&mut self.0.rng("probes"), 2 * DIM, -1.0, 1.0);
        let points = Points::Shared(host::tensor(points, [DIM, 2], &weights.device()));
        let values = self.0.inr().forward(weights, &points);
        // The first channel is enough.
        values.narrow(2, 0, 1).reshape([weights.len(), DIM])
    }

    fn neurons(&self, _: &Weights) -> Vec<Tensor<3>> {
        Vec::new()
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        unreachable!("the encoder of these laws is frozen")
    }
}

fn built(generator: &dyn Generator, case: &Case, device: &Device) -> Option<Box<dyn GeneratorModel>> {
    generator.build(&case.generator_context(DIM, device, Seed::new(case.seed))).ok()
}

/// As many finite networks as conditions, the same for one seed; for any seed, from a generator that says it has no noise.
pub fn samples(generator: &dyn Generator, case: &Case) -> Verdict {
    let device = super::device();
    let draw = |stream: &str| {
        let model = built(generator, case, &device)?;
        let n = case.networks;
        let condition = host::tensor(seed::normal(&mut case.rng("condition"), n * DIM), [n, DIM], &device);
        let level = host::tensor(vec![0.5; n], [n, 1], &device);
        Some((model.sample(condition, level, 1.0, &mut case.rng(stream)), model.has_noise()))
    };
    let (Some((first, has_noise)), Some((again, _)), Some((other, _))) =
        (draw("sample"), draw("sample"), draw("other"))
    else {
        return Verdict::Refused;
    };
    let values = first.to_host();
    let wrong = if first.layout() != &case.layout() || first.len() != case.networks {
        Some(format!("{} networks {} for {} conditions", first.len(), first.layout(), case.networks))
    } else if !values.iter().all(|value| value.is_finite()) {
        Some("a weight is not finite".to_owned())
    } else if values != again.to_host() {
        Some("one seed gives two results".to_owned())
    } else if !has_noise && values != other.to_host() {
        Some("it says that it has no noise, and another seed gives another result".to_owned())
    } else {
        None
    };
    Verdict::of(wrong)
}

/// Steps of the law that a generator learns.
const STEPS: usize = 30;

/// In its first phase, on one batch under one draw of noise, the loss falls and stays finite. A generator that has no loss
/// learns by other means and is not asked.
pub fn learns(generator: &dyn Generator, case: &Case) -> Verdict {
    let case = Case { networks: case.networks.max(2), ..case.clone() };
    let device = super::device().autodiff();
    let Some(mut model) = built(generator, &case, &device) else {
        return Verdict::Refused;
    };
    let encoder = Values::new(&case);
    let batch = batch(&case, &encoder, &device);
    let first = model.phases().first().map_or(STEPS, |share| ((share * STEPS as f64) as usize).max(2));
    let options = Step { learning_rate: 1e-3, weight_decay: 0.0, beta2: 0.999, average: 0.0 };
    let mut losses = Vec::new();
    for step in 0..first {
        model.prepare(step, STEPS, &|| batch.features.clone());
        // The same noise in every step: what falls is the loss, not luck.
        let terms = model.losses(&batch, &mut case.rng("noise"));
        let Some(total) = terms.into_iter().map(|(_, value)| value).reduce(|sum, value| sum + value) else {
            return Verdict::Holds;
        };
        losses.push(host::scalar(total.clone().inner()));
        model.learner().step(&mut total.backward(), host::tensor(vec![1.0], [1], &super::device()), &options);
    }
    let (begin, end) = (losses[0], losses[losses.len() - 1]);
    let falls = losses.iter().all(|loss| loss.is_finite()) && end < begin;
    Verdict::of((!falls).then(|| format!("in {first} steps the loss goes from {begin} to {end}")))
}

/// The networks of a case as a batch to learn from.
pub fn batch<'a>(case: &Case, encoder: &'a Values, device: &Device) -> GeneratorBatch<'a> {
    let (n, weights) = (case.networks, case.weights(device));
    let features = encoder.pooled(&weights).detach();
    GeneratorBatch {
        disturbed: features.clone(),
        features,
        level: host::tensor(vec![0.5; n], [n, 1], device),
        signals: case.signals(&weights),
        weights,
        encoder,
    }
}
