//! What an encoder makes of a batch of networks.

use burn::tensor::Tensor;

/// Features of a batch of `n` networks.
#[derive(Debug, Clone)]
pub struct Features {
    /// Per hidden layer `[n, width, f]`: equivariant, moves with the neurons.
    pub neurons: Vec<Tensor<3>>,
    /// `[n, dim]`: invariant; the condition ψ that generators are given.
    pub pooled: Tensor<2>,
}
