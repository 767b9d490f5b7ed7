//! Probes: what a network computes at learned coordinates is its feature.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation::sigmoid};
use equigen_core::action::FeatureAction;
use equigen_core::dense::Points;
use equigen_core::learner::{Learner, Trainable};
use equigen_core::nn::{Init, Linear, Mlp, standardise};
use equigen_core::registry::Claim;
use equigen_core::weights::row_indices;
use equigen_core::{Encoder, EncoderContext, EncoderModel, Inr, Result, Weights};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check_sizes;

/// Evaluates networks at learned coordinates and feeds the values to a perceptron. The pooled feature is a function of
/// the values alone, so it is invariant to every symmetry that preserves the function; the feature of a neuron is its
/// activation at some of the coordinates, which moves with the neuron (docs/method.md, section 11, finding 3).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Probe {
    /// Length of the pooled feature.
    pub dim: usize,
    /// Width of the perceptron's two hidden layers.
    pub hidden: usize,
    /// There are `side * side` coordinates: a square grid to begin with in two dimensions, else a quasi-random set.
    pub side: usize,
    /// Whether the perceptron reads the sigmoid of the values: for networks of shapes, whose values are logits.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sigmoid: bool,
}

impl Default for Probe {
    fn default() -> Self {
        Self { dim: 64, hidden: 512, side: 20, sigmoid: false }
    }
}

/// Coordinates start within this bound: nothing was fitted beyond ±1, and they are free to move.
const REACH: f32 = 0.93;

/// Coordinates, at most, at which the activations of neurons are their features.
const NEURON_PROBES: usize = 16;

#[typetag::serde(name = "probe")]
impl Encoder for Probe {
    fn build(&self, context: &EncoderContext) -> Result<Box<dyn EncoderModel>> {
        check_sizes(self.dim, &[("hidden", self.hidden), ("side", self.side)])?;
        let dimensions = context.layout.coordinates();
        let count = self.side * self.side;
        let mut init = Init::new(context.seed, &context.device);
        let points = if dimensions == 2 { grid(self.side) } else { quasi_random(count, dimensions) };
        let network = Network {
            points: init.values(points, [count * dimensions]),
            skip: Linear::new(count * context.layout.channels(), self.dim, &mut init),
            mlp: Mlp::new(&[count * context.layout.channels(), self.hidden, self.hidden, self.dim], &mut init),
        };
        Ok(Box::new(Model {
            learner: Learner::new(network),
            inr: context.inr.clone(),
            dimensions,
            sigmoid: self.sigmoid,
        }))
    }

    fn dim(&self) -> usize {
        self.dim
    }

    /// An activation is scaled by the inverse of what its outgoing weights are scaled by.
    fn feature_action(&self) -> FeatureAction {
        FeatureAction::Scaled
    }

    fn claims(&self) -> Vec<Claim> {
        ["permutation", "sign-flip", "phase-shift", "positive-scale", "product"].map(Claim::Respects).to_vec()
    }
}

equigen_core::register!(Encoder, Probe);

#[derive(Module, Debug)]
struct Network {
    /// `[points * dimensions]`: kept as a vector because weight decay would pull a matrix of coordinates to the centre.
    points: Param<Tensor<1>>,
    mlp: Mlp,
    /// What is linear in the values need not pass the perceptron.
    skip: Linear,
}

struct Model {
    learner: Learner<Network>,
    inr: Arc<dyn Inr>,
    dimensions: usize,
    sigmoid: bool,
}

impl Model {
    /// `[points, dimensions]`.
    fn points(&self) -> Tensor<2> {
        let points = self.learner.module().points.val();
        let count = points.dims()[0] / self.dimensions;
        points.reshape([count, self.dimensions])
    }
}

impl EncoderModel for Model {
    fn pooled(&self, weights: &Weights) -> Tensor<2> {
        let values = self.inr.forward(weights, &Points::Shared(self.points()));
        let [n, points, channels] = values.dims();
        let values = values.reshape([n, points * channels]);
        let values = if self.sigmoid { sigmoid(values) } else { values };
        let network = self.learner.module();
        standardise(network.mlp.forward(values.clone()) + network.skip.forward(values))
    }

    fn neurons(&self, weights: &Weights) -> Vec<Tensor<3>> {
        let points = self.points();
        let some = spread(points.dims()[0], &points.device(), points);
        self.inr.activations(weights, &Points::Shared(some)).0
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}

/// At most [`NEURON_PROBES`] of `count` points, evenly spread over their numbers.
fn spread(count: usize, device: &Device, points: Tensor<2>) -> Tensor<2> {
    let some = NEURON_PROBES.min(count);
    let rows: Vec<usize> = (0..some).map(|i| (2 * i + 1) * count / (2 * some)).collect();
    points.select(0, row_indices(&rows, device))
}

/// A square grid within ±[`REACH`], row-major, x first: `[side * side * 2]`.
fn grid(side: usize) -> Vec<f32> {
    let at = |i: usize| match side {
        1 => 0.0,
        _ => REACH * (2.0 * i as f32 / (side - 1) as f32 - 1.0),
    };
    (0..side).flat_map(|row| (0..side).flat_map(move |column| [at(column), at(row)])).collect()
}

/// The additive recurrence of Roberts (2018), "The unreasonable effectiveness of quasirandom sequences", within
/// ±[`REACH`]: multiples of 1/g, 1/g², …, modulo 1, with g the root above 1 of g^(d+1) = g + 1.
fn quasi_random(count: usize, dimensions: usize) -> Vec<f32> {
    let mut g = 2.0_f64;
    for _ in 0..64 {
        g = (1.0 + g).powf(1.0 / (dimensions as f64 + 1.0));
    }
    let coordinate = move |i: usize, axis: usize| {
        let unit = (0.5 + i as f64 * g.powi(-(axis as i32 + 1))).fract();
        REACH * (2.0 * unit as f32 - 1.0)
    };
    (0..count).flat_map(|i| (0..dimensions).map(move |axis| coordinate(i, axis))).collect()
}
