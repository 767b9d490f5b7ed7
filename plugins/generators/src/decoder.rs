//! The deterministic generator: one network per feature.

use std::sync::Arc;

use burn::tensor::Tensor;
use equigen_core::decoder::{FunctionSpace, WeightDecoder};
use equigen_core::learner::{Learner, Trainable};
use equigen_core::nn::Init;
use equigen_core::seed::{self, Rng};
use equigen_core::{Generator, GeneratorBatch, GeneratorContext, GeneratorModel, Layout, Result, Term, Weights, host};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{check_positive, check_share};

/// A perceptron from features to weights, trained in function space: no noise, one network per feature. The prototype's
/// generator (docs/method.md, section 11), and the baseline that diffusion has to beat.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Decoder {
    /// Width of the hidden layers.
    pub hidden: usize,
    /// Number of hidden layers.
    pub depth: usize,
    /// Coordinates drawn in each step for the loss in function space.
    pub points: usize,
    /// Standard deviation of the noise added to features in training; it makes near features decode alike.
    pub feature_noise: f64,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { hidden: 1024, depth: 2, points: 256, feature_noise: 0.1 }
    }
}

#[typetag::serde(name = "decoder")]
impl Generator for Decoder {
    fn build(&self, context: &GeneratorContext) -> Result<Box<dyn GeneratorModel>> {
        check_positive(&[("hidden", self.hidden), ("depth", self.depth), ("points", self.points)])?;
        check_share(&[("feature_noise", self.feature_noise)])?;
        let GeneratorContext { inr, layout, dim, device, seed, .. } = context;
        let widths = (*dim, self.hidden, self.depth);
        let decoder = WeightDecoder::new(&**inr, layout, widths, *seed, &mut Init::new(*seed, device));
        Ok(Box::new(Model {
            learner: Learner::new(decoder),
            deviation: context.statistics.deviation_row(layout, device),
            layout: layout.clone(),
            feature_noise: self.feature_noise,
            function_space: FunctionSpace { inr: inr.clone(), points: self.points },
        }))
    }
}

equigen_core::register!(Generator, Decoder);

struct Model {
    learner: Learner<WeightDecoder>,
    deviation: Tensor<2>,
    layout: Arc<Layout>,
    feature_noise: f64,
    function_space: FunctionSpace,
}

impl GeneratorModel for Model {
    fn losses(&self, batch: &GeneratorBatch<'_>, rng: &mut Rng) -> Vec<Term> {
        let features = noisy(&batch.features, self.feature_noise, rng);
        let decoded = self.learner.module().decode(features, &self.deviation, &self.layout);
        vec![("function-space", self.function_space.error(&decoded, &batch.signals, None, rng))]
    }

    fn sample(&self, disturbed: Tensor<2>, _level: Tensor<2>, _temperature: f64, _rng: &mut Rng) -> Weights {
        self.learner.averaged().decode(disturbed, &self.deviation, &self.layout)
    }

    fn has_noise(&self) -> bool {
        false
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}

/// Features plus normal noise, drawn on the host.
pub(crate) fn noisy(features: &Tensor<2>, deviation: f64, rng: &mut Rng) -> Tensor<2> {
    let shape = features.dims();
    let noise: Tensor<2> = host::tensor(seed::normal(rng, shape[0] * shape[1]), shape, &features.device());
    features.clone() + noise * deviation
}
