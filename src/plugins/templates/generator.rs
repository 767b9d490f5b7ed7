//! `NAME`: weights by regression.

use std::sync::Arc;

use burn::tensor::Tensor;
use equigen_core::learner::{Learner, Trainable};
use equigen_core::nn::{Init, Mlp};
use equigen_core::seed::{self, Rng};
use equigen_core::{
    Error, Generator, GeneratorBatch, GeneratorContext, GeneratorModel, Layout, Result, Term, Weights, host,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A perceptron from features to weights, by least squares, and noise around what it says.
///
/// Weights count in deviations of their tensor over the source networks. Least squares in weight space give the mean
/// of networks that compute the same and need not look alike: a baseline to beat.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TYPE {
    /// Width of the hidden layer.
    pub hidden: usize,
    /// Standard deviation of the noise of samples at temperature 1, in deviations of each tensor.
    pub noise: f64,
}

impl Default for TYPE {
    fn default() -> Self {
        Self { hidden: 128, noise: 0.05 }
    }
}

equigen_core::register!(Generator, TYPE);

#[typetag::serde(name = "NAME")]
impl Generator for TYPE {
    fn build(&self, context: &GeneratorContext) -> Result<Box<dyn GeneratorModel>> {
        let Self { hidden, noise } = *self;
        if hidden == 0 || !(noise.is_finite() && noise >= 0.0) {
            let remedy = "give the first at least 1, the second a number of at least 0";
            let text = format!("`hidden` = {hidden}, `noise` = {noise}: {remedy}");
            return Err(Error::config(text).within("NAME"));
        }
        let GeneratorContext { layout, statistics, dim, device, seed, .. } = context;
        let widths = [*dim, hidden, layout.parameters()];
        Ok(Box::new(Model {
            learner: Learner::new(Mlp::new(&widths, &mut Init::new(*seed, device))),
            layout: layout.clone(),
            mean: statistics.mean_row(layout, device),
            deviation: statistics.deviation_row(layout, device),
            noise,
        }))
    }
}

struct Model {
    learner: Learner<Mlp>,
    layout: Arc<Layout>,
    /// `[1, parameters]`, as is the deviation.
    mean: Tensor<2>,
    deviation: Tensor<2>,
    noise: f64,
}

impl GeneratorModel for Model {
    fn losses(&self, batch: &GeneratorBatch<'_>, _rng: &mut Rng) -> Vec<Term> {
        let target = (batch.weights.values().clone() - self.mean.clone()) / self.deviation.clone();
        let predicted = self.learner.module().forward(batch.features.clone());
        vec![("weight-space", (predicted - target).square().mean_dim(1).mean())]
    }

    fn sample(&self, disturbed: Tensor<2>, _level: Tensor<2>, temperature: f64, rng: &mut Rng) -> Weights {
        let shape = [disturbed.dims()[0], self.layout.parameters()];
        let noise: Tensor<2> = host::tensor(seed::normal(rng, shape[0] * shape[1]), shape, &disturbed.device());
        let normalised = self.learner.averaged().forward(disturbed) + noise * (self.noise * temperature);
        Weights::new(self.layout.clone(), normalised * self.deviation.clone() + self.mean.clone())
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}

#[test]
fn keeps_its_laws() {
    for law in equigen_core::laws::generator::laws(&TYPE::default()) {
        law.holds(16, None).unwrap_or_else(|broken| panic!("{}: {broken}", law.name));
    }
}
