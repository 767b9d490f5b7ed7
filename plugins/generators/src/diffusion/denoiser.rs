//! The networks that denoise: a perceptron with residual blocks, or a transformer over tokens of the weights.

use burn::module::Module;
use burn::tensor::Tensor;
use equigen_core::nn::Init;
use equigen_core::{Error, Layout, Result, host};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::perceptron::Perceptron;
use super::transformer::Transformer;
use crate::check_positive;

/// Which network denoises.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Denoiser {
    /// A perceptron with residual blocks over the flat weights.
    Mlp {
        /// Width of the blocks.
        #[serde(default = "mlp_width")]
        width: usize,
        /// Number of residual blocks.
        #[serde(default = "mlp_blocks")]
        blocks: usize,
    },
    /// A transformer over tokens of the weights with cross-attention to the condition (G.pt; docs/method.md, section 7).
    Transformer {
        /// What a token is.
        #[serde(default)]
        tokens: Tokens,
        /// Features of a token.
        #[serde(default = "transformer_width")]
        width: usize,
        /// Number of layers.
        #[serde(default = "transformer_layers")]
        layers: usize,
        /// Attention heads; they divide the width.
        #[serde(default = "transformer_heads")]
        heads: usize,
        /// Tokens that the condition is split into.
        #[serde(default = "condition_tokens")]
        condition_tokens: usize,
    },
}

fn mlp_width() -> usize {
    512
}

fn mlp_blocks() -> usize {
    3
}

fn transformer_width() -> usize {
    128
}

fn transformer_layers() -> usize {
    4
}

fn transformer_heads() -> usize {
    4
}

fn condition_tokens() -> usize {
    4
}

/// What a token of the transformer is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tokens {
    /// A neuron: its incoming row, its bias and its outgoing column.
    #[default]
    Neuron,
    /// A parameter tensor, as in the authors' code.
    Tensor,
}

impl Default for Denoiser {
    fn default() -> Self {
        Self::Mlp { width: mlp_width(), blocks: mlp_blocks() }
    }
}

/// What a denoiser is asked about.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// Noisy weights, `[n, parameters]`.
    pub(crate) x_t: Tensor<2>,
    /// Time in 0 to 1, `[n, 1]`.
    pub(crate) time: Tensor<2>,
    /// Disturbed features, `[n, dim]`.
    pub(crate) condition: Tensor<2>,
    /// Level of the disturbance, `[n, 1]`.
    pub(crate) level: Tensor<2>,
}

/// A live denoiser.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "one exists per run")]
pub(crate) enum Net {
    Perceptron(Perceptron),
    Transformer(Transformer),
}

impl Denoiser {
    /// Builds it for a layout, features of `dim`, and `outputs` numbers per network.
    pub(crate) fn build(&self, layout: &Layout, dim: usize, outputs: usize, init: &mut Init) -> Result<Net> {
        match *self {
            Self::Mlp { width, blocks } => {
                check_positive(&[("denoiser.width", width), ("denoiser.blocks", blocks)])?;
                Ok(Net::Perceptron(Perceptron::new(layout.parameters(), dim, outputs, (width, blocks), init)))
            }
            Self::Transformer { tokens, width, layers, heads, condition_tokens } => {
                check_positive(&[
                    ("denoiser.width", width),
                    ("denoiser.layers", layers),
                    ("denoiser.heads", heads),
                    ("denoiser.condition_tokens", condition_tokens),
                ])?;
                if !width.is_multiple_of(heads) {
                    return Err(Error::config(format!("denoiser.heads: {heads} does not divide the width {width}")));
                }
                let sizes = (width, layers, heads, condition_tokens);
                Ok(Net::Transformer(Transformer::new(layout, tokens, dim, outputs, sizes, init)))
            }
        }
    }
}

impl Net {
    /// `[n, outputs]`.
    pub(crate) fn answer(&self, question: Question) -> Tensor<2> {
        match self {
            Self::Perceptron(net) => net.forward(question),
            Self::Transformer(net) => net.forward(question),
        }
    }
}

/// Frequencies of an embedding.
const FREQUENCIES: usize = 8;
/// Numbers per embedded scalar.
pub(crate) const EMBEDDED: usize = 2 * FREQUENCIES;

/// Sine and cosine of a scalar in about 0 to 1 at octaves from a quarter of a period: `[n, 1] -> [n, 16]`.
pub(crate) fn embed(scalar: Tensor<2>) -> Tensor<2> {
    let octaves = (0..FREQUENCIES).map(|k| std::f32::consts::FRAC_PI_2 * 2f32.powi(k as i32)).collect();
    let angle = scalar.clone().matmul(host::tensor(octaves, [1, FREQUENCIES], &scalar.device()));
    Tensor::cat(vec![angle.clone().sin(), angle.cos()], 1)
}
