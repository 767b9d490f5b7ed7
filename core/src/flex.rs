//! Tensors of burn's pure Rust backend, as the operations with kernels of our own read and make them.

use burn::backend::{Flex, tensor::FloatTensor};
use burn::tensor::TensorData;

/// Extents of a tensor.
pub(crate) fn dims(tensor: &FloatTensor<Flex>) -> Vec<usize> {
    tensor.layout().shape().to_vec()
}

/// A tensor of these values, which are not copied.
pub(crate) fn tensor(values: Vec<f32>, shape: &[usize]) -> FloatTensor<Flex> {
    FloatTensor::<Flex>::from_data(TensorData::new(values, shape.to_vec()))
}
