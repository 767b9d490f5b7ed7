//! Encoders with a fault.

use burn::module::Module;
use burn::tensor::{Device, Tensor, activation::gelu};
use equigen_core::laws::encoder::laws;
use equigen_core::learner::{Learner, Trainable};
use equigen_core::nn::{Init, Linear};
use equigen_core::registry::Claim;
use equigen_core::{Encoder, EncoderContext, EncoderModel, Result, Weights, host, seed};
use serde::{Deserialize, Serialize};

use super::{bundled, caught, lawful};

/// Features of a neuron, and of a network.
const WIDTH: usize = 6;
const DIM: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Planted {
    /// No fault: a small network on bias, incoming and outgoing size of each neuron, and the mean over neurons.
    Honest,
    /// Adds the place of a neuron in its layer to what it knows of it.
    ReadsTheIndex,
    /// Sees nothing.
    IsConstant,
    /// Pooled features are right, and so are those of every hidden layer but the last, which are told their place.
    IsWrongInTheLastLayer,
    /// Takes the mean over the batch away where a layer is one neuron wide, as code does that drops every axis of
    /// length one. No permutation of one neuron moves anything: only a network beside itself alone can show it.
    IsWrongOnOneNeuron,
    /// Takes the mean over the batch away where there are more than eight networks.
    IsWrongBeyondEight,
    /// Features depend on biases and gradients do not.
    DetachesBiases,
    /// Multiplies by numbers that follow from the seed and are not among the parameters.
    HasStateOutside,
}

#[typetag::serde(name = "violator-encoder")]
impl Encoder for Planted {
    fn build(&self, context: &EncoderContext) -> Result<Box<dyn EncoderModel>> {
        let mut init = Init::new(context.seed, &context.device);
        let network = Network { neuron: Linear::new(3, WIDTH, &mut init), head: Linear::new(WIDTH, DIM, &mut init) };
        let factors = match self {
            Self::HasStateOutside => seed::normal(&mut context.seed.split("outside").stream(0), WIDTH),
            _ => vec![1.0; WIDTH],
        };
        let factors = host::tensor(factors, [1, WIDTH], &context.device);
        Ok(Box::new(Model { learner: Learner::new(network), factors, planted: *self }))
    }

    fn dim(&self) -> usize {
        DIM
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim::Respects("permutation")]
    }
}

#[derive(Module, Debug)]
struct Network {
    neuron: Linear,
    head: Linear,
}

struct Model {
    learner: Learner<Network>,
    /// `[1, WIDTH]`.
    factors: Tensor<2>,
    planted: Planted,
}

impl Model {
    /// Features `[n, width, WIDTH]` of a hidden layer.
    fn layer(&self, weights: &Weights, layer: usize) -> Tensor<3> {
        let (n, width) = (weights.len(), weights.layout().hidden()[layer].width);
        let bias = weights.bias(layer).unsqueeze_dim::<3>(2);
        let bias = if self.planted == Planted::DetachesBiases { bias.detach() } else { bias };
        let incoming = weights.weight(layer).square().sum_dim(2);
        let outgoing = weights.weight(layer + 1).square().sum_dim(1).swap_dims(1, 2);
        let neurons = Tensor::cat(vec![bias, incoming, outgoing], 2);
        let neurons = match self.planted {
            Planted::ReadsTheIndex => neurons + places(width, &weights.device()),
            Planted::IsConstant => neurons * 0.0,
            Planted::IsWrongOnOneNeuron if width == 1 => neurons.clone() - neurons.mean_dim(0),
            Planted::IsWrongBeyondEight if n > 8 => neurons.clone() - neurons.mean_dim(0),
            _ => neurons,
        };
        gelu(self.learner.module().neuron.forward(neurons))
    }
}

/// The place of every neuron of a layer, `[1, width, 1]`.
fn places(width: usize, device: &Device) -> Tensor<3> {
    host::tensor((0..width).map(|place| place as f32).collect(), [1, width, 1], device)
}

impl EncoderModel for Model {
    fn pooled(&self, weights: &Weights) -> Tensor<2> {
        let n = weights.len();
        let mean = |layer| -> Tensor<2> { self.layer(weights, layer).mean_dim(1).reshape([n, WIDTH]) };
        let sum = (0..weights.layout().hidden().len()).map(mean).reduce(|sum, next| sum + next);
        self.learner.module().head.forward(sum.expect("networks have hidden layers") * self.factors.clone())
    }

    fn neurons(&self, weights: &Weights) -> Vec<Tensor<3>> {
        let mut all: Vec<Tensor<3>> = (0..weights.layout().hidden().len()).map(|l| self.layer(weights, l)).collect();
        if let (Planted::IsWrongInTheLastLayer, Some(last)) = (self.planted, all.last_mut()) {
            *last = last.clone() + places(last.dims()[1], &weights.device());
        }
        all
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}

#[track_caller]
fn is_caught(planted: Planted, law: &str, hidden: &[usize], networks: usize) {
    caught(&laws(&planted, &bundled("permutation")), law, hidden, networks);
}

#[test]
fn the_encoder_without_a_fault_is_lawful() {
    lawful(&laws(&Planted::Honest, &bundled("permutation")));
}

#[test]
fn respect_that_is_not_claimed_is_not_there_when_asked_for() {
    // One neuron of every other network is negated.
    caught(&laws(&Planted::Honest, &bundled("sign-flip")), "respects: sign-flip", &[2], 6);
}

#[test]
fn reading_the_index_is_caught() {
    // Two neurons of every other network change places.
    is_caught(Planted::ReadsTheIndex, "respects: permutation", &[3], 6);
}

#[test]
fn a_fault_in_the_last_hidden_layer_is_caught() {
    is_caught(Planted::IsWrongInTheLastLayer, "respects: permutation", &[3], 6);
}

#[test]
fn a_fault_on_layers_of_one_neuron_is_caught() {
    is_caught(Planted::IsWrongOnOneNeuron, "each network alone", &[1], 2);
}

#[test]
fn a_fault_beyond_eight_networks_is_caught() {
    is_caught(Planted::IsWrongBeyondEight, "each network alone", &[1], 9);
}

#[test]
fn a_constant_is_caught() {
    is_caught(Planted::IsConstant, "not constant", &[1], 1);
}

#[test]
fn a_false_gradient_is_caught() {
    is_caught(Planted::DetachesBiases, "true gradients", &[1], 1);
}

#[test]
fn state_outside_the_parameters_is_caught() {
    is_caught(Planted::HasStateOutside, "is its parameters", &[1], 1);
}
