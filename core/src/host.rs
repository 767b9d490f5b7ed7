//! The only way from a device to the host, counted, so that tests can assert that a training step reads nothing back.

use std::sync::atomic::{AtomicU64, Ordering};

use burn::tensor::{Device, Tensor, TensorData};

static READS: AtomicU64 = AtomicU64::new(0);

/// Reads a tensor's values to the host in row-major order.
#[expect(clippy::disallowed_methods, reason = "the one place that reads, and counts it")]
pub fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    READS.fetch_add(1, Ordering::Relaxed);
    tensor.into_data().try_into_vec::<f32>().expect("equigen's tensors are f32")
}

/// Reads a tensor of one value.
pub fn scalar(tensor: Tensor<1>) -> f32 {
    read(tensor)[0]
}

/// Number of reads since the program started.
pub fn reads() -> u64 {
    READS.load(Ordering::Relaxed)
}

/// Rows of a matrix `[n, width]`, one after the other.
///
/// # Panics
/// If there is no such row.
pub fn gather(values: &[f32], width: usize, rows: &[usize]) -> Vec<f32> {
    let mut out = Vec::with_capacity(rows.len() * width);
    for row in rows {
        out.extend_from_slice(&values[row * width..(row + 1) * width]);
    }
    out
}

/// Puts values of this shape on a device.
///
/// # Panics
/// If the number of values is not the shape's product.
pub fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}
