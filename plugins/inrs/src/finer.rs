//! `finer`: dense layers with sines of variable period between them.

use equigen_core::{Activation, Axis, Error, Inr, Layout, Result, seed::Rng};
use equigen_kernels::DenseStack;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shared::{self, check_positive};

/// Dense layers with sin(omega (|z| + 1) z) between them, on raw coordinates.
///
/// Source: Liu et al. 2024, "FINER: Flexible Spectral-bias Tuning in Implicit Neural Representation by Variable-periodic
/// Activation Functions". Weights start as in SIREN; biases of the first layer at U(±bias), so that neurons differ in
/// frequency, the others' at U(±1/sqrt(fan_in)), that of the output at 0. The derivative goes through |z|, which the authors'
/// code leaves out by default. The activation is odd and not periodic: `sign-flip` acts on it, `phase-shift` does not.
/// Fitted by `autodiff`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Finer {
    /// Neurons of each hidden layer.
    pub hidden: Vec<usize>,
    /// Frequency factor in front of every pre-activation, in radians.
    pub omega: f64,
    /// Bound of the first layer's biases at the start: the larger, the higher the frequencies that a fit finds.
    pub bias: f64,
}

impl Default for Finer {
    fn default() -> Self {
        Self { hidden: vec![32; 2], omega: 30.0, bias: 1.0 }
    }
}

equigen_core::register!(Inr, Finer);

#[typetag::serde(name = "finer")]
impl Inr for Finer {
    fn layout(&self, dimensions: usize, channels: usize) -> Result<Layout> {
        check_positive("finer", "omega", self.omega, 30.0)?;
        if !(self.bias.is_finite() && self.bias >= 0.0) {
            return Err(Error::config(format!(
                "finer: `bias` = {}: give a number of at least 0, such as 1",
                self.bias
            )));
        }
        let activation = Activation::Finer { omega: self.omega };
        shared::layout("finer", Axis::Coordinates(dimensions), &self.hidden, activation, channels)
    }

    fn initialise(&self, layout: &Layout, rng: &mut Rng) -> Vec<f32> {
        shared::uniform_start(layout, rng, |layer, fan_in| {
            let weight = if layer == 0 { 1.0 / fan_in } else { (6.0 / fan_in).sqrt() / self.omega };
            let bias = match layer {
                0 => self.bias,
                _ if layer + 1 == layout.layers() => 0.0,
                _ => 1.0 / fan_in.sqrt(),
            };
            (weight, bias)
        })
    }

    fn dense(&self, _layout: &Layout) -> Option<DenseStack> {
        None
    }
}
