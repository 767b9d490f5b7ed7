//! A perceptron with residual blocks over the flat weights.

use burn::module::Module;
use burn::tensor::Tensor;
use equigen_core::nn::{Init, LayerNorm, Linear};

use super::denoiser::{EMBEDDED, Question, embed};

/// Residual blocks between an input and an output map. Blocks and output start at zero, so that an untrained denoiser
/// answers zero.
#[derive(Module, Debug)]
pub(crate) struct Perceptron {
    input: Linear,
    blocks: Vec<Block>,
    norm: LayerNorm,
    output: Linear,
}

#[derive(Module, Debug)]
struct Block {
    norm: LayerNorm,
    first: Linear,
    second: Linear,
}

impl Block {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let inner = self.first.forward_gelu(self.norm.forward(x.clone()));
        x + self.second.forward(inner)
    }
}

impl Perceptron {
    pub(crate) fn new(
        parameters: usize,
        dim: usize,
        outputs: usize,
        (width, blocks): (usize, usize),
        init: &mut Init,
    ) -> Self {
        let mut block = || Block {
            norm: LayerNorm::new(width, init),
            first: Linear::new(width, width, init),
            second: Linear::scaled(width, width, 0.0, init),
        };
        let blocks = (0..blocks).map(|_| block()).collect();
        Self {
            input: Linear::new(parameters + dim + 2 * EMBEDDED, width, init),
            blocks,
            norm: LayerNorm::new(width, init),
            output: Linear::scaled(width, outputs, 0.0, init),
        }
    }

    pub(crate) fn forward(&self, question: Question) -> Tensor<2> {
        let Question { x_t, time, condition, level } = question;
        let x = self.input.forward(Tensor::cat(vec![x_t, condition, embed(time), embed(level)], 1));
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        self.output.forward(self.norm.forward(x))
    }
}
