//! The few layers that encoders, objectives and generators share.
//!
//! burn's own layers draw their parameters lazily from one global generator, so that the same seed gives different
//! weights from run to run; these draw at once from the run's own stream.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation::gelu, activation::softmax};

use crate::precision::product;
use crate::{Seed, host, seed};

/// Draws initial parameters: device, seed, and a count that gives each parameter a stream of its own.
#[derive(Debug)]
pub struct Init {
    device: Device,
    seed: Seed,
    drawn: u64,
}

impl Init {
    /// Parameters on `device`, drawn from `seed` in the order in which a model asks for them.
    pub fn new(seed: Seed, device: &Device) -> Self {
        Self { device: device.clone(), seed, drawn: 0 }
    }

    /// The device of the parameters.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// A parameter uniform in `±bound`.
    pub fn uniform<const D: usize>(&mut self, shape: [usize; D], bound: f64) -> Param<Tensor<D>> {
        self.drawn += 1;
        let values =
            seed::uniform(&mut self.seed.stream(self.drawn), shape.iter().product(), -bound as f32, bound as f32);
        Param::from_tensor(host::tensor(values, shape, &self.device))
    }

    /// A parameter from N(0, `deviation`²).
    pub fn normal<const D: usize>(&mut self, shape: [usize; D], deviation: f64) -> Param<Tensor<D>> {
        self.drawn += 1;
        let values = seed::normal(&mut self.seed.stream(self.drawn), shape.iter().product());
        let values = values.into_iter().map(|value| value * deviation as f32).collect();
        Param::from_tensor(host::tensor(values, shape, &self.device))
    }

    /// A parameter with these values.
    pub fn values<const D: usize>(&mut self, values: Vec<f32>, shape: [usize; D]) -> Param<Tensor<D>> {
        Param::from_tensor(host::tensor(values, shape, &self.device))
    }

    /// A parameter of one value everywhere.
    pub fn constant<const D: usize>(&mut self, shape: [usize; D], value: f32) -> Param<Tensor<D>> {
        self.values(vec![value; shape.iter().product()], shape)
    }
}

/// `y = x W + b` over the last axis.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[in, out]`.
    weight: Param<Tensor<2>>,
    /// `[out]`.
    bias: Param<Tensor<1>>,
}

impl Linear {
    /// PyTorch's initialisation: weight and bias uniform in ±1/sqrt(in).
    pub fn new(inputs: usize, outputs: usize, init: &mut Init) -> Self {
        Self::scaled(inputs, outputs, 1.0, init)
    }

    /// The same, times `scale`.
    pub fn scaled(inputs: usize, outputs: usize, scale: f64, init: &mut Init) -> Self {
        let bound = scale / (inputs as f64).sqrt();
        Self { weight: init.uniform([inputs, outputs], bound), bias: init.uniform([outputs], bound) }
    }

    /// `[…, in] -> […, out]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let mut shape = x.dims();
        let [inputs, outputs] = self.weight.dims();
        let rows = shape.iter().product::<usize>() / inputs;
        shape[D - 1] = outputs;
        let y = product(x.reshape([rows, inputs]), self.weight.val()) + self.bias.val().unsqueeze_dim::<2>(0);
        y.reshape(shape)
    }
}

/// Layer normalisation over the last axis (Ba et al. 2016), with a learned scale and shift.
#[derive(Module, Debug)]
pub struct LayerNorm {
    scale: Param<Tensor<1>>,
    shift: Param<Tensor<1>>,
}

impl LayerNorm {
    /// Scale one, shift zero.
    pub fn new(width: usize, init: &mut Init) -> Self {
        Self { scale: init.constant([width], 1.0), shift: init.constant([width], 0.0) }
    }

    /// `[…, width] -> […, width]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let mut shape = [1; D];
        shape[D - 1] = x.dims()[D - 1];
        standardise(x) * self.scale.val().reshape(shape) + self.shift.val().reshape(shape)
    }
}

/// Subtracts the mean and divides by the standard deviation of the last axis.
pub fn standardise<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let centred = x.clone() - x.mean_dim(D - 1);
    let variance = centred.clone().square().mean_dim(D - 1);
    centred / (variance + 1e-5).sqrt()
}

/// A perceptron with GELU between its layers.
#[derive(Module, Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
}

impl Mlp {
    /// `widths` from input to output.
    pub fn new(widths: &[usize], init: &mut Init) -> Self {
        Self { layers: widths.windows(2).map(|pair| Linear::new(pair[0], pair[1], init)).collect() }
    }

    /// `[…, in] -> […, out]`.
    pub fn forward<const D: usize>(&self, mut x: Tensor<D>) -> Tensor<D> {
        for (i, layer) in self.layers.iter().enumerate() {
            x = layer.forward(if i == 0 { x } else { gelu(x) });
        }
        x
    }
}

/// Multi-head attention (Vaswani et al. 2017).
#[derive(Module, Debug)]
pub struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    heads: usize,
}

impl Attention {
    /// Queries of `width`, keys and values of `context` features.
    ///
    /// # Panics
    /// If `heads` does not divide `width`: configurations check that.
    pub fn new(width: usize, context: usize, heads: usize, init: &mut Init) -> Self {
        assert!(width.is_multiple_of(heads), "attention heads must divide the width");
        Self {
            query: Linear::new(width, width, init),
            key: Linear::new(context, width, init),
            value: Linear::new(context, width, init),
            out: Linear::new(width, width, init),
            heads,
        }
    }

    /// Queries `[n, q, width]` over a context `[n, k, context]`: `[n, q, width]`.
    pub fn forward(&self, queries: Tensor<3>, context: Tensor<3>) -> Tensor<3> {
        let [n, length, width] = queries.dims();
        let head = width / self.heads;
        let split = |x: Tensor<3>| {
            let tokens = x.dims()[1];
            x.reshape([n, tokens, self.heads, head]).swap_dims(1, 2)
        };
        let query = split(self.query.forward(queries)) / (head as f64).sqrt();
        let key = split(self.key.forward(context.clone()));
        let value = split(self.value.forward(context));
        let attention = softmax(query.matmul(key.swap_dims(2, 3)), 3);
        self.out.forward(attention.matmul(value).swap_dims(1, 2).reshape([n, length, width]))
    }
}
