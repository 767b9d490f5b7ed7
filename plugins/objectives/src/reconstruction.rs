//! Reconstruction in function space.

use std::sync::Arc;

use burn::tensor::Tensor;
use equigen_core::decoder::{FunctionSpace, WeightDecoder};
use equigen_core::learner::{Learner, Trainable};
use equigen_core::nn::Init;
use equigen_core::seed::{self, Rng};
use equigen_core::{Layout, Objective, ObjectiveContext, ObjectiveModel, Result, Term, Views, host};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Features must suffice to rebuild the signal: a perceptron decodes them to weights, which are rendered at random
/// coordinates and compared with the signal there (docs/method.md, section 11, findings 2 and 4). Function space leaves the
/// decoder its choice among all weights of equal function. An augmented view must rebuild the signal as the view moved it,
/// at coordinates whose image lies in the domain.
///
/// The loss is the mean squared error times `weight`; signals lie in 0 to 1, so predicting the mean scores about 0.1 for
/// digits, and a good copy 0.01.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Reconstruction {
    /// Factor of this loss in the sum.
    pub weight: f64,
    /// Width of the decoder's two hidden layers.
    pub hidden: usize,
    /// Coordinates drawn in each step, uniform in [-1, 1]^d and shared by the batch.
    pub points: usize,
    /// Standard deviation of the noise added to features before decoding; it makes near features decode alike.
    pub feature_noise: f64,
}

impl Default for Reconstruction {
    fn default() -> Self {
        Self { weight: 1.0, hidden: 512, points: 256, feature_noise: 0.1 }
    }
}

#[typetag::serde(name = "reconstruction")]
impl Objective for Reconstruction {
    fn build(&self, context: &ObjectiveContext) -> Result<Box<dyn ObjectiveModel>> {
        crate::check_weight("weight", self.weight)?;
        crate::check_positive("hidden", self.hidden)?;
        crate::check_positive("points", self.points)?;
        crate::check_weight("feature_noise", self.feature_noise)?;
        let ObjectiveContext { inr, layout, dim, seed, device, .. } = context;
        let widths = (*dim, self.hidden, 2);
        let decoder = WeightDecoder::new(&**inr, layout, widths, *seed, &mut Init::new(*seed, device));
        Ok(Box::new(Model {
            learner: Learner::new(decoder),
            config: self.clone(),
            deviation: context.statistics.deviation_row(layout, device),
            layout: layout.clone(),
            function_space: FunctionSpace { inr: inr.clone(), points: self.points },
        }))
    }
}

equigen_core::register!(Objective, Reconstruction);

struct Model {
    learner: Learner<WeightDecoder>,
    config: Reconstruction,
    /// `[1, parameters]`.
    deviation: Tensor<2>,
    layout: Arc<Layout>,
    function_space: FunctionSpace,
}

impl ObjectiveModel for Model {
    fn loss(&self, views: &Views, rng: &mut Rng) -> Term {
        let features = Tensor::cat(vec![views.original_features.clone(), views.augmented_features.clone()], 0);
        let (shape, device) = (features.dims(), features.device());
        let noise = host::tensor(seed::normal(rng, shape[0] * shape[1]), shape, &device);
        let features = features + noise * self.config.feature_noise;
        let decoded = self.learner.module().decode(features, &self.deviation, &self.layout);
        let signals = views.original_signals.clone().concat(views.augmented_signals.clone());
        let error = self.function_space.error(&decoded, &signals, None, rng);
        ("reconstruction", error * self.config.weight)
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}
