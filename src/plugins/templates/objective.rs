//! `NAME`: views of one network predict each other.

use burn::tensor::Tensor;
use equigen_core::learner::{Learner, Trainable};
use equigen_core::nn::{Init, Mlp};
use equigen_core::{Error, Objective, ObjectiveContext, ObjectiveModel, Result, Term, Views, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Two views of one network must point the same way: a perceptron predicts the feature of one from that of the other.
///
/// SimSiam (Chen and He 2021, "Exploring simple siamese representation learning"): 1 minus the cosine of predicted and
/// real feature, both ways, with no gradient into the real one. The stopped gradient is what keeps features from
/// becoming all the same.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TYPE {
    /// Factor of this loss in the sum.
    pub weight: f64,
    /// Width of the perceptron's hidden layer.
    pub hidden: usize,
}

impl Default for TYPE {
    fn default() -> Self {
        Self { weight: 1.0, hidden: 64 }
    }
}

equigen_core::register!(Objective, TYPE);

#[typetag::serde(name = "NAME")]
impl Objective for TYPE {
    fn build(&self, context: &ObjectiveContext) -> Result<Box<dyn ObjectiveModel>> {
        let Self { weight, hidden } = *self;
        if hidden == 0 || !(weight.is_finite() && weight >= 0.0) {
            let remedy = "give the first at least 1, the second a number of at least 0";
            let text = format!("`hidden` = {hidden}, `weight` = {weight}: {remedy}");
            return Err(Error::config(text).within("NAME"));
        }
        let mut init = Init::new(context.seed, &context.device);
        let learner = Learner::new(Mlp::new(&[context.dim, hidden, context.dim], &mut init));
        Ok(Box::new(Model { learner, weight }))
    }
}

struct Model {
    learner: Learner<Mlp>,
    weight: f64,
}

impl ObjectiveModel for Model {
    fn loss(&self, views: &Views, _rng: &mut Rng) -> Term {
        let apart = |from: &Tensor<2>, to: &Tensor<2>| {
            let predicted = unit(self.learner.module().forward(from.clone()));
            -(predicted * unit(to.clone().detach())).sum_dim(1).mean() + 1.0
        };
        let (original, augmented) = (&views.original_features, &views.augmented_features);
        ("NAME", (apart(original, augmented) + apart(augmented, original)) * (0.5 * self.weight))
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}

/// Rows of length 1.
fn unit(rows: Tensor<2>) -> Tensor<2> {
    // The small number keeps the root's gradient finite at a row of zeros.
    rows.clone() / (rows.square().sum_dim(1) + 1e-12).sqrt()
}

#[test]
fn keeps_its_laws() {
    for law in equigen_core::laws::objective::laws(&TYPE::default()) {
        law.holds(16, None).unwrap_or_else(|broken| panic!("{}: {broken}", law.name));
    }
}
