//! `fourier-features`: ReLU layers behind random Fourier features.

use burn::tensor::Tensor;
use equigen_core::dense::Points;
use equigen_core::{Activation, Axis, Error, Inr, Layout, Result, Seed, host, seed, seed::Rng};
use equigen_kernels::DenseStack;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shared::{self, check_positive};

/// Dense layers with ReLU between them, on sines and cosines of the coordinates at random frequencies.
///
/// The first layer reads cos(2π B x), then sin(2π B x); the rows of B are drawn once from N(0, σ²), the same for all
/// networks, and are no parameters. Source: Tancik et al. 2020, "Fourier Features Let Networks Learn High Frequency
/// Functions in Low Dimensional Domains", without the sigmoid that they put behind the output. Weights and biases start at
/// PyTorch's U(±1/sqrt(fan_in)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FourierFeatures {
    /// Neurons of each hidden layer.
    pub hidden: Vec<usize>,
    /// Random frequencies: so many, and twice as many inputs of the first layer.
    pub frequencies: usize,
    /// Standard deviation of the frequencies, in periods per unit of a coordinate, which runs from -1 to 1: 28 pixels
    /// tell apart up to 6.75.
    pub sigma: f64,
    /// Seed that the frequencies are drawn from, apart from the seed of the run: networks of two runs compute alike.
    pub seed: u64,
}

impl Default for FourierFeatures {
    fn default() -> Self {
        Self { hidden: vec![32; 2], frequencies: 64, sigma: 1.5, seed: 0 }
    }
}

equigen_core::register!(Inr, FourierFeatures);

impl FourierFeatures {
    /// 2π B, as `[dimensions, frequencies]`.
    fn radians(&self, dimensions: usize) -> Vec<f32> {
        let mut rng = Seed::new(self.seed).split("fourier-features").stream(dimensions as u64);
        let scale = (std::f64::consts::TAU * self.sigma) as f32;
        seed::normal(&mut rng, dimensions * self.frequencies).into_iter().map(|value| scale * value).collect()
    }

    fn features<const D: usize>(&self, points: Tensor<D>) -> Tensor<D> {
        let shape = points.dims();
        let (rows, dimensions) = (shape[..D - 1].iter().product::<usize>(), shape[D - 1]);
        let radians = host::tensor(self.radians(dimensions), [dimensions, self.frequencies], &points.device());
        let angles = points.reshape([rows, dimensions]).matmul(radians);
        let mut wide = shape;
        wide[D - 1] = 2 * self.frequencies;
        Tensor::cat(vec![angles.clone().cos(), angles.sin()], 1).reshape(wide)
    }
}

#[typetag::serde(name = "fourier-features")]
impl Inr for FourierFeatures {
    fn layout(&self, dimensions: usize, channels: usize) -> Result<Layout> {
        if self.frequencies == 0 {
            return Err(Error::config("fourier-features: `frequencies` = 0: give at least 1, such as 64"));
        }
        check_positive("fourier-features", "sigma", self.sigma, 1.5)?;
        let input = Axis::Encoded { coordinates: dimensions, features: 2 * self.frequencies };
        shared::layout("fourier-features", input, &self.hidden, Activation::Relu, channels)
    }

    fn initialise(&self, layout: &Layout, rng: &mut Rng) -> Vec<f32> {
        shared::pytorch_start(layout, rng)
    }

    fn dense(&self, layout: &Layout) -> Option<DenseStack> {
        Some(DenseStack::relu(&layout.widths()))
    }

    fn encode(&self, points: Points) -> Points {
        match points {
            Points::Shared(points) => Points::Shared(self.features(points)),
            Points::PerNetwork(points) => Points::PerNetwork(self.features(points)),
        }
    }
}
