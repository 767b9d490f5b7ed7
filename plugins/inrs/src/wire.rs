//! `wire`: dense layers with Gabor wavelets between them.

use equigen_core::{Activation, Axis, Inr, Layout, Result, seed::Rng};
use equigen_kernels::DenseStack;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shared::{self, check_positive};

/// Dense layers with real Gabor wavelets cos(omega z) exp(-(scale z)²) between them, on raw coordinates.
///
/// The real part, of a real z, of the complex wavelet of Saragadam et al. 2023, "WIRE: Wavelet Implicit Neural
/// Representations". Their complex weights are left out, since parameters are real here; and frequency and window read one
/// z, where their real variant gives each a weight of its own. Weights and biases start at PyTorch's U(±1/sqrt(fan_in)),
/// the bias of the output at 0. The wavelet is even, and of all symmetries only permutations act on it. Fitted by
/// `autodiff`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Wire {
    /// Neurons of each hidden layer.
    pub hidden: Vec<usize>,
    /// Frequency of the wavelet, radians per unit of z.
    pub omega: f64,
    /// One over the width of its window, in units of z.
    pub scale: f64,
}

impl Default for Wire {
    fn default() -> Self {
        Self { hidden: vec![32; 2], omega: 20.0, scale: 5.0 }
    }
}

equigen_core::register!(Inr, Wire);

#[typetag::serde(name = "wire")]
impl Inr for Wire {
    fn layout(&self, dimensions: usize, channels: usize) -> Result<Layout> {
        check_positive("wire", "omega", self.omega, 20.0)?;
        check_positive("wire", "scale", self.scale, 5.0)?;
        let activation = Activation::Gabor { omega: self.omega, scale: self.scale };
        shared::layout("wire", Axis::Coordinates(dimensions), &self.hidden, activation, channels)
    }

    fn initialise(&self, layout: &Layout, rng: &mut Rng) -> Vec<f32> {
        shared::uniform_start(layout, rng, |layer, fan_in| {
            let bound = fan_in.sqrt().recip();
            (bound, if layer + 1 == layout.layers() { 0.0 } else { bound })
        })
    }

    fn dense(&self, _layout: &Layout) -> Option<DenseStack> {
        None
    }
}
