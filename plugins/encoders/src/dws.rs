//! The paper's encoder: affine layers on weight space that are equivariant to neuron permutations.

mod affine;
mod space;

use std::sync::Arc;

use affine::Affine;
use burn::module::Module;
use burn::tensor::{Tensor, activation::relu};
use equigen_core::learner::{Learner, Trainable};
use equigen_core::nn::{Init, Linear, standardise};
use equigen_core::registry::Claim;
use equigen_core::{Encoder, EncoderContext, EncoderModel, Layout, Result, Weights};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use space::Space;

use crate::check_sizes;
use crate::scale::Scale;

/// The paper's encoder, a deep weight-space network: affine layers that are equivariant to neuron permutations, then
/// an invariant pooling (Navon et al. 2023, "Equivariant architectures for learning in deep weight spaces", sections 4
/// and 5; docs/method.md, section 6).
///
/// Inside the layers tensors are pooled by their mean, so that each layer is affine. The official code's set attention
/// along shared axes is left out. Its size is width 128 and 5 layers, 8.7 million parameters with attention; cost grows
/// with width squared. Features are standardised over their entries, like those of `probe`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dws {
    /// Length of the pooled feature.
    pub dim: usize,
    /// Features of each parameter between layers.
    pub width: usize,
    /// Number of equivariant layers.
    pub layers: usize,
    /// How the neuron axes of each tensor are pooled at the end.
    pub reduction: Reduction,
}

/// How neurons are pooled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    /// The largest value of each feature, as in the paper.
    Max,
    /// The mean of each feature.
    Mean,
}

impl Default for Dws {
    fn default() -> Self {
        Self { dim: 64, width: 32, layers: 4, reduction: Reduction::Max }
    }
}

#[typetag::serde(name = "dws")]
impl Encoder for Dws {
    fn build(&self, context: &EncoderContext) -> Result<Box<dyn EncoderModel>> {
        check_sizes(self.dim, &[("width", self.width), ("layers", self.layers)])?;
        let spaces = space::of(&context.layout);
        let mut init = Init::new(context.seed, &context.device);
        let layers = (0..self.layers)
            .map(|layer| Affine::new(&spaces, if layer == 0 { 1 } else { self.width }, self.width, &mut init))
            .collect();
        let pooled = spaces.iter().map(|space| space.fixed * self.width).sum();
        let network = Network { layers, head: Linear::new(pooled, self.dim, &mut init) };
        Ok(Box::new(Model {
            learner: Learner::new(network),
            scale: Scale::new(context),
            layout: context.layout.clone(),
            spaces,
            reduction: self.reduction,
        }))
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim::Respects("permutation")]
    }
}

equigen_core::register!(Encoder, Dws);

#[derive(Module, Debug)]
struct Network {
    layers: Vec<Affine>,
    head: Linear,
}

struct Model {
    learner: Learner<Network>,
    scale: Scale,
    layout: Arc<Layout>,
    spaces: Vec<Space>,
    reduction: Reduction,
}

impl Model {
    /// Every tensor after the last layer, `[n, neurons, fixed * width]`.
    fn states(&self, weights: &Weights) -> Vec<Tensor<3>> {
        let normalised = self.scale.centred(weights).values().clone();
        let mut states = space::split(&self.spaces, &self.layout, normalised);
        for layer in &self.learner.module().layers {
            states = layer.forward(&self.spaces, states).into_iter().map(relu).collect();
        }
        states
    }
}

impl EncoderModel for Model {
    fn pooled(&self, weights: &Weights) -> Tensor<2> {
        let pool = |state: Tensor<3>| {
            let [n, _, features] = state.dims();
            let pooled = match self.reduction {
                Reduction::Max => state.max_dim(1),
                Reduction::Mean => state.mean_dim(1),
            };
            pooled.reshape([n, features])
        };
        let pooled = self.states(weights).into_iter().map(pool).collect();
        standardise(self.learner.module().head.forward(Tensor::cat(pooled, 1)))
    }

    /// The state of each hidden layer's bias.
    fn neurons(&self, weights: &Weights) -> Vec<Tensor<3>> {
        let states = self.states(weights);
        let biases = self.spaces.iter().zip(states).filter(|(space, _)| space.is_hidden_bias);
        biases.map(|(_, state)| state).collect()
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}
