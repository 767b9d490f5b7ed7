//! Neurons as a set: each by its own weights, then their mean.

use burn::module::Module;
use burn::tensor::Tensor;
use equigen_core::learner::{Learner, Trainable};
use equigen_core::nn::{Init, Mlp, standardise};
use equigen_core::registry::Claim;
use equigen_core::{Encoder, EncoderContext, EncoderModel, Layout, Result, Weights};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check_sizes;
use crate::scale::Scale;

/// A deep set over the neurons of each hidden layer (Zaheer et al. 2017, "Deep sets"): a perceptron on each neuron's
/// weights, the mean over neurons, and a perceptron on those.
///
/// Weights towards coordinates and channels are taken as they are; weights towards another hidden layer are a set
/// themselves, of which the perceptron sees the mean of an embedding. It knows no more of which neuron is connected to
/// which, so it is cheap and weak.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeepSets {
    /// Length of the pooled feature.
    pub dim: usize,
    /// Features of a neuron.
    pub width: usize,
    /// Features of a single weight towards another hidden layer.
    pub embedding: usize,
}

impl Default for DeepSets {
    fn default() -> Self {
        Self { dim: 64, width: 128, embedding: 16 }
    }
}

#[typetag::serde(name = "deep-sets")]
impl Encoder for DeepSets {
    fn build(&self, context: &EncoderContext) -> Result<Box<dyn EncoderModel>> {
        check_sizes(self.dim, &[("width", self.width), ("embedding", self.embedding)])?;
        let layout = &context.layout;
        let mut init = Init::new(context.seed, &context.device);
        let layers = 0..layout.hidden().len();
        let network = Network {
            embed: Mlp::new(&[1, self.embedding, self.embedding], &mut init),
            neuron: layers
                .map(|layer| Mlp::new(&[inputs(layout, layer, self.embedding), self.width, self.width], &mut init))
                .collect(),
            head: Mlp::new(
                &[layout.hidden().len() * self.width + layout.channels(), 2 * self.width, self.dim],
                &mut init,
            ),
        };
        Ok(Box::new(Model { learner: Learner::new(network), scale: Scale::new(context) }))
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim::Respects("permutation")]
    }
}

equigen_core::register!(Encoder, DeepSets);

/// Numbers that describe a neuron of a hidden layer.
fn inputs(layout: &Layout, layer: usize, embedding: usize) -> usize {
    let incoming = if layer == 0 { layout.inputs() } else { embedding };
    let outgoing = if layer + 1 == layout.hidden().len() { layout.channels() } else { embedding };
    incoming + 1 + outgoing
}

#[derive(Module, Debug)]
struct Network {
    /// Of a single weight.
    embed: Mlp,
    /// One per hidden layer.
    neuron: Vec<Mlp>,
    head: Mlp,
}

struct Model {
    learner: Learner<Network>,
    scale: Scale,
}

impl Model {
    /// Mean embedding of each row of weights `[n, neurons, others]`.
    fn set(&self, weights: Tensor<3>) -> Tensor<3> {
        let [n, neurons, others] = weights.dims();
        let embedded = self.learner.module().embed.forward(weights.reshape([n, neurons, others, 1]));
        let features = embedded.dims()[3];
        embedded.mean_dim(2).reshape([n, neurons, features])
    }
}

impl EncoderModel for Model {
    fn pooled(&self, weights: &Weights) -> Tensor<2> {
        let mean = |neurons: Tensor<3>| {
            let [n, _, width] = neurons.dims();
            neurons.mean_dim(1).reshape([n, width])
        };
        let mut pooled: Vec<Tensor<2>> = self.neurons(weights).into_iter().map(mean).collect();
        pooled.push(self.scale.centred(weights).bias(weights.layout().hidden().len()));
        standardise(self.learner.module().head.forward(Tensor::cat(pooled, 1)))
    }

    fn neurons(&self, weights: &Weights) -> Vec<Tensor<3>> {
        let weights = self.scale.centred(weights);
        let last = weights.layout().hidden().len() - 1;
        let of = |(layer, mlp): (usize, &Mlp)| {
            let incoming = weights.weight(layer);
            let outgoing = weights.weight(layer + 1).swap_dims(1, 2);
            let incoming = if layer == 0 { incoming } else { self.set(incoming) };
            let outgoing = if layer == last { outgoing } else { self.set(outgoing) };
            mlp.forward(Tensor::cat(vec![incoming, weights.bias(layer).unsqueeze_dim(2), outgoing], 2))
        };
        self.learner.module().neuron.iter().enumerate().map(of).collect()
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}
