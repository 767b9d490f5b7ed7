//! The normalised temperature-scaled cross entropy.

use std::ops::Range;

use burn::tensor::{Tensor, activation::log_softmax};
use equigen_core::learner::{Learner, Trainable};
use equigen_core::seed::Rng;
use equigen_core::weights::row_indices;
use equigen_core::{Error, Objective, ObjectiveContext, ObjectiveModel, Result, Term, Views};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::head::{Head, range};

/// Contrast: each of 2N views must find the other view of its network among all others (NT-Xent, Chen et al. 2020, "A
/// simple framework for contrastive learning of visual representations", equation 1). Features pass through a projection
/// head, if there is one, and are compared by cosine similarity. A guess scores ln(2N - 1).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NtXent {
    /// Factor of this loss in the sum.
    pub weight: f64,
    /// Cosine similarities are divided by this: smaller is stricter.
    pub temperature: f64,
    /// How many entries of ψ are compared, the first ones; 0 for all. The others stay free to tell what views differ in,
    /// such as where the signal lies, which a reconstruction needs.
    pub entries: usize,
    /// Width of the projection head's hidden layer; 0 for no head, which makes the features themselves comparable.
    pub hidden: usize,
    /// Length of the projected feature.
    pub out: usize,
}

impl Default for NtXent {
    fn default() -> Self {
        Self { weight: 1.0, temperature: 0.1, entries: 0, hidden: 128, out: 128 }
    }
}

#[typetag::serde(name = "nt-xent")]
impl Objective for NtXent {
    fn build(&self, context: &ObjectiveContext) -> Result<Box<dyn ObjectiveModel>> {
        crate::check_weight("weight", self.weight)?;
        if !(self.temperature > 0.0 && self.temperature.is_finite()) {
            return Err(Error::config(format!("temperature: {} is not a positive number", self.temperature)));
        }
        let NtXent { weight, temperature, entries, hidden, out } = *self;
        let learner = Learner::new(Head::new(entries, hidden, out, context)?);
        Ok(Box::new(Model { learner, weight, temperature }))
    }

    fn compares(&self, dim: usize) -> Option<Range<usize>> {
        Some(range(self.entries, dim))
    }
}

equigen_core::register!(Objective, NtXent);

struct Model {
    learner: Learner<Head>,
    weight: f64,
    temperature: f64,
}

impl ObjectiveModel for Model {
    fn loss(&self, views: &Views, _: &mut Rng) -> Term {
        let projected = self.learner.module().project(views);
        ("nt-xent", contrast(projected, self.temperature) * self.weight)
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}

/// NT-Xent `[1]` of `2N` rows, of which rows `i` and `i + N` are views of one thing.
pub(crate) fn contrast(projected: Tensor<2>, temperature: f64) -> Tensor<1> {
    let rows = projected.dims()[0];
    let device = projected.device();
    let length = (projected.clone().square().sum_dim(1) + 1e-12).sqrt();
    let unit = projected / length;
    // A view is no candidate for itself: far below every similarity, yet finite, so that gradients are too.
    let itself = Tensor::<2>::eye(rows, &device) * 1e9;
    let scores = unit.clone().matmul(unit.transpose()) / temperature - itself;
    let others: Vec<usize> = (0..rows).map(|i| (i + rows / 2) % rows).collect();
    let others = row_indices(&others, &device).reshape([rows, 1]);
    -log_softmax(scores, 1).gather(1, others).mean()
}
