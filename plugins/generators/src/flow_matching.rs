//! Flow matching on weights, conditioned on disturbed features.

use burn::tensor::Tensor;
use equigen_core::learner::Trainable;
use equigen_core::seed::{self, Rng};
use equigen_core::{Generator, GeneratorBatch, GeneratorContext, GeneratorModel, Result, Term, Weights, host};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check_positive;
use crate::diffusion::{Denoiser, Question};
use crate::gauge::Gauge;
use crate::gauged::{Answer, Gauged, Settings};

/// Flow matching on weights: a network learns the velocity of straight paths from noise to weights, and samples by
/// Euler steps along it.
///
/// Conditional flow matching (Lipman et al. 2023, "Flow matching for generative modeling") with the paths of rectified
/// flow (Liu et al. 2022, "Flow straight and fast"): x_t = (1 - t) ε + t x1, of velocity v = x1 - ε, so that a
/// predicted velocity means the clean weights x1 = x_t + (1 - t) v, on which the losses in function and feature space
/// are taken. In gauge `fitted` the network predicts v. In gauge `decoder` it predicts, as in `diffusion`, the feature
/// of the clean weights, which means v = (x1 - x_t) / (1 - t); there the loss in weight space is taken on x1, which
/// weighs the velocity's by (1 - t)².
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FlowMatching {
    /// The network that predicts velocities.
    pub denoiser: Denoiser,
    /// Which weights of a source network the paths end in.
    pub gauge: Gauge,
    /// Euler steps of sampling.
    pub sampling_steps: usize,
    /// Standard deviation of the weights that the paths end in, that of the noise being 1; small for the same reason as
    /// in `diffusion`.
    pub state_scale: f64,
    /// Weight of the loss in function space: what the predicted clean network renders against the signal.
    pub function_space: f64,
    /// Weight of the loss in weight space, that of the papers: the predicted velocity against the path's. Without a
    /// loss in function space gauge `fitted` needs it.
    pub weight_space: f64,
    /// Weight of the loss in feature space, of gauge `decoder`: the predicted feature against that of the network.
    pub feature_space: f64,
    /// Coordinates drawn in each step for the losses in function space.
    pub points: usize,
    /// Standard deviation of the noise added to the features that the decoder of gauge `decoder` trains on.
    pub feature_noise: f64,
}

impl Default for FlowMatching {
    fn default() -> Self {
        Self {
            denoiser: Denoiser::default(),
            gauge: Gauge::default(),
            sampling_steps: 30,
            state_scale: 0.15,
            function_space: 0.3,
            weight_space: 0.0,
            feature_space: 0.1,
            points: 128,
            feature_noise: 0.1,
        }
    }
}

#[typetag::serde(name = "flow-matching")]
impl Generator for FlowMatching {
    fn build(&self, context: &GeneratorContext) -> Result<Box<dyn GeneratorModel>> {
        check_positive(&[("sampling_steps", self.sampling_steps)])?;
        let settings = Settings {
            state_scale: self.state_scale,
            function_space: self.function_space,
            feature_space: self.feature_space,
            weight_space: self.weight_space,
            points: self.points,
            feature_noise: self.feature_noise,
        };
        let gauged = Gauged::new(context, &self.gauge, &self.denoiser, settings)?;
        Ok(Box::new(Model { gauged, steps: self.sampling_steps }))
    }
}

equigen_core::register!(Generator, FlowMatching);

struct Model {
    gauged: Gauged,
    /// Euler steps of sampling.
    steps: usize,
}

impl Model {
    /// What the averaged network says of states `x_t` before an Euler step, counted from 0.
    fn answer(&self, x_t: Tensor<2>, step: usize, condition: &Tensor<2>, level: &Tensor<2>) -> Answer {
        let (n, device) = (x_t.dims()[0], x_t.device());
        let time = step as f64 / self.steps as f64;
        let question = Question {
            x_t,
            time: host::tensor(vec![time as f32; n], [n, 1], &device),
            condition: condition.clone(),
            level: level.clone(),
        };
        self.gauged.ask_averaged(question, |velocity, x_t| x_t + velocity * (1.0 - time))
    }
}

impl GeneratorModel for Model {
    fn phases(&self) -> Vec<f64> {
        self.gauged.phases()
    }

    fn prepare(&mut self, step: usize, steps: usize, features: &dyn Fn() -> Tensor<2>) {
        self.gauged.prepare(step, steps, features);
    }

    fn losses(&self, batch: &GeneratorBatch<'_>, rng: &mut Rng) -> Vec<Term> {
        if let Some(term) = self.gauged.decoder_loss(batch, rng) {
            return vec![term];
        }
        let (n, device) = (batch.weights.len(), batch.weights.device());
        let time: Tensor<2> = host::tensor(seed::uniform(rng, n, 0.0, 1.0), [n, 1], &device);
        let left = -time.clone() + 1.0;
        let x1 = self.gauged.state(batch);
        let noise = self.gauged.scale.noise(n, &device, rng);
        let question = Question {
            x_t: noise.clone() * left.clone() + x1.clone() * time.clone(),
            time,
            condition: batch.disturbed.clone(),
            level: batch.level.clone(),
        };
        let answer = self.gauged.ask(question, |velocity, x_t| x_t + velocity * left);
        let truth = if answer.feature.is_some() { x1 } else { x1 - noise };
        self.gauged.losses(&answer, truth, batch, rng)
    }

    fn sample(&self, disturbed: Tensor<2>, level: Tensor<2>, temperature: f64, rng: &mut Rng) -> Weights {
        let mut x_t = self.gauged.scale.noise(disturbed.dims()[0], &disturbed.device(), rng) * temperature;
        let last = self.steps - 1;
        for step in 0..last {
            let clean = self.answer(x_t.clone(), step, &disturbed, &level).clean;
            // An Euler step of 1 / steps along (x1 - x_t) / (1 - t), with 1 - t = left / steps.
            let left = (self.steps - step) as f64;
            x_t = x_t.clone() + (clean - x_t) / left;
        }
        // The last step ends in the clean network itself.
        self.answer(x_t, last, &disturbed, &level).network
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.gauged.learner
    }
}
