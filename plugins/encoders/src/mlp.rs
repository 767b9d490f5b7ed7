//! The control: a perceptron on flattened weights.

use burn::module::Module;
use burn::tensor::Tensor;
use equigen_core::learner::{Learner, Trainable};
use equigen_core::nn::{Init, Mlp as Perceptron, standardise};
use equigen_core::registry::Claim;
use equigen_core::{Encoder, EncoderContext, EncoderModel, Result, Weights};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check_sizes;
use crate::scale::Scale;

/// A perceptron on the flattened weights: the control, which respects no symmetry and claims none.
///
/// What an equivariant encoder reaches beyond it is what equivariance gives.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mlp {
    /// Length of the pooled feature.
    pub dim: usize,
    /// Width of the two hidden layers.
    pub hidden: usize,
}

impl Default for Mlp {
    fn default() -> Self {
        Self { dim: 64, hidden: 512 }
    }
}

#[typetag::serde(name = "mlp")]
impl Encoder for Mlp {
    fn build(&self, context: &EncoderContext) -> Result<Box<dyn EncoderModel>> {
        check_sizes(self.dim, &[("hidden", self.hidden)])?;
        let mut init = Init::new(context.seed, &context.device);
        let widths = [context.layout.parameters(), self.hidden, self.hidden, self.dim];
        let network = Network { mlp: Perceptron::new(&widths, &mut init) };
        Ok(Box::new(Model { learner: Learner::new(network), scale: Scale::new(context) }))
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

equigen_core::register!(Encoder, Mlp);

#[derive(Module, Debug)]
struct Network {
    mlp: Perceptron,
}

struct Model {
    learner: Learner<Network>,
    scale: Scale,
}

impl EncoderModel for Model {
    fn pooled(&self, weights: &Weights) -> Tensor<2> {
        standardise(self.learner.module().mlp.forward(self.scale.centred(weights).values().clone()))
    }

    /// The incoming row and bias of each neuron: nothing is computed by neuron here.
    fn neurons(&self, weights: &Weights) -> Vec<Tensor<3>> {
        let weights = self.scale.centred(weights);
        let rows = |layer| Tensor::cat(vec![weights.weight(layer), weights.bias(layer).unsqueeze_dim(2)], 2);
        (0..weights.layout().hidden().len()).map(rows).collect()
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}
