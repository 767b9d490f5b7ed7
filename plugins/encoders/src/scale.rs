//! Weights on the scale of the source networks.

use burn::tensor::Tensor;
use equigen_core::{EncoderContext, Weights};

/// Mean and standard deviation of each parameter's tensor over the source, `[1, parameters]` each.
pub(crate) struct Scale {
    mean: Tensor<2>,
    deviation: Tensor<2>,
}

impl Scale {
    pub(crate) fn new(context: &EncoderContext) -> Self {
        Self {
            mean: context.statistics.mean_row(&context.layout, &context.device),
            deviation: context.statistics.deviation_row(&context.layout, &context.device),
        }
    }

    /// Of mean zero and deviation one.
    pub(crate) fn centred(&self, weights: &Weights) -> Weights {
        weights.with_values((weights.values().clone() - self.mean.clone()) / self.deviation.clone())
    }

    /// Of size about one, and still zero where they were: signs and factors of neurons stay what they are.
    pub(crate) fn divided(&self, weights: &Weights) -> Weights {
        weights.with_values(weights.values().clone() / self.deviation.clone())
    }
}
