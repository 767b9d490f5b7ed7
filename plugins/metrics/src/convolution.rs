//! Convolutions, pools and files of published networks.

use std::path::{Path, PathBuf};

use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};
use equigen_core::{Error, Result, host};
use equigen_exchange::Weights;

/// Where tensors go.
pub(crate) struct Loader<'a> {
    pub(crate) weights: Weights,
    pub(crate) device: &'a Device,
}

/// A convolution and a ReLU.
#[derive(Debug)]
pub(crate) struct Convolution {
    /// `[outputs, inputs, height, width]`.
    weight: Tensor<4>,
    /// `[outputs]`.
    bias: Tensor<1>,
    stride: usize,
    padding: [usize; 2],
}

/// The form of a convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// Height and width.
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: usize,
    pub(crate) padding: [usize; 2],
}

impl Form {
    fn shape(self) -> [usize; 4] {
        [self.outputs, self.inputs, self.kernel[0], self.kernel[1]]
    }
}

/// What keeps a normalisation from dividing by 0: Inception's, not PyTorch's usual 1e-5.
const EPSILON: f32 = 1e-3;

impl Loader<'_> {
    /// `NAME.weight` and `NAME.bias`.
    pub(crate) fn biased(&mut self, name: &str, form: Form) -> Result<Convolution> {
        let weight = self.weights.take(&format!("{name}.weight"), &form.shape())?;
        let bias = self.weights.take(&format!("{name}.bias"), &[form.outputs])?;
        Ok(self.convolution(weight, bias, form))
    }

    /// `NAME.conv.weight` and the batch normalisation `NAME.bn` in its form for inference, as one convolution.
    pub(crate) fn normalised(&mut self, name: &str, form: Form) -> Result<Convolution> {
        let mut weight = self.weights.take(&format!("{name}.conv.weight"), &form.shape())?;
        let mut of = |part: &str| self.weights.take(&format!("{name}.bn.{part}"), &[form.outputs]);
        let (scale, shift) = (of("weight")?, of("bias")?);
        let (mean, variance) = (of("running_mean")?, of("running_var")?);
        let scale: Vec<f32> = scale.iter().zip(&variance).map(|(scale, v)| scale / (v + EPSILON).sqrt()).collect();
        let size = weight.len() / form.outputs;
        for (kernel, scale) in weight.chunks_mut(size).zip(&scale) {
            kernel.iter_mut().for_each(|value| *value *= scale);
        }
        let bias = shift.iter().zip(mean.iter().zip(&scale)).map(|(shift, (mean, scale))| shift - mean * scale);
        Ok(self.convolution(weight, bias.collect(), form))
    }

    fn convolution(&self, weight: Vec<f32>, bias: Vec<f32>, form: Form) -> Convolution {
        Convolution {
            weight: host::tensor(weight, form.shape(), self.device),
            bias: host::tensor(bias, [form.outputs], self.device),
            stride: form.stride,
            padding: form.padding,
        }
    }
}

impl Convolution {
    /// `[n, inputs, h, w]` to `[n, outputs, …]`, none below 0.
    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let options = ConvOptions::new([self.stride; 2], self.padding, [1, 1], 1);
        relu(conv2d(x, self.weight.clone(), Some(self.bias.clone()), options))
    }
}

/// Makes a path absolute, which is relative to `folder`.
pub(crate) fn resolve(path: &mut Option<PathBuf>, folder: &Path) {
    if let Some(path) = path {
        *path = std::path::absolute(folder.join(&*path)).unwrap_or_else(|_| folder.join(&*path));
    }
}

/// A hash of a file's bytes.
///
/// # Errors
/// If it cannot be read; the message names it.
pub(crate) fn hash(path: &Path) -> Result<String> {
    if !path.is_file() {
        return Err(Error::failed(format!("`{}`: there is no such file; check the path", path.display())));
    }
    let hash = blake3::Hasher::new().update_reader(fs_err::File::open(path)?)?.finalize();
    Ok(hash.to_string())
}
