//! AlexNet (Krizhevsky 2014, "One weird trick") as LPIPS uses it: features of five layers, whose squared distances are LPIPS.

use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor};
use equigen_core::{Error, Result, host};
use equigen_exchange::Weights;

use crate::convolution::{Convolution, Form, Loader};

/// The convolutions by torchvision's number: side of the kernel, stride, padding, outputs, and whether a pool stands before.
const LAYERS: [(usize, usize, usize, usize, usize, bool); 5] = [
    (0, 11, 4, 2, 64, false),
    (3, 5, 1, 2, 192, true),
    (6, 3, 1, 1, 384, true),
    (8, 3, 1, 1, 256, false),
    (10, 3, 1, 1, 256, false),
];
/// Mean and deviation of the colours that LPIPS has, of values in [-1, 1].
const SHIFT: [f32; 3] = [-0.030, -0.088, -0.188];
const SCALE: [f32; 3] = [0.458, 0.448, 0.450];
/// Added to the length of a pixel's features.
const EPSILON: f64 = 1e-10;

/// The network and the heads.
#[derive(Debug)]
pub(crate) struct AlexNet {
    convolutions: Vec<Convolution>,
    /// Roots of the heads' weights, `[1, channels, 1, 1]` each.
    heads: Vec<Tensor<4>>,
    device: Device,
}

impl AlexNet {
    /// From torchvision's `alexnet-owt-7be5be79.pth`, and the heads of LPIPS v0.1, `alex.pth`.
    ///
    /// # Errors
    /// If a file lacks a tensor, or one has another shape; or if a head has a weight below 0, for which LPIPS is no distance.
    pub(crate) fn load(weights: Weights, mut heads: Weights, device: &Device) -> Result<Self> {
        let mut loader = Loader { weights, device };
        let (mut convolutions, mut roots, mut inputs) = (Vec::new(), Vec::new(), 3);
        for (i, (number, side, stride, padding, outputs, _)) in LAYERS.into_iter().enumerate() {
            let form = Form { inputs, outputs, kernel: [side; 2], stride, padding: [padding; 2] };
            convolutions.push(loader.biased(&format!("features.{number}"), form)?);
            let name = format!("lin{i}.model.1.weight");
            let head = heads.take(&name, &[1, outputs, 1, 1])?;
            if let Some(wrong) = head.iter().find(|weight| weight.is_nan() || **weight < 0.0) {
                let text = format!("tensor `{name}` has a weight of {wrong}, and LPIPS is a distance for none below 0");
                return Err(Error::failed(format!("{text}: take the published `alex.pth`")));
            }
            let root = head.into_iter().map(f32::sqrt).collect();
            roots.push(host::tensor(root, [1, outputs, 1, 1], device));
            inputs = outputs;
        }
        Ok(Self { convolutions, heads: roots, device: device.clone() })
    }

    /// Planes `[n, 3, height, width]` of values in `[0, 1]` to features `[n, dim]`, of which LPIPS is the squared distance: at every
    /// layer those of each pixel at length 1, times the roots of the head, over the root of the number of pixels.
    pub(crate) fn features(&self, planes: Vec<f32>, [height, width]: [usize; 2]) -> Vec<f32> {
        let n = planes.len() / (3 * height * width);
        let colours = |of: [f32; 3]| host::tensor(of.to_vec(), [1, 3, 1, 1], &self.device);
        let x = host::tensor(planes, [n, 3, height, width], &self.device) * 2.0 - 1.0;
        let mut x = (x - colours(SHIFT)) / colours(SCALE);
        let mut parts = Vec::new();
        for ((convolution, head), (.., pool)) in self.convolutions.iter().zip(&self.heads).zip(LAYERS) {
            if pool {
                x = max_pool2d(x, MaxPoolOptions::new([3, 3]).with_stride([2, 2]));
            }
            x = convolution.forward(x);
            let length = x.clone().square().sum_dim(1).sqrt() + EPSILON;
            let [_, _, height, width] = x.dims();
            let share = 1.0 / ((height * width) as f64).sqrt();
            let part = x.clone() / length * head.clone() * share;
            parts.push(part.flatten::<2>(1, 3));
        }
        host::read(Tensor::cat(parts, 1))
    }
}
