//! The baseline that knows no features: one Gaussian over all weights.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use equigen_core::learner::{Learner, Trainable};
use equigen_core::nn::Init;
use equigen_core::seed::Rng;
use equigen_core::{Generator, GeneratorBatch, GeneratorContext, GeneratorModel, Result, Term, Weights};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scale::Scale;

/// One Gaussian over the weights themselves, whatever the features: the weak baseline.
///
/// A mean and a standard deviation for every weight, learned by maximum likelihood (Fisher 1922) on weights normalised
/// per tensor, or each by itself. A sample is mean + deviation ⊙ temperature · N(0, I). Adapted to the shots it is a cloud
/// around their mean; it shows what is left when a generator uses neither the features nor how weights depend on each other.
/// The loss leaves out the constant ½ ln 2π, and may fall below 0.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Gaussian {
    /// Begin with the mean and deviation of every weight over the source networks, where the likelihood of these is largest, and
    /// not with those of its tensor.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub each: bool,
}

#[typetag::serde(name = "gaussian")]
impl Generator for Gaussian {
    fn build(&self, context: &GeneratorContext) -> Result<Box<dyn GeneratorModel>> {
        let mut init = Init::new(context.seed, &context.device);
        let parameters = [context.layout.parameters()];
        // That of the source networks as a whole.
        let moments = Moments { mean: init.constant(parameters, 0.0), log_deviation: init.constant(parameters, 0.0) };
        Ok(Box::new(Model { learner: Learner::new(moments), scale: Scale::new(context, self.each) }))
    }
}

equigen_core::register!(Generator, Gaussian);

/// Of normalised weights. Vectors, so that weight decay spares them.
#[derive(Module, Debug)]
struct Moments {
    /// `[parameters]`.
    mean: Param<Tensor<1>>,
    /// `[parameters]`; its logarithm, so that it stays positive.
    log_deviation: Param<Tensor<1>>,
}

impl Moments {
    /// Mean and logarithm of the deviation, `[1, parameters]` each.
    fn rows(&self) -> (Tensor<2>, Tensor<2>) {
        (self.mean.val().unsqueeze_dim(0), self.log_deviation.val().unsqueeze_dim(0))
    }

    /// Negative logarithm of the density of normalised weights `[n, parameters]`, a mean over networks and parameters.
    fn loss(&self, normalised: Tensor<2>) -> Tensor<1> {
        let (mean, log_deviation) = self.rows();
        let score = (normalised - mean) / log_deviation.clone().exp();
        (score.square() * 0.5 + log_deviation).mean_dim(1).mean()
    }
}

struct Model {
    learner: Learner<Moments>,
    scale: Scale,
}

impl GeneratorModel for Model {
    fn losses(&self, batch: &GeneratorBatch<'_>, _rng: &mut Rng) -> Vec<Term> {
        vec![("likelihood", self.learner.module().loss(self.scale.normalised(&batch.weights)))]
    }

    fn sample(&self, disturbed: Tensor<2>, _level: Tensor<2>, temperature: f64, rng: &mut Rng) -> Weights {
        let noise = self.scale.noise(disturbed.dims()[0], &disturbed.device(), rng);
        let (mean, log_deviation) = self.learner.averaged().rows();
        self.scale.network(noise * log_deviation.exp() * temperature + mean)
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use equigen_core::learner::Step;
    use equigen_core::{Seed, host, seed};

    use super::*;

    #[test]
    fn learns_mean_and_deviation_of_what_it_sees() {
        let (device, n) = (Device::flex().autodiff(), 64);
        let mut init = Init::new(Seed::new(1), &device);
        let mut learner =
            Learner::new(Moments { mean: init.constant([2], 0.0), log_deviation: init.constant([2], 0.0) });
        let mut values = seed::normal(&mut Seed::new(2).stream(0), 2 * n);
        values.chunks_mut(2).for_each(|row| (row[0], row[1]) = (0.5 * row[0] + 1.0, 2.0 * row[1]));
        let moments = |column: usize| {
            let column = || values.iter().skip(column).step_by(2).map(|value| f64::from(*value));
            let mean = column().sum::<f64>() / n as f64;
            (mean, (column().map(|value| (value - mean).powi(2)).sum::<f64>() / n as f64).sqrt())
        };
        let batch: Tensor<2> = host::tensor(values.clone(), [n, 2], &device);
        let options = Step { learning_rate: 1e-2, weight_decay: 0.1, beta2: 0.999, average: 0.0 };
        for _ in 0..1000 {
            let loss = learner.module().loss(batch.clone());
            learner.step(&mut loss.backward(), host::tensor(vec![1.0], [1], &Device::flex()), &options);
        }
        let (mean, log_deviation) = learner.module().rows();
        let (mean, deviation) = (host::read(mean), host::read(log_deviation.exp()));
        for (column, got) in mean.into_iter().zip(deviation).enumerate() {
            let (mean, deviation) = moments(column);
            let off = (f64::from(got.0) - mean).abs().max((f64::from(got.1) - deviation).abs());
            assert!(off < 0.02, "{got:?}, expected {mean} and {deviation}");
        }
    }
}
