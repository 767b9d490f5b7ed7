//! Diffusion on weights, conditioned on disturbed features.

mod denoiser;
mod perceptron;
mod schedule;
mod tokens;
mod transformer;

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use equigen_core::decoder::{FunctionSpace, WeightDecoder};
use equigen_core::learner::{Learner, Trainable};
use equigen_core::nn::Init;
use equigen_core::seed::{self, Rng};
use equigen_core::{
    Error, Generator, GeneratorBatch, GeneratorContext, GeneratorModel, Layout, Result, Term, Weights, host,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use denoiser::{Denoiser, Tokens};
use denoiser::{Net, Question};
pub use schedule::Target;
use schedule::{Schedule, add_noise, ddim_step};

use crate::decoder::noisy;
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

/// Which of the many weights of one and the same function are diffused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Gauge {
    /// The fitted weights themselves, normalised per tensor: the paper's setting.
    Fitted {},
    /// Weights from a decoder that is trained along, `decode(encode(w))`: one gauge for all networks (docs/method.md, section 11,
    /// finding 8). The denoiser's answer is a feature, decoded.
    Decoder {
        /// Width of the decoder's hidden layers.
        #[serde(default = "decoder_hidden")]
        hidden: usize,
        /// Number of the decoder's hidden layers.
        #[serde(default = "decoder_depth")]
        depth: usize,
        /// Share of the training in which only the decoder learns.
        #[serde(default = "decoder_first")]
        first: f64,
    },
}

fn decoder_hidden() -> usize {
    1024
}

fn decoder_depth() -> usize {
    2
}

fn decoder_first() -> f64 {
    0.5
}

impl Default for Gauge {
    fn default() -> Self {
        Self::Decoder { hidden: decoder_hidden(), depth: decoder_depth(), first: decoder_first() }
    }
}

#[typetag::serde(name = "diffusion")]
impl Generator for Diffusion {
    fn build(&self, context: &GeneratorContext) -> Result<Box<dyn GeneratorModel>> {
        check_positive(&[
            ("timesteps", self.timesteps),
            ("sampling_steps", self.sampling_steps),
            ("points", self.points),
        ])?;
        check_share(&[
            ("function_space", self.function_space),
            ("weight_space", self.weight_space),
            ("equivariance", self.equivariance),
            ("feature_space", self.feature_space),
            ("feature_noise", self.feature_noise),
            ("eta", self.eta),
        ])?;
        if !(self.state_scale.is_finite() && self.state_scale > 0.0) {
            return Err(Error::config(format!("state_scale: {} is not above 0", self.state_scale)));
        }
        let GeneratorContext { inr, layout, dim, device, seed, statistics } = context;
        let mut init = Init::new(*seed, device);
        let (decoder, outputs, first) = match self.gauge {
            Gauge::Fitted {} => (None, layout.parameters(), 0.0),
            Gauge::Decoder { hidden, depth, first } => {
                check_positive(&[("gauge.hidden", hidden), ("gauge.depth", depth)])?;
                if self.target != Target::X0 {
                    return Err(Error::config("target: the gauge `decoder` answers with clean weights, `x0`"));
                }
                if !(0.0..1.0).contains(&first) {
                    return Err(Error::config(format!("gauge.first: {first} is no share from 0 to below 1")));
                }
                let decoder = WeightDecoder::new(&**inr, layout, (*dim, hidden, depth), *seed, &mut init);
                (Some(decoder), *dim, first)
            }
        };
        let denoiser = self.denoiser.build(layout, *dim, outputs, &mut init)?;
        let deviation = statistics.deviation_row(layout, device);
        // In the gauge of a decoder both are set when its phase ends.
        let parameters = [1, layout.parameters()];
        let centre = init.constant(parameters, 0.0).set_require_grad(false);
        let spread = init.constant(parameters, 1.0).set_require_grad(false);
        Ok(Box::new(Model {
            learner: Learner::new(Parts { decoder, denoiser, centre, spread }),
            first,
            frozen: None,
            mean: statistics.mean_row(layout, device),
            deviation,
            schedule: Schedule::cosine(self.timesteps),
            layout: layout.clone(),
            function_space: FunctionSpace { inr: inr.clone(), points: self.points },
            config: self.clone(),
        }))
    }
}

equigen_core::register!(Generator, Diffusion);

#[derive(Module, Debug)]
struct Parts {
    decoder: Option<WeightDecoder>,
    denoiser: Net,
    /// `[1, parameters]`: mean and deviation of the decoder's weights over many networks.
    centre: Param<Tensor<2>>,
    spread: Param<Tensor<2>>,
}

struct Model {
    learner: Learner<Parts>,
    /// The decoder as it is when its phase has ended: a constant from then on.
    frozen: Option<WeightDecoder>,
    /// Progress up to which only the decoder learns.
    first: f64,
    /// `[1, parameters]` each.
    mean: Tensor<2>,
    deviation: Tensor<2>,
    schedule: Schedule,
    layout: Arc<Layout>,
    function_space: FunctionSpace,
    config: Diffusion,
}

/// Networks over which the moments of the decoder's weights are taken, at most.
const MOMENTS_OVER: usize = 4096;

/// A value in place of an old one: on its device, and no more a variable than that.
fn like(old: &Tensor<2>, value: Tensor<2>) -> Tensor<2> {
    if old.device().is_autodiff() { Tensor::from_inner(value) } else { value }
}

/// A denoiser's answer.
struct Answer {
    /// What it says, in the terms of its target.
    prediction: Tensor<2>,
    /// The clean state that this means.
    x0: Tensor<2>,
    /// The network that this means.
    network: Weights,
    /// The predicted feature, in the gauge of a decoder.
    feature: Option<Tensor<2>>,
}

impl Model {
    /// Weights as the state that is diffused.
    fn state_of(&self, parts: &Parts, weights: &Weights) -> Tensor<2> {
        let values = weights.values().clone();
        let state = match parts.decoder {
            None => (values - self.mean.clone()) / self.deviation.clone(),
            Some(_) => (values - parts.centre.val()) / parts.spread.val(),
        };
        state * self.config.state_scale
    }

    fn decode(&self, decoder: &WeightDecoder, features: Tensor<2>) -> Weights {
        decoder.decode(features, &self.deviation, &self.layout)
    }

    fn answer(
        &self,
        parts: &Parts,
        decoder: Option<&WeightDecoder>,
        question: Question,
        alpha_bar: Tensor<2>,
    ) -> Answer {
        let (x_t, condition) = (question.x_t.clone(), question.condition.clone());
        let output = parts.denoiser.answer(question);
        match decoder {
            None => {
                let x0 = self.config.target.to_x0(output.clone(), x_t, alpha_bar);
                let values = x0.clone() * self.deviation.clone() / self.config.state_scale + self.mean.clone();
                let network = Weights::new(self.layout.clone(), values);
                Answer { prediction: output, x0, network, feature: None }
            }
            Some(decoder) => {
                let feature = condition + output;
                let network = self.decode(decoder, feature.clone());
                let x0 = self.state_of(parts, &network);
                Answer { prediction: x0.clone(), x0, network, feature: Some(feature) }
            }
        }
    }

    fn decoder_loss(&self, decoder: &WeightDecoder, batch: &GeneratorBatch<'_>, rng: &mut Rng) -> Term {
        let features = noisy(&batch.features, self.config.feature_noise, rng);
        let network = self.decode(decoder, features);
        ("decoder", self.function_space.error(&network, &batch.signals, None, rng))
    }

    /// Mean and deviation of every weight over networks decoded from these features.
    fn moments(&self, decoder: &WeightDecoder, features: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let most = features.dims()[0].min(MOMENTS_OVER);
        let values = self.decode(decoder, features.slice_dim(0, 0..most)).values().clone().inner();
        let (variance, mean) = values.var_mean(0);
        (mean, variance.sqrt() + 1e-6)
    }

    /// A timestep for a uniform draw, the noisier ones more often: there the network's signal is decided.
    fn timestep(&self, u: f32) -> usize {
        let steps = self.schedule.steps();
        ((1.0 - u.powf(1.5)) * steps as f32).min(steps as f32 - 1.0) as usize
    }

    fn normal(&self, n: usize, like: &Tensor<2>, rng: &mut Rng) -> Tensor<2> {
        let parameters = self.layout.parameters();
        host::tensor(seed::normal(rng, n * parameters), [n, parameters], &like.device())
    }
}

impl GeneratorModel for Model {
    fn phases(&self) -> Vec<f64> {
        if self.first > 0.0 { vec![self.first] } else { Vec::new() }
    }

    fn prepare(&mut self, step: usize, steps: usize, features: &dyn Fn() -> Tensor<2>) {
        let begins = (self.first * steps as f64).ceil() as usize;
        if step < begins || self.frozen.is_some() {
            return;
        }
        // From here on the decoder stands still.
        let Some(decoder) = self.learner.averaged().decoder.clone().map(Module::no_grad) else { return };
        let moments = (step == begins).then(|| self.moments(&decoder, features()));
        let frozen = decoder.clone();
        let freeze = |parts: Parts| match moments {
            Some((mean, deviation)) => Parts {
                decoder: Some(frozen),
                centre: parts.centre.map(|old| like(&old, mean)),
                spread: parts.spread.map(|old| like(&old, deviation)),
                ..parts
            },
            None => Parts { decoder: Some(frozen), ..parts },
        };
        if step == begins {
            self.learner.restart(freeze)
        } else {
            self.learner.update(freeze)
        }
        self.frozen = Some(decoder);
    }

    fn losses(&self, batch: &GeneratorBatch<'_>, rng: &mut Rng) -> Vec<Term> {
        let parts = self.learner.module();
        let (n, device) = (batch.weights.len(), batch.weights.device());
        if let (Some(decoder), None) = (&parts.decoder, &self.frozen) {
            return vec![self.decoder_loss(decoder, batch, rng)];
        }
        let timesteps: Vec<usize> = seed::uniform(rng, n, 0.0, 1.0).into_iter().map(|u| self.timestep(u)).collect();
        let alpha_bar = self.schedule.at(&timesteps, &device);
        let clean = match &self.frozen {
            None => batch.weights.clone(),
            Some(decoder) => self.decode(decoder, batch.features.clone()),
        };
        let x0 = self.state_of(parts, &clean).detach();
        let noise = self.normal(n, &x0, rng);
        let time = timesteps.iter().map(|t| *t as f32 / self.schedule.steps() as f32).collect();
        let question = Question {
            x_t: add_noise(x0.clone(), noise.clone(), alpha_bar.clone()),
            time: host::tensor(time, [n, 1], &device),
            condition: batch.disturbed.clone(),
            level: batch.level.clone(),
        };
        let answer = self.answer(parts, self.frozen.as_ref(), question, alpha_bar.clone());
        let Diffusion { function_space, weight_space, equivariance, feature_space, target, .. } = self.config;
        let mut terms = Vec::new();
        if function_space > 0.0 {
            let error = self.function_space.error(&answer.network, &batch.signals, None, rng);
            terms.push(("function-space", error * function_space));
        }
        if let (Some(feature), true) = (answer.feature, feature_space > 0.0) {
            terms.push(("feature-space", (feature - batch.features.clone()).square().mean() * feature_space));
        }
        if weight_space > 0.0 {
            let truth = target.of(x0, noise, alpha_bar.clone());
            terms.push(("weight-space", (answer.prediction - truth).square().mean_dim(1).mean() * weight_space));
        }
        if equivariance > 0.0 {
            let change = (batch.encoder.pooled(&answer.network) - batch.features.clone()).square().mean_dim(1);
            terms.push(("equivariance", (change * alpha_bar).mean() * equivariance));
        }
        terms
    }

    fn sample(&self, disturbed: Tensor<2>, level: Tensor<2>, temperature: f64, rng: &mut Rng) -> Weights {
        let parts = self.learner.averaged();
        let (n, device) = (disturbed.dims()[0], disturbed.device());
        let mut x_t = self.normal(n, &disturbed, rng) * temperature;
        let trajectory = self.schedule.trajectory(self.config.sampling_steps);
        for (i, timestep) in trajectory.iter().enumerate() {
            let alpha_bar = self.schedule.at(&vec![*timestep; n], &device);
            let time = vec![*timestep as f32 / self.schedule.steps() as f32; n];
            let time = host::tensor(time, [n, 1], &device);
            let question = Question { x_t: x_t.clone(), time, condition: disturbed.clone(), level: level.clone() };
            let answer = self.answer(parts, parts.decoder.as_ref(), question, alpha_bar.clone());
            let Some(next) = trajectory.get(i + 1) else { return answer.network };
            let next = self.schedule.at(&vec![*next; n], &device);
            let fresh = self.normal(n, &disturbed, rng) * temperature;
            x_t = ddim_step(x_t, answer.x0, (alpha_bar, next), fresh, self.config.eta);
        }
        unreachable!("a trajectory has at least one timestep")
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}
