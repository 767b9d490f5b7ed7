//! The cases that laws are tested on: layouts of 2 to 5 weight layers and unequal widths, and networks of them.

use std::sync::Arc;

use burn::tensor::Device;
use equigen_kernels::DenseStack;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::dense::{self, Points};
use crate::seed::{self, Rng};
use crate::statistics::Statistics;
use crate::{Activation, Axis, Hidden, Inr, Layout, Result, Seed, Weights, host};

/// Frequency of the sine layers of drawn networks: low, so that differences in single precision mean something.
pub const OMEGA: f64 = 3.0;

/// One case: a layout, how many networks of it, and where their values are drawn from.
#[derive(Clone, PartialEq)]
pub struct Case {
    /// What the first layer reads.
    pub input: Axis,
    /// The hidden layers.
    pub hidden: Vec<Hidden>,
    /// Output channels.
    pub channels: usize,
    /// Networks of the batch.
    pub networks: usize,
    /// Where every random number of the case is drawn from.
    pub seed: u64,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let activation = |hidden: &Hidden| match hidden.activation {
            Activation::Sine { .. } => "sine",
            Activation::Relu => "relu",
            Activation::Finer { .. } => "finer",
            Activation::Gabor { .. } => "gabor",
            Activation::Other => "other",
        };
        let activations: Vec<&str> = self.hidden.iter().map(activation).collect();
        let input = if matches!(self.input, Axis::Encoded { .. }) { ", encoded inputs" } else { "" };
        write!(f, "layout {} of {}{input}", self.layout(), activations.join(", "))?;
        write!(f, "; networks: {}; seed: {}", self.networks, self.seed)
    }
}

/// Which cases a law asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Coordinates of the signal; `None` for one to three.
    pub dimensions: Option<usize>,
    /// Whether layouts on encoded coordinates and with other activations than sines are drawn too.
    pub any_layout: bool,
    /// Most neurons of a layer.
    pub widest: usize,
}

impl Asked {
    /// Everything.
    pub const ANY: Self = Self { dimensions: None, any_layout: true, widest: 64 };
    /// Small sine networks on the plane: for laws that train or differentiate.
    pub const SMALL: Self = Self { dimensions: Some(2), any_layout: false, widest: 12 };
}

/// Draws cases; a failing one shrinks towards fewer, narrower layers and fewer networks.
pub fn cases(asked: Asked) -> impl Strategy<Value = Case> {
    let everything = asked.any_layout;
    let widest = asked.widest;
    // Narrow layers are where indices coincide, so they come often.
    let width = prop_oneof![2 => Just(1_usize), 3 => 2..=widest.min(8), 2 => 1..=widest];
    let sine = Activation::Sine { omega: OMEGA };
    let activation = if everything {
        // Those that the fused kernels run come more often, or few whole stacks would be theirs.
        prop_oneof![
            3 => Just(sine),
            3 => Just(Activation::Relu),
            1 => Just(Activation::Finer { omega: OMEGA }),
            1 => Just(Activation::Gabor { omega: OMEGA, scale: 1.0 }),
        ]
        .boxed()
    } else {
        // A bit that says nothing: the small cases stay what they are when activations are added.
        any::<bool>().prop_map(move |_| sine).boxed()
    };
    let hidden = (width, activation).prop_map(|(width, activation)| Hidden { width, activation });
    let dimensions = asked.dimensions.map_or(1..=3, |d| d..=d);
    let shape = (dimensions, proptest::bool::weighted(0.2), prop::collection::vec(hidden, 1..=4), 1_usize..=3);
    (shape, 1_usize..=12, any::<u64>().no_shrink()).prop_map(move |(shape, networks, seed)| {
        let (inputs, encoded, hidden, channels) = shape;
        // What encodes them is not looked at: features as many as coordinates, and the same.
        let encoding = Axis::Encoded { coordinates: inputs, features: inputs };
        let input = if encoded && everything { encoding } else { Axis::Coordinates(inputs) };
        Case { input, hidden, channels, networks, seed }
    })
}

impl Case {
    /// The layout.
    pub fn layout(&self) -> Arc<Layout> {
        Arc::new(Layout::dense(self.input, &self.hidden, self.channels))
    }

    /// Random numbers of one purpose.
    pub fn rng(&self, purpose: &str) -> Rng {
        Seed::new(self.seed).split(purpose).stream(0)
    }

    /// The family that its networks belong to.
    pub fn inr(&self) -> DenseNetworks {
        DenseNetworks { input: self.input, hidden: self.hidden.clone(), channels: self.channels }
    }

    /// The case's networks.
    pub fn weights(&self, device: &Device) -> Weights {
        let (inr, layout) = (self.inr(), self.layout());
        let seed = Seed::new(self.seed).split("weights");
        let rows = (0..self.networks).flat_map(|i| inr.initialise(&layout, &mut seed.stream(i as u64))).collect();
        Weights::from_host(layout, rows, device).expect("drawn networks are of their layout")
    }

    /// Scale of the weights of many such networks.
    pub fn statistics(&self) -> Statistics {
        let values = Self { networks: 32, seed: !self.seed, ..self.clone() }.weights(&Device::flex()).to_host();
        let layout = self.layout();
        Statistics::of(&layout, values.chunks(layout.parameters()))
    }

    /// Seven points of the domain, flat.
    pub fn points(&self) -> Vec<f32> {
        seed::uniform(&mut self.rng("points"), 7 * self.layout().inputs(), -1.0, 1.0)
    }

    /// The same on a device.
    pub fn shared_points(&self, device: &Device) -> Points {
        Points::Shared(host::tensor(self.points(), [7, self.layout().inputs()], device))
    }

    /// What networks of the case compute at points `[points, inputs]`, in double precision; a network after the other.
    pub fn values_at(&self, weights: &Weights, points: &[f32]) -> Vec<f64> {
        let layout = weights.layout();
        let networks = weights.to_host();
        networks.chunks(layout.parameters()).flat_map(|w| dense::reference_by_layout(layout, w, points)).collect()
    }
}

/// Dense networks of any layout, for laws; no component of a pipeline.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DenseNetworks {
    input: Axis,
    hidden: Vec<Hidden>,
    channels: usize,
}

#[typetag::serde(name = "dense networks of the laws")]
impl Inr for DenseNetworks {
    fn layout(&self, _dimensions: usize, _channels: usize) -> Result<Layout> {
        Ok(Layout::dense(self.input, &self.hidden, self.channels))
    }

    /// Uniform, at a scale that keeps activations of order one in any layer.
    fn initialise(&self, layout: &Layout, rng: &mut Rng) -> Vec<f32> {
        let mut values = Vec::with_capacity(layout.parameters());
        for layer in 0..layout.layers() {
            let inputs = layout.weight(layer).shape[1] as f32;
            let gain =
                match layout.hidden().get(layer).map(|hidden| hidden.activation) {
                    Some(
                        Activation::Sine { omega } | Activation::Finer { omega } | Activation::Gabor { omega, .. },
                    ) if layer > 0 => 6_f32.sqrt() / omega as f32,
                    Some(Activation::Relu) => 6_f32.sqrt(),
                    _ => 1.5,
                };
            for tensor in [layout.weight(layer), layout.bias(layer)] {
                values.extend(seed::uniform(rng, tensor.len(), -gain / inputs.sqrt(), gain / inputs.sqrt()));
            }
        }
        values
    }

    fn dense(&self, layout: &Layout) -> Option<DenseStack> {
        let activations = layout.hidden().iter().map(|hidden| hidden.activation.fused()).collect::<Option<_>>()?;
        Some(DenseStack { widths: layout.widths(), activations, output_offset: 0.0, encoding: None })
    }
}
