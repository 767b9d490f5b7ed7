//! AdamW (Loshchilov & Hutter 2019) over a module, in one pass over memory where the parameters live on the host.

use std::collections::BTreeMap;

use burn::module::{ModuleMapper, Param};
use burn::tensor::{Gradients, Tensor};
use equigen_kernels::{AdamW as Settings, AdamWState};

use super::walk::{ParameterPath, activate, flat, take_gradient};
use crate::{device, host};

/// Settings of one optimiser step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Learning rate of this step.
    pub learning_rate: f64,
    /// Decoupled weight decay; not applied to vectors (biases, scales).
    pub weight_decay: f64,
    /// Decay of the second moment; the first moment's is 0.9.
    pub beta2: f64,
    /// Decay of the parameters' moving average; 0 keeps none.
    pub average: f64,
}

const BETA1: f64 = 0.9;
const EPSILON: f64 = 1e-8;

/// What the optimiser remembers of one parameter, flat.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    pub(super) first: Tensor<1>,
    pub(super) second: Tensor<1>,
    /// Moving average of the parameter, where one is kept.
    pub(super) average: Option<Tensor<1>>,
}

pub(super) struct AdamW<'a> {
    gradients: &'a mut Gradients,
    scale: Tensor<1>,
    settings: Settings,
    steps: u32,
    moments: &'a mut BTreeMap<String, Moments>,
    path: ParameterPath,
}

impl<'a> AdamW<'a> {
    /// The step number `steps` counts from 1; gradients are taken, and multiplied by `scale [1]`.
    pub(super) fn new(
        gradients: &'a mut Gradients,
        scale: Tensor<1>,
        options: &Step,
        steps: u32,
        moments: &'a mut BTreeMap<String, Moments>,
    ) -> Self {
        let Step { learning_rate, weight_decay, beta2, average } = *options;
        // The average starts as the parameters and forgets them with a horizon that grows to the asked one.
        let horizon = (1.0 + f64::from(steps)) / (10.0 + f64::from(steps));
        let settings = Settings {
            learning_rate,
            beta1: BETA1,
            beta2,
            epsilon: EPSILON,
            weight_decay,
            scale: 1.0,
            average: average.min(horizon),
        };
        Self { gradients, scale, settings, steps, moments, path: ParameterPath::default() }
    }

    #[expect(clippy::disallowed_methods, reason = "these tensors are host memory: to take it waits for no device")]
    fn update_on_host(
        &self,
        parameter: Tensor<1>,
        gradient: Tensor<1>,
        moments: Moments,
        weight_decay: f64,
    ) -> (Tensor<1>, Moments) {
        let device = parameter.device();
        let take = |tensor: Tensor<1>| tensor.into_data().try_into_vec::<f32>().expect("parameters are f32");
        let (mut parameter, gradient) = (take(parameter), take(gradient));
        let (mut first, mut second) = (take(moments.first), take(moments.second));
        let mut average = moments.average.map(take);
        let settings = Settings { scale: take(self.scale.clone())[0], weight_decay, ..self.settings };
        let state = AdamWState {
            parameters: &mut parameter,
            gradients: &gradient,
            first: &mut first,
            second: &mut second,
            average: average.as_deref_mut(),
        };
        equigen_kernels::adamw_step(&settings, self.steps, state);
        let put = |values: Vec<f32>| {
            let length = values.len();
            host::tensor(values, [length], &device)
        };
        (put(parameter), Moments { first: put(first), second: put(second), average: average.map(put) })
    }

    fn update_on_device(
        &self,
        parameter: Tensor<1>,
        gradient: Tensor<1>,
        moments: Moments,
        weight_decay: f64,
    ) -> (Tensor<1>, Moments) {
        let Settings { learning_rate, beta2, average: decay, .. } = self.settings;
        let gradient = gradient * self.scale.clone();
        let first = moments.first * BETA1 + gradient.clone() * (1.0 - BETA1);
        let second = moments.second * beta2 + gradient.square() * (1.0 - beta2);
        let steps = self.steps as i32;
        let (correct1, correct2) = (1.0 - BETA1.powi(steps), 1.0 - beta2.powi(steps));
        let direction = (first.clone() / correct1) / ((second.clone() / correct2).sqrt() + EPSILON);
        let parameter = parameter * (1.0 - learning_rate * weight_decay) - direction * learning_rate;
        let average = moments.average.map(|average| average * decay + parameter.clone() * (1.0 - decay));
        (parameter, Moments { first, second, average })
    }
}

impl ModuleMapper for AdamW<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = take_gradient(&param, self.gradients) else {
            return param;
        };
        let path = self.path.join();
        let moments = self.moments.remove(&path);
        let moments = moments.unwrap_or_else(|| Moments {
            first: gradient.zeros_like(),
            second: gradient.zeros_like(),
            average: None,
        });
        let weight_decay = if D > 1 { self.settings.weight_decay } else { 0.0 };
        let (id, old, mapper) = param.consume();
        let (shape, like) = (old.dims(), old.device());
        let old = flat(old.inner());
        let (parameter, mut moments) = if device::is_flex(&like) {
            self.update_on_host(old, gradient, moments, weight_decay)
        } else {
            self.update_on_device(old, gradient, moments, weight_decay)
        };
        if self.settings.average > 0.0 && moments.average.is_none() {
            moments.average = Some(parameter.clone());
        }
        self.moments.insert(path, moments);
        Param::from_mapped_value(id, activate(parameter.reshape(shape), &like), mapper)
    }
}
