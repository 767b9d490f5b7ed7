//! Variance, invariance and covariance of views.

use std::ops::Range;

use burn::tensor::{Tensor, activation::relu};
use equigen_core::learner::{Learner, Trainable};
use equigen_core::seed::Rng;
use equigen_core::{Objective, ObjectiveContext, ObjectiveModel, Result, Term, Views};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::head::{Head, range};

/// Agreement without collapse: views of one network must have the same features, and over a batch each entry must vary
/// and no two entries together.
///
/// VICReg (Bardes, Ponce and LeCun 2022, "VICReg: variance-invariance-covariance regularization for self-supervised
/// learning"). Features pass through an expander, if there is one. The loss is `invariance` times the mean squared
/// difference of two views, plus `variance` times the mean over entries of max(0, 1 - sqrt(Var + 1e-4)), plus
/// `covariance` times the mean over entries of the sum of squares of their covariances with the others; of the last two
/// the first is averaged over both views and the second added, as in the authors' code, for which the default weights
/// were chosen. Unlike `nt-xent` it needs no negatives, and so no large batch.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VicReg {
    /// Factor of this loss in the sum.
    pub weight: f64,
    /// Factor of the difference between two views of one network.
    pub invariance: f64,
    /// Factor of what entries lack of a standard deviation of 1.
    pub variance: f64,
    /// Factor of the covariances between different entries.
    pub covariance: f64,
    /// How many entries of ψ are compared, the first ones; 0 for all. The others stay free to tell what views differ
    /// in.
    pub entries: usize,
    /// Width of the expander's hidden layer; 0 for no expander, which shapes the features themselves.
    pub hidden: usize,
    /// Length of the expanded feature.
    pub out: usize,
}

impl Default for VicReg {
    fn default() -> Self {
        Self { weight: 1.0, invariance: 25.0, variance: 25.0, covariance: 1.0, entries: 0, hidden: 128, out: 128 }
    }
}

#[typetag::serde(name = "vicreg")]
impl Objective for VicReg {
    fn build(&self, context: &ObjectiveContext) -> Result<Box<dyn ObjectiveModel>> {
        let VicReg { weight, invariance, variance, covariance, entries, hidden, out } = *self;
        crate::check_weight("weight", weight)?;
        crate::check_weight("invariance", invariance)?;
        crate::check_weight("variance", variance)?;
        crate::check_weight("covariance", covariance)?;
        let learner = Learner::new(Head::new(entries, hidden, out, context)?);
        Ok(Box::new(Model { learner, weight, factors: [invariance, variance, covariance] }))
    }

    fn compares(&self, dim: usize) -> Option<Range<usize>> {
        Some(range(self.entries, dim))
    }
}

equigen_core::register!(Objective, VicReg);

struct Model {
    learner: Learner<Head>,
    weight: f64,
    /// Of invariance, variance and covariance.
    factors: [f64; 3],
}

impl ObjectiveModel for Model {
    fn loss(&self, views: &Views, _: &mut Rng) -> Term {
        let projected = self.learner.module().project(views);
        ("vicreg", regularised(projected, self.factors) * self.weight)
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}

/// Added to variances, so that their roots have a gradient at 0.
const EPSILON: f64 = 1e-4;

/// VICReg `[1]` of `2N` rows, of which rows `i` and `i + N` are views of one thing; `factors` of invariance, variance
/// and covariance.
pub(crate) fn regularised(projected: Tensor<2>, factors: [f64; 3]) -> Tensor<1> {
    let n = projected.dims()[0] / 2;
    let [first, second] = [0, n].map(|start| projected.clone().narrow(0, start, n));
    let apart = (first.clone() - second.clone()).square().mean_dim(1).mean();
    let ((narrow, tied), (other_narrow, other_tied)) = (collapse(first), collapse(second));
    let [invariance, variance, covariance] = factors;
    apart * invariance + (narrow + other_narrow) * (0.5 * variance) + (tied + other_tied) * covariance
}

/// How much entries of `z [n, d]` lack of a deviation of 1, and how much they vary together, `[1]` each.
fn collapse(z: Tensor<2>) -> (Tensor<1>, Tensor<1>) {
    let ([n, d], device) = (z.dims(), z.device());
    // One row has no variance; it shall not divide by 0 either.
    let freedom = (n.max(2) - 1) as f64;
    let centred = z.clone() - z.mean_dim(0);
    let deviation = (centred.clone().square().sum_dim(0) / freedom + EPSILON).sqrt();
    let narrow = relu(-deviation + 1.0).mean();
    let covariance = centred.clone().transpose().matmul(centred) / freedom;
    let different = -Tensor::<2>::eye(d, &device) + 1.0;
    let tied = (covariance * different).square().sum_dim(1).mean();
    (narrow, tied)
}
