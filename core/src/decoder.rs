//! Features to weights: the decoder that objectives and generators share.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::nn::{Init, Mlp, standardise};
use crate::seed::Rng;
use crate::target::TargetSignals;
use crate::{Inr, Layout, Seed, Weights};

/// The decoder's output counts in this share of a tensor's standard deviation at first: sine networks are sensitive to
/// their weights.
const WEIGHT_STEP: f32 = 0.1;

/// A perceptron from features to weights: `base + step * deviation * standardise(mlp(ψ))`. Trained in function space it chooses one
/// gauge for all networks, so that every symmetry of the weights drops out of the loss.
#[derive(Module, Debug)]
pub struct WeightDecoder {
    /// `[parameters]`: where every decoded network starts, a fresh network at first.
    base: Param<Tensor<1>>,
    /// `[parameters]`: how far a unit of state moves a weight, in deviations of its tensor.
    step: Param<Tensor<1>>,
    mlp: Mlp,
}

impl WeightDecoder {
    /// Features of `dim` numbers, `depth` hidden layers of `hidden` units.
    pub fn new(inr: &dyn Inr, layout: &Layout, widths: (usize, usize, usize), seed: Seed, init: &mut Init) -> Self {
        let (dim, hidden, depth) = widths;
        let base = inr.initialise(layout, &mut seed.split("base").stream(0));
        let widths: Vec<usize> = std::iter::once(dim).chain(vec![hidden; depth]).chain([layout.parameters()]).collect();
        let parameters = [layout.parameters()];
        let step = init.constant(parameters, WEIGHT_STEP);
        Self { base: init.values(base, parameters), step, mlp: Mlp::new(&widths, init) }
    }

    /// What is added to the base, in steps of the scale: `[n, dim] -> [n, parameters]`. Standardised per network, so that
    /// it serves as the state of a diffusion as it is.
    pub fn state(&self, features: Tensor<2>) -> Tensor<2> {
        standardise(self.mlp.forward(features))
    }

    /// The networks of states `[n, parameters]`; `deviation [1, parameters]` is the scale of the source networks' weights.
    pub fn network(&self, state: Tensor<2>, deviation: &Tensor<2>, layout: &Arc<Layout>) -> Weights {
        let step = self.step.val().unsqueeze_dim::<2>(0) * deviation.clone();
        Weights::new(layout.clone(), self.base.val().unsqueeze_dim::<2>(0) + state * step)
    }

    /// The networks of features `[n, dim]`.
    pub fn decode(&self, features: Tensor<2>, deviation: &Tensor<2>, layout: &Arc<Layout>) -> Weights {
        self.network(self.state(features), deviation, layout)
    }
}

/// What a loss in function space needs.
#[derive(Debug, Clone)]
pub struct FunctionSpace {
    /// The family of the networks.
    pub inr: Arc<dyn Inr>,
    /// Coordinates drawn in each step ([`TargetSignals::draw`]).
    pub points: usize,
}

impl FunctionSpace {
    /// Mean error of networks against the signals that they should render, at fresh random coordinates; `weight [n, 1, 1]`
    /// counts some networks more than others.
    pub fn error(
        &self,
        networks: &Weights,
        signals: &TargetSignals,
        weight: Option<Tensor<3>>,
        rng: &mut Rng,
    ) -> Tensor<1> {
        let truth = signals.draw(self.points, rng, &networks.device());
        let rendered = self.inr.forward(networks, &truth.points);
        signals.error(rendered, truth, weight)
    }
}
