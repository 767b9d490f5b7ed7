//! A network as a graph: neurons are nodes, weights are edges, and nodes attend along their edges.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::activation::{relu, softmax};
use equigen_core::learner::{Learner, Trainable};
use equigen_core::nn::{Init, LayerNorm, Linear, Mlp, standardise};
use equigen_core::registry::Claim;
use equigen_core::{Encoder, EncoderContext, EncoderModel, Result, Weights};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check_sizes;
use crate::scale::Scale;

/// Attention along the weights of a network, seen as a graph (Kofinas et al. 2024, "Graph neural networks for learning
/// equivariant representations of neural networks"): neurons are nodes, weights are edges with features of their own.
///
/// Coordinates and channels, whose order is fixed, have nodes with an embedding each. In each round every node attends to
/// the layer before it and to the layer behind it, with the edge in score and message, and every edge learns from its ends.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NeuralGraph {
    /// Length of the pooled feature.
    pub dim: usize,
    /// Features of a node.
    pub width: usize,
    /// Features of an edge.
    pub edge: usize,
    /// Rounds of attention.
    pub rounds: usize,
}

impl Default for NeuralGraph {
    fn default() -> Self {
        Self { dim: 64, width: 48, edge: 12, rounds: 2 }
    }
}

#[typetag::serde(name = "neural-graph")]
impl Encoder for NeuralGraph {
    fn build(&self, context: &EncoderContext) -> Result<Box<dyn EncoderModel>> {
        check_sizes(self.dim, &[("width", self.width), ("edge", self.edge), ("rounds", self.rounds)])?;
        let Self { dim, width, edge, rounds } = *self;
        let layout = &context.layout;
        let mut init = Init::new(context.seed, &context.device);
        let hidden = layout.hidden().len();
        let network = Network {
            inputs: init.uniform([layout.inputs(), width], 1.0),
            channels: init.uniform([layout.channels(), width], 1.0),
            layers: init.uniform([hidden + 1, width], 1.0),
            bias: Linear::new(1, width, &mut init),
            edges: Mlp::new(&[1, edge, edge], &mut init),
            rounds: (1..=rounds).map(|round| Round::new(width, edge, round == rounds, &mut init)).collect(),
            head: Mlp::new(&[(hidden + layout.channels()) * width, 2 * width, dim], &mut init),
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

equigen_core::register!(Encoder, NeuralGraph);

/// One way along the edges: a node of one layer attends to the nodes of a neighbouring one.
#[derive(Module, Debug)]
struct Look {
    query: Linear,
    /// Without a constant, which would be the same for all that are looked at, and so nothing.
    key: Param<Tensor<2>>,
    value: Linear,
    /// Score of an edge, likewise.
    score: Param<Tensor<2>>,
    /// Message of an edge.
    message: Linear,
}

impl Look {
    fn new(width: usize, edge: usize, init: &mut Init) -> Self {
        Self {
            query: Linear::new(width, width, init),
            key: init.uniform([width, width], 1.0 / (width as f64).sqrt()),
            value: Linear::new(width, width, init),
            score: init.uniform([edge, 1], 1.0 / (edge as f64).sqrt()),
            message: Linear::new(edge, width, init),
        }
    }

    /// Nodes `[n, a, width]` attend to others `[n, b, width]` over edges `[n, a, b, edge]`.
    fn forward(&self, nodes: Tensor<3>, others: Tensor<3>, edges: Tensor<4>) -> Tensor<3> {
        let [n, a, b, edge] = edges.dims();
        let width = nodes.dims()[2];
        let keys = others.clone().reshape([n * b, width]).matmul(self.key.val()).reshape([n, b, width]);
        let scores = self.query.forward(nodes).matmul(keys.swap_dims(1, 2)) / (width as f64).sqrt();
        let own = edges.clone().reshape([n * a * b, edge]).matmul(self.score.val());
        let scores = scores + own.reshape([n, a, b]);
        let attention = softmax(scores, 2);
        let seen = (edges * attention.clone().unsqueeze_dim::<4>(3)).sum_dim(2).reshape([n, a, edge]);
        attention.matmul(self.value.forward(others)) + self.message.forward(seen)
    }
}

#[derive(Module, Debug)]
struct Round {
    norm: LayerNorm,
    before: Look,
    behind: Look,
    update: Mlp,
    /// What edges learn; nothing reads them after the last round.
    edges: Option<EdgeUpdate>,
}

#[derive(Module, Debug)]
struct EdgeUpdate {
    own: Linear,
    to: Linear,
    from: Linear,
}

impl Round {
    fn new(width: usize, edge: usize, last: bool, init: &mut Init) -> Self {
        Self {
            norm: LayerNorm::new(width, init),
            before: Look::new(width, edge, init),
            behind: Look::new(width, edge, init),
            update: Mlp::new(&[2 * width, 2 * width, width], init),
            edges: (!last).then(|| EdgeUpdate {
                own: Linear::new(edge, edge, init),
                to: Linear::new(width, edge, init),
                from: Linear::new(width, edge, init),
            }),
        }
    }

    /// One round: `nodes` of coordinates, hidden layers and channels; `edges [n, to, from, edge]` between neighbours.
    fn forward(&self, nodes: &mut [Tensor<3>], edges: &mut [Tensor<4>]) {
        let seen: Vec<Tensor<3>> = nodes.iter().map(|layer| self.norm.forward(layer.clone())).collect();
        for (at, layer) in nodes.iter_mut().enumerate() {
            let nothing = || seen[at].clone() * 0.0;
            let before = match at.checked_sub(1) {
                Some(other) => self.before.forward(seen[at].clone(), seen[other].clone(), edges[other].clone()),
                None => nothing(),
            };
            let behind = match seen.get(at + 1) {
                Some(other) => self.behind.forward(seen[at].clone(), other.clone(), edges[at].clone().swap_dims(1, 2)),
                None => nothing(),
            };
            *layer = layer.clone() + self.update.forward(Tensor::cat(vec![before, behind], 2));
        }
        let Some(update) = &self.edges else { return };
        for (at, edge) in edges.iter_mut().enumerate() {
            let from = update.from.forward(seen[at].clone()).unsqueeze_dim::<4>(1);
            let to = update.to.forward(seen[at + 1].clone()).unsqueeze_dim::<4>(2);
            *edge = edge.clone() + relu(update.own.forward(edge.clone()) + from + to);
        }
    }
}

#[derive(Module, Debug)]
struct Network {
    /// Embeddings of coordinates, channels and layers.
    inputs: Param<Tensor<2>>,
    channels: Param<Tensor<2>>,
    layers: Param<Tensor<2>>,
    bias: Linear,
    edges: Mlp,
    rounds: Vec<Round>,
    head: Mlp,
}

struct Model {
    learner: Learner<Network>,
    scale: Scale,
}

impl Model {
    /// States of every layer's nodes after the last round: coordinates, hidden layers, channels.
    fn nodes(&self, weights: &Weights) -> Vec<Tensor<3>> {
        let network = self.learner.module();
        let weights = self.scale.centred(weights);
        let (n, layers) = (weights.len(), weights.layout().layers());
        let all = |embedding: Tensor<2>| {
            let [count, width] = embedding.dims();
            embedding.reshape([1, count, width]).expand([n, count, width])
        };
        let mut nodes = vec![all(network.inputs.val())];
        for layer in 0..layers {
            let own = network.bias.forward(weights.bias(layer).unsqueeze_dim::<3>(2));
            nodes.push(own + network.layers.val().narrow(0, layer, 1).unsqueeze_dim::<3>(0));
        }
        let last = nodes.pop().expect("a network has an output layer");
        nodes.push(last + all(network.channels.val()));
        let edges = |layer| network.edges.forward(weights.weight(layer).unsqueeze_dim::<4>(3));
        let mut edges: Vec<Tensor<4>> = (0..layers).map(edges).collect();
        network.rounds.iter().for_each(|round| round.forward(&mut nodes, &mut edges));
        nodes
    }
}

impl EncoderModel for Model {
    fn pooled(&self, weights: &Weights) -> Tensor<2> {
        let mut nodes = self.nodes(weights);
        let channels = nodes.pop().expect("a network has an output layer");
        let [n, count, width] = channels.dims();
        let mean = |neurons: Tensor<3>| neurons.mean_dim(1).reshape([n, width]);
        let mut pooled: Vec<Tensor<2>> = nodes.into_iter().skip(1).map(mean).collect();
        pooled.push(channels.reshape([n, count * width]));
        standardise(self.learner.module().head.forward(Tensor::cat(pooled, 1)))
    }

    fn neurons(&self, weights: &Weights) -> Vec<Tensor<3>> {
        let nodes = self.nodes(weights);
        let hidden = nodes.len() - 2;
        nodes.into_iter().skip(1).take(hidden).collect()
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}
