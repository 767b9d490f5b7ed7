//! `relu-pe`: ReLU layers behind a positional encoding.

use equigen_core::{Activation, Axis, Error, Inr, Layout, Result, seed::Rng};
use equigen_kernels::{DenseStack, Positional};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shared;

/// Dense layers with ReLU between them, on the coordinates and their sines and cosines at octaves of frequencies.
///
/// The first layer reads x, then sin(2^k x) and cos(2^k x) for k = 0, 1, …, each over all coordinates. At its defaults, in
/// three dimensions and with one channel, it is the 27-128-128-128-1 of HyperDiffusion (Erkoç et al. 2023); the encoding is
/// that of Mildenhall et al. 2020, "NeRF", without the factor π. Weights and biases start at PyTorch's U(±1/sqrt(fan_in)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReluPe {
    /// Neurons of each hidden layer.
    pub hidden: Vec<usize>,
    /// Frequencies 1, 2, 4, …, in radians per unit of a coordinate: so many. A coordinate runs from -1 to 1.
    pub octaves: usize,
    /// Whether the first layer reads the coordinates themselves, too.
    pub include_input: bool,
}

impl Default for ReluPe {
    fn default() -> Self {
        Self { hidden: vec![128; 3], octaves: 4, include_input: true }
    }
}

equigen_core::register!(Inr, ReluPe);

/// Beyond it the sine of single precision is noise: 2^16 radians are known to 0.004.
const MOST_OCTAVES: usize = 16;

impl ReluPe {
    fn encoding(&self) -> Positional {
        Positional { octaves: self.octaves, include_input: self.include_input }
    }
}

#[typetag::serde(name = "relu-pe")]
impl Inr for ReluPe {
    fn layout(&self, dimensions: usize, channels: usize) -> Result<Layout> {
        if self.octaves > MOST_OCTAVES || self.encoding().features() == 0 {
            return Err(Error::config(format!(
                "relu-pe: `octaves` = {}: give a number from 1 to {MOST_OCTAVES}, or 0 with `include_input`",
                self.octaves
            )));
        }
        let input = Axis::Encoded { coordinates: dimensions, features: dimensions * self.encoding().features() };
        shared::layout("relu-pe", input, &self.hidden, Activation::Relu, channels)
    }

    fn initialise(&self, layout: &Layout, rng: &mut Rng) -> Vec<f32> {
        shared::pytorch_start(layout, rng)
    }

    /// The kernel encodes the coordinates itself, so that `encode` leaves them as they are.
    fn dense(&self, layout: &Layout) -> Option<DenseStack> {
        Some(DenseStack::relu(&layout.widths()).encoded(self.encoding()))
    }
}
