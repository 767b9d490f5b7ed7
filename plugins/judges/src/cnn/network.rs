//! The network of the judge: two convolutions, one dense layer, one linear layer.
//!
//! The convolutions take steps of two pixels where LeNet pools: on burn's flex backend a training step costs a quarter
//! (13 ms of processor time for 64 digits, against 55 ms with 3x3 convolutions and max pooling), which buys more steps.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use equigen_core::nn::{Init, Linear};

/// Sides of the two kernels, pixels.
const FIRST: usize = 5;
const SECOND: usize = 3;

/// Images to features to class scores.
#[derive(Module, Debug)]
pub(super) struct Network {
    first: Convolution,
    second: Convolution,
    dense: Linear,
    out: Linear,
}

impl Network {
    /// For images of this height, width and number of colours, of 12 pixels a side or more.
    pub(super) fn new(
        image: [usize; 3],
        channels: [usize; 2],
        features: usize,
        classes: usize,
        init: &mut Init,
    ) -> Self {
        let [height, width, colours] = image;
        // Without padding, in steps of two.
        let shrink = |side: usize| ((side - FIRST) / 2 + 1 - SECOND) / 2 + 1;
        Self {
            first: Convolution::new(colours, channels[0], FIRST, init),
            second: Convolution::new(channels[0], channels[1], SECOND, init),
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

/// Convolution in steps of two pixels, without padding, then ReLU.
#[derive(Module, Debug)]
struct Convolution {
    /// `[out, in, side, side]`.
    weight: Param<Tensor<4>>,
    /// `[out]`.
    bias: Param<Tensor<1>>,
}

impl Convolution {
    /// PyTorch's initialisation: uniform in ±1/sqrt(in side²).
    fn new(inputs: usize, outputs: usize, side: usize, init: &mut Init) -> Self {
        let bound = 1.0 / ((inputs * side * side) as f64).sqrt();
        Self { weight: init.uniform([outputs, inputs, side, side], bound), bias: init.uniform([outputs], bound) }
    }

    /// `[n, in, h, w]` to `[n, out, (h - side) / 2 + 1, (w - side) / 2 + 1]`.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let options = ConvOptions::new([2, 2], [0, 0], [1, 1], 1);
        relu(conv2d(x, self.weight.val(), Some(self.bias.val()), options))
    }
}
