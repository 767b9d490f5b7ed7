//! An encoder that respects signs and scales of neurons as well as their order.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use equigen_core::action::FeatureAction;
use equigen_core::learner::{Learner, Trainable};
use equigen_core::nn::{Init, Linear, Mlp, standardise};
use equigen_core::registry::Claim;
use equigen_core::{Encoder, EncoderContext, EncoderModel, Result, Weights};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check_sizes;
use crate::scale::Scale;

/// Messages along the weights that scale as the neurons do, so that signs of sine neurons and factors of ReLU neurons
/// change no pooled feature (after Kalogeropoulos et al. 2024, "Scale equivariant graph metanetworks").
///
/// Each neuron carries two vectors. `x`, from the coordinates forwards, is scaled like the neuron's activation; `y`, from
/// the channels backwards, by the inverse. A message is a weight times the vector at its other end. Products of the two,
/// entry by entry, do not change, and nor does `x` by its own length, up to its sign: of those the gates and the pooled
/// feature are made.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScaleGmn {
    /// Length of the pooled feature.
    pub dim: usize,
    /// Length of a neuron's vectors.
    pub width: usize,
}

impl Default for ScaleGmn {
    fn default() -> Self {
        Self { dim: 64, width: 32 }
    }
}

#[typetag::serde(name = "scale-gmn")]
impl Encoder for ScaleGmn {
    fn build(&self, context: &EncoderContext) -> Result<Box<dyn EncoderModel>> {
        check_sizes(self.dim, &[("width", self.width)])?;
        let (layout, width) = (&context.layout, self.width);
        let mut init = Init::new(context.seed, &context.device);
        let layers = layout.hidden().len();
        let mut direction = |ends: usize| Direction {
            ends: init.uniform([ends, width], 1.0),
            mix: (0..layers).map(|_| init.uniform([width, width], 1.7 / (width as f64).sqrt())).collect(),
            gate: (0..layers).map(|_| Mlp::new(&[width, width, width], &mut init)).collect(),
        };
        let (forwards, backwards) = (direction(layout.inputs()), direction(layout.channels()));
        let network = Network {
            bias: init.uniform([layers, width], 1.0),
            forwards,
            backwards,
            neuron: (0..layers).map(|_| Mlp::new(&[2 * width, 2 * width, 2 * width], &mut init)).collect(),
            last: Linear::new(layout.channels() * (width + 1), 2 * width, &mut init),
            head: Mlp::new(&[(layers + 1) * 2 * width, 4 * width, self.dim], &mut init),
        };
        Ok(Box::new(Model { learner: Learner::new(network), scale: Scale::new(context) }))
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn feature_action(&self) -> FeatureAction {
        FeatureAction::Scaled
    }

    fn claims(&self) -> Vec<Claim> {
        ["permutation", "sign-flip", "positive-scale"].map(Claim::Respects).to_vec()
    }
}

equigen_core::register!(Encoder, ScaleGmn);

/// What carries vectors one way through the layers.
#[derive(Module, Debug)]
struct Direction {
    /// Vectors of the coordinates, or of the channels, where it begins: those have a fixed order.
    ends: Param<Tensor<2>>,
    /// Linear maps of vectors, without a constant, which would not scale.
    mix: Vec<Param<Tensor<2>>>,
    gate: Vec<Mlp>,
}

impl Direction {
    /// A neuron's next vector `[n, neurons, width]` from the sum of its messages: mixed, and gated by what does not scale.
    fn step(&self, layer: usize, messages: Tensor<3>) -> Tensor<3> {
        let [n, neurons, width] = messages.dims();
        let mixed = messages.reshape([n * neurons, width]).matmul(self.mix[layer].val()).reshape([n, neurons, width]);
        let unit = unit(mixed.clone());
        let gate = self.gate[layer].forward(unit.clone()) + self.gate[layer].forward(-unit);
        mixed * (gate + 1.0)
    }
}

/// Divided by its length.
fn unit(x: Tensor<3>) -> Tensor<3> {
    let width = x.dims()[2] as f64;
    let length = x.clone().square().mean_dim(2);
    // The floor is far below any vector of a real network: where it counts, scales show.
    x / (length + 1e-20 / width).sqrt()
}

#[derive(Module, Debug)]
struct Network {
    /// How a neuron's bias counts forwards, `[layers, width]`.
    bias: Param<Tensor<2>>,
    forwards: Direction,
    backwards: Direction,
    /// One per hidden layer, on invariants of a neuron.
    neuron: Vec<Mlp>,
    /// On the channels, which have a fixed order.
    last: Linear,
    head: Mlp,
}

struct Model {
    learner: Learner<Network>,
    scale: Scale,
}

impl Model {
    /// Forward vectors of every hidden layer, and of the channels.
    fn forwards(&self, weights: &Weights) -> Vec<Tensor<3>> {
        let network = self.learner.module();
        let direction = &network.forwards;
        let (n, layers) = (weights.len(), weights.layout().hidden().len());
        let [inputs, width] = direction.ends.val().dims();
        let mut x = direction.ends.val().reshape([1, inputs, width]).expand([n, inputs, width]);
        let mut all = Vec::new();
        for layer in 0..=layers {
            let fan_in = weights.layout().weight(layer).shape[1] as f64;
            let mut messages = weights.weight(layer).matmul(x) / fan_in.sqrt();
            if layer < layers {
                let bias = weights.bias(layer).unsqueeze_dim::<3>(2);
                let counts = network.bias.val().narrow(0, layer, 1).reshape([1, 1, width]);
                messages = messages + bias * counts;
                messages = direction.step(layer, messages);
            }
            all.push(messages.clone());
            x = messages;
        }
        all
    }

    /// Backward vectors of every hidden layer.
    fn backwards(&self, weights: &Weights) -> Vec<Tensor<3>> {
        let direction = &self.learner.module().backwards;
        let (n, layers) = (weights.len(), weights.layout().hidden().len());
        let [channels, width] = direction.ends.val().dims();
        let mut y = direction.ends.val().reshape([1, channels, width]).expand([n, channels, width]);
        let mut all = Vec::new();
        for layer in (0..layers).rev() {
            let fan_out = weights.layout().weight(layer + 1).shape[0] as f64;
            let messages = weights.weight(layer + 1).swap_dims(1, 2).matmul(y) / fan_out.sqrt();
            y = direction.step(layer, messages);
            all.push(y.clone());
        }
        all.reverse();
        all
    }
}

impl EncoderModel for Model {
    fn pooled(&self, weights: &Weights) -> Tensor<2> {
        let network = self.learner.module();
        let weights = self.scale.divided(weights);
        let (x, y) = (self.forwards(&weights), self.backwards(&weights));
        let mut pooled = Vec::new();
        for (layer, (x, y)) in x.iter().zip(&y).enumerate() {
            let [n, _, width] = x.dims();
            let own = unit(x.clone());
            // The sign of x is that of the neuron, so only its square is told.
            let invariants = Tensor::cat(vec![x.clone() * y.clone(), own.clone().square()], 2);
            pooled.push(network.neuron[layer].forward(invariants).mean_dim(1).reshape([n, 2 * width]));
        }
        let ends = x.last().expect("there is always an output").clone();
        let [n, channels, width] = ends.dims();
        let bias = weights.bias(weights.layout().hidden().len()).unsqueeze_dim::<3>(2);
        let ends = Tensor::cat(vec![ends, bias], 2).reshape([n, channels * (width + 1)]);
        pooled.push(network.last.forward(ends));
        standardise(network.head.forward(Tensor::cat(pooled, 1)))
    }

    fn neurons(&self, weights: &Weights) -> Vec<Tensor<3>> {
        let mut x = self.forwards(&self.scale.divided(weights));
        x.pop();
        x
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}
