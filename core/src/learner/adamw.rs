//! AdamW (Loshchilov & Hutter 2019) over a module, in one pass over memory where the parameters live on the host.

use std::collections::BTreeMap;

use burn::module::{ModuleMapper, Param};
use burn::tensor::{Gradients, Tensor};

use super::walk::{ParameterPath, activate, flat, gradient};
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

/// First and second moment of one parameter, flat.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    pub(super) first: Tensor<1>,
    pub(super) second: Tensor<1>,
}

pub(super) struct AdamW<'a> {
    gradients: &'a Gradients,
    scale: Tensor<1>,
    options: &'a Step,
    steps: u32,
    moments: &'a mut BTreeMap<String, Moments>,
    path: ParameterPath,
}

impl<'a> AdamW<'a> {
    /// The step number `steps` counts from 1; gradients are multiplied by `scale [1]`.
    pub(super) fn new(
        gradients: &'a Gradients,
        scale: Tensor<1>,
        options: &'a Step,
        steps: u32,
        moments: &'a mut BTreeMap<String, Moments>,
    ) -> Self {
        Self { gradients, scale, options, steps, moments, path: ParameterPath::default() }
    }

    fn update(&self, parameter: Tensor<1>, gradient: Tensor<1>, moments: Moments, decay: f64) -> (Tensor<1>, Moments) {
        if device::is_flex(&parameter.device()) {
            self.update_on_host(parameter, gradient, moments, decay)
        } else {
            self.update_on_device(parameter, gradient, moments, decay)
        }
    }

    #[expect(clippy::disallowed_methods, reason = "these tensors are host memory: to take it waits for no device")]
    fn update_on_host(
        &self,
        parameter: Tensor<1>,
        gradient: Tensor<1>,
        moments: Moments,
        decay: f64,
    ) -> (Tensor<1>, Moments) {
        let device = parameter.device();
        let take = |tensor: Tensor<1>| tensor.into_data().try_into_vec::<f32>().expect("parameters are f32");
        let (mut parameter, mut gradient) = (take(parameter), take(gradient));
        let (mut first, mut second) = (take(moments.first), take(moments.second));
        let scale = take(self.scale.clone())[0];
        if scale != 1.0 {
            gradient.iter_mut().for_each(|g| *g *= scale);
        }
        let Step { learning_rate, beta2, .. } = *self.options;
        let [rate, beta1, beta2, epsilon, decay] = [learning_rate, BETA1, beta2, EPSILON, decay].map(|x| x as f32);
        let (p, m, v) = (&mut parameter[..], &mut first[..], &mut second[..]);
        equigen_kernels::adamw_step(p, &gradient, m, v, self.steps, rate, beta1, beta2, epsilon, decay);
        let put = |values: Vec<f32>| {
            let length = values.len();
            host::tensor(values, [length], &device)
        };
        (put(parameter), Moments { first: put(first), second: put(second) })
    }

    fn update_on_device(
        &self,
        parameter: Tensor<1>,
        gradient: Tensor<1>,
        moments: Moments,
        decay: f64,
    ) -> (Tensor<1>, Moments) {
        let Step { learning_rate, beta2, .. } = *self.options;
        let gradient = gradient * self.scale.clone();
        let first = moments.first * BETA1 + gradient.clone() * (1.0 - BETA1);
        let second = moments.second * beta2 + gradient.square() * (1.0 - beta2);
        let steps = self.steps as i32;
        let (correct1, correct2) = (1.0 - BETA1.powi(steps), 1.0 - beta2.powi(steps));
        let direction = (first.clone() / correct1) / ((second.clone() / correct2).sqrt() + EPSILON);
        let parameter = parameter * (1.0 - learning_rate * decay) - direction * learning_rate;
        (parameter, Moments { first, second })
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
        let Some(gradient) = gradient(&param, self.gradients) else {
            return param;
        };
        let path = self.path.join();
        let moments = self.moments.remove(&path);
        let moments =
            moments.unwrap_or_else(|| Moments { first: gradient.zeros_like(), second: gradient.zeros_like() });
        let decay = if D > 1 { self.options.weight_decay } else { 0.0 };
        let (id, old, mapper) = param.consume();
        let (shape, like) = (old.dims(), old.device());
        let (parameter, moments) = self.update(flat(old.inner()), gradient, moments, decay);
        self.moments.insert(path, moments);
        Param::from_mapped_value(id, activate(parameter.reshape(shape), &like), mapper)
    }
}
