//! The network of the judge: two convolutions, one dense layer, one linear layer.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::{conv2d, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use equigen_core::Domain;
use equigen_core::nn::{Init, Linear};

/// Images to features to class scores.
#[derive(Module, Debug)]
pub(super) struct Network {
    first: Convolution,
    second: Convolution,
    dense: Linear,
    out: Linear,
}

impl Network {
    /// For images of 12 pixels a side or more.
    pub(super) fn new(domain: Domain, channels: [usize; 2], features: usize, classes: usize, init: &mut Init) -> Self {
        let Domain::Image { height, width, channels: colours } = domain;
        // Each stage: a 3x3 convolution takes 2 pixels off, pooling halves and drops a last odd one.
        let shrink = |side: usize| ((side - 2) / 2 - 2) / 2;
        Self {
            first: Convolution::new(colours, channels[0], init),
            second: Convolution::new(channels[0], channels[1], init),
            dense: Linear::new(channels[1] * shrink(height) * shrink(width), features, init),
            out: Linear::new(features, classes, init),
        }
    }

    /// Images `[n, colours, height, width]` to features `[n, features]`, none below 0.
    pub(super) fn features(&self, images: Tensor<4>) -> Tensor<2> {
        let maps = self.second.forward(self.first.forward(images));
        relu(self.dense.forward(maps.flatten::<2>(1, 3)))
    }

    /// Features `[n, features]` to unnormalised class scores `[n, classes]`.
    pub(super) fn classify(&self, features: Tensor<2>) -> Tensor<2> {
        self.out.forward(features)
    }
}

/// 3x3 convolution without padding, 2x2 max pooling, ReLU.
#[derive(Module, Debug)]
struct Convolution {
    /// `[out, in, 3, 3]`.
    weight: Param<Tensor<4>>,
    /// `[out]`.
    bias: Param<Tensor<1>>,
}

impl Convolution {
    /// PyTorch's initialisation: uniform in ±1/sqrt(9 in).
    fn new(inputs: usize, outputs: usize, init: &mut Init) -> Self {
        let bound = 1.0 / (9.0 * inputs as f64).sqrt();
        Self { weight: init.uniform([outputs, inputs, 3, 3], bound), bias: init.uniform([outputs], bound) }
    }

    /// `[n, in, h, w]` to `[n, out, (h - 2) / 2, (w - 2) / 2]`.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
        let x = conv2d(x, self.weight.val(), Some(self.bias.val()), options);
        // ReLU after pooling is the same and touches a quarter of the values.
        let pooling = MaxPoolOptions {
            kernel_size: [2, 2],
            stride: [2, 2],
            padding: [(0, 0), (0, 0)],
            dilation: [1, 1],
            ceil_mode: false,
        };
        relu(max_pool2d(x, pooling))
    }
}
