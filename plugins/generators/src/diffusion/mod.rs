//! Diffusion on weights, conditioned on disturbed features.

mod denoiser;
mod perceptron;
mod schedule;
mod tokens;
mod transformer;

use burn::tensor::Tensor;
use equigen_core::learner::Trainable;
use equigen_core::seed::{self, Rng};
use equigen_core::{Error, Generator, GeneratorBatch, GeneratorContext, GeneratorModel, Result, Term, Weights, host};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use denoiser::{Denoiser, Tokens};
pub(crate) use denoiser::{Net, Question};
pub use schedule::Target;
use schedule::{Schedule, add_noise, ddim_step};

use crate::gauge::Gauge;
use crate::gauged::{Answer, Gauged, Settings};
use crate::{check_positive, check_share};

/// Diffusion on weights (EquiGen, sections 3.3 and 3.4): a denoiser learns to undo noise on weights given a disturbed
/// feature and the level of its disturbance, and samples by DDIM.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Diffusion {
    /// The network that denoises.
    pub denoiser: Denoiser,
    /// What its output means.
    pub target: Target,
    /// Which weights of a source network are diffused.
    pub gauge: Gauge,
    /// Timesteps of training.
    pub timesteps: usize,
    /// Timesteps of sampling.
    pub sampling_steps: usize,
    /// Share of fresh noise in each step of sampling: 0 is DDIM, 1 ancestral sampling.
    pub eta: f64,
    /// Standard deviation of the state that is diffused. The entries of a network's weights are redundant, so that at unit
    /// scale everything is decided in the noisiest steps and samples look alike.
    pub state_scale: f64,
    /// Weight of the loss in function space: what the predicted clean network renders against the signal.
    pub function_space: f64,
    /// Weight of the loss in weight space: the denoiser's prediction against its target.
    pub weight_space: f64,
    /// Weight of the equivariance loss: features of the predicted clean network against the undisturbed features, less
    /// where the input is noisier (by ᾱ).
    pub equivariance: f64,
    /// Weight of the loss in feature space, of gauge `decoder`: the predicted feature against that of the network.
    pub feature_space: f64,
    /// Coordinates drawn in each step for the losses in function space.
    pub points: usize,
    /// Standard deviation of the noise added to the features that the decoder of gauge `decoder` trains on.
    pub feature_noise: f64,
}

impl Default for Diffusion {
    fn default() -> Self {
        Self {
            denoiser: Denoiser::default(),
            target: Target::default(),
            gauge: Gauge::default(),
            timesteps: 1000,
            sampling_steps: 50,
            eta: 1.0,
            state_scale: 0.15,
            function_space: 0.3,
            weight_space: 0.0,
            equivariance: 0.01,
            feature_space: 0.1,
            points: 128,
            feature_noise: 0.1,
        }
    }
}

#[typetag::serde(name = "diffusion")]
impl Generator for Diffusion {
    fn build(&self, context: &GeneratorContext) -> Result<Box<dyn GeneratorModel>> {
        check_positive(&[("timesteps", self.timesteps), ("sampling_steps", self.sampling_steps)])?;
        check_share(&[("equivariance", self.equivariance), ("eta", self.eta)])?;
        if matches!(self.gauge, Gauge::Decoder { .. }) && self.target != Target::X0 {
            return Err(Error::config("target: the gauge `decoder` answers with clean weights, `x0`"));
        }
        let settings = Settings {
            state_scale: self.state_scale,
            function_space: self.function_space,
            feature_space: self.feature_space,
            weight_space: self.weight_space,
            points: self.points,
            feature_noise: self.feature_noise,
        };
        Ok(Box::new(Model {
            gauged: Gauged::new(context, &self.gauge, &self.denoiser, settings)?,
            schedule: Schedule::cosine(self.timesteps),
            config: self.clone(),
        }))
    }
}

equigen_core::register!(Generator, Diffusion);

struct Model {
    gauged: Gauged,
    schedule: Schedule,
    config: Diffusion,
}

impl Model {
    /// A timestep for a uniform draw, the noisier ones more often: there the network's signal is decided.
    fn timestep(&self, u: f32) -> usize {
        let steps = self.schedule.steps();
        ((1.0 - u.powf(1.5)) * steps as f32).min(steps as f32 - 1.0) as usize
    }

    /// What the averaged denoiser says of noisy states `x_t`, all at one timestep.
    fn answer(&self, x_t: Tensor<2>, timestep: usize, condition: &Tensor<2>, level: &Tensor<2>) -> Answer {
        let (n, device) = (x_t.dims()[0], x_t.device());
        let alpha_bar = self.schedule.at(&vec![timestep; n], &device);
        let time = vec![timestep as f32 / self.schedule.steps() as f32; n];
        let time = host::tensor(time, [n, 1], &device);
        let question = Question { x_t, time, condition: condition.clone(), level: level.clone() };
        self.gauged.ask_averaged(question, |output, x_t| self.config.target.to_x0(output, x_t, alpha_bar))
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
        let timesteps: Vec<usize> = seed::uniform(rng, n, 0.0, 1.0).into_iter().map(|u| self.timestep(u)).collect();
        let alpha_bar = self.schedule.at(&timesteps, &device);
        let x0 = self.gauged.state(batch);
        let noise = self.gauged.scale.noise(n, &device, rng);
        let time = timesteps.iter().map(|t| *t as f32 / self.schedule.steps() as f32).collect();
        let question = Question {
            x_t: add_noise(x0.clone(), noise.clone(), alpha_bar.clone()),
            time: host::tensor(time, [n, 1], &device),
            condition: batch.disturbed.clone(),
            level: batch.level.clone(),
        };
        let Diffusion { equivariance, target, .. } = self.config;
        let answer = self.gauged.ask(question, |output, x_t| target.to_x0(output, x_t, alpha_bar.clone()));
        let mut terms = self.gauged.losses(&answer, target.of(x0, noise, alpha_bar.clone()), batch, rng);
        if equivariance > 0.0 {
            let change = (batch.encoder.pooled(&answer.network) - batch.features.clone()).square().mean_dim(1);
            terms.push(("equivariance", (change * alpha_bar).mean() * equivariance));
        }
        terms
    }

    fn sample(&self, disturbed: Tensor<2>, level: Tensor<2>, temperature: f64, rng: &mut Rng) -> Weights {
        let (n, device) = (disturbed.dims()[0], disturbed.device());
        let mut x_t = self.gauged.scale.noise(n, &device, rng) * temperature;
        let trajectory = self.schedule.trajectory(self.config.sampling_steps);
        for (i, timestep) in trajectory.iter().enumerate() {
            let answer = self.answer(x_t.clone(), *timestep, &disturbed, &level);
            let Some(next) = trajectory.get(i + 1) else { return answer.network };
            let [alpha_bar, next] = [timestep, next].map(|t| self.schedule.at(&vec![*t; n], &device));
            let fresh = self.gauged.scale.noise(n, &device, rng) * temperature;
            x_t = ddim_step(x_t, answer.clean, (alpha_bar, next), fresh, self.config.eta);
        }
        unreachable!("a trajectory has at least one timestep")
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.gauged.learner
    }
}
