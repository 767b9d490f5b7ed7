//! `NAME`: a set of neurons for each layer.

use burn::module::Module;
use burn::tensor::{Tensor, activation::gelu};
use equigen_core::learner::{Learner, Trainable};
use equigen_core::nn::{Init, Linear, Mlp};
use equigen_core::registry::Claim;
use equigen_core::{Encoder, EncoderContext, EncoderModel, Error, Result, Weights};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Looks at each neuron by itself, and at the mean over each hidden layer.
///
/// A deep set (Zaheer et al. 2017, "Deep sets") for each layer: numbers of a neuron that do not depend on the order of
/// any layer pass a perceptron. What two neurons have to do with each other it does not see.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TYPE {
    /// Length of the pooled feature.
    pub dim: usize,
    /// Length of a neuron's feature.
    pub width: usize,
}

impl Default for TYPE {
    fn default() -> Self {
        Self { dim: 64, width: 32 }
    }
}

equigen_core::register!(Encoder, TYPE);

#[typetag::serde(name = "NAME")]
impl Encoder for TYPE {
    fn build(&self, context: &EncoderContext) -> Result<Box<dyn EncoderModel>> {
        let Self { dim, width } = *self;
        let layers = context.layout.hidden().len();
        if [dim, width, layers].contains(&0) {
            let remedy = "give both at least 1, and networks with a hidden layer";
            let text = format!("`dim` = {dim}, `width` = {width}, {layers} hidden layers: {remedy}");
            return Err(Error::config(text).within("NAME"));
        }
        let mut init = Init::new(context.seed, &context.device);
        let neurons = (0..layers).map(|_| Mlp::new(&[NUMBERS, width, width], &mut init)).collect();
        let network = Network { neurons, pooled: Linear::new(layers * width, dim, &mut init) };
        let mean = context.statistics.mean_row(&context.layout, &context.device);
        let deviation = context.statistics.deviation_row(&context.layout, &context.device);
        Ok(Box::new(Model { learner: Learner::new(network), mean, deviation }))
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim::Respects("permutation")]
    }
}

#[derive(Module, Debug)]
struct Network {
    /// A perceptron for each hidden layer.
    neurons: Vec<Mlp>,
    pooled: Linear,
}

struct Model {
    learner: Learner<Network>,
    /// `[1, parameters]`, as is the deviation: weights are brought to one scale first.
    mean: Tensor<2>,
    deviation: Tensor<2>,
}

impl EncoderModel for Model {
    fn pooled(&self, weights: &Weights) -> Tensor<2> {
        let mean = |features: Tensor<3>| {
            let [n, _, width] = features.dims();
            gelu(features).mean_dim(1).reshape([n, width])
        };
        let layers = self.neurons(weights).into_iter().map(mean).collect();
        self.learner.module().pooled.forward(Tensor::cat(layers, 1))
    }

    fn neurons(&self, weights: &Weights) -> Vec<Tensor<3>> {
        let normalised = (weights.values().clone() - self.mean.clone()) / self.deviation.clone();
        let weights = weights.with_values(normalised);
        let perceptrons = self.learner.module().neurons.iter().enumerate();
        perceptrons.map(|(layer, perceptron)| perceptron.forward(numbers(&weights, layer))).collect()
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}

/// Numbers of a neuron.
const NUMBERS: usize = 5;

/// Bias, and mean and mean square of the incoming and of the outgoing weights of each neuron: `[n, width, NUMBERS]`.
fn numbers(weights: &Weights, layer: usize) -> Tensor<3> {
    let mut columns = vec![weights.bias(layer).unsqueeze_dim::<3>(2)];
    for lines in [weights.weight(layer), weights.weight(layer + 1).swap_dims(1, 2)] {
        columns.extend([lines.clone().mean_dim(2), lines.square().mean_dim(2)]);
    }
    Tensor::cat(columns, 2)
}

#[test]
fn keeps_its_laws() {
    let permutation: Box<dyn equigen_core::Symmetry> = Box::new(equigen_symmetries::Permutation {});
    let (encoder, symmetries) = (TYPE::default(), [("permutation".to_owned(), permutation)]);
    for law in equigen_core::laws::encoder::laws(&encoder, &symmetries) {
        let cases = if law.slow { 16 } else { 256 };
        law.holds(cases, None).unwrap_or_else(|broken| panic!("{}: {broken}", law.name));
    }
}
