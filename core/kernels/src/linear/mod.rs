//! The dense layer of ordinary models, y = x W + b for a batch of rows, forwards and backwards, and GELU.
//!
//! Matrices are row-major. Batches of models are short and wide (64 rows, 1,024 columns), so that what counts is that every
//! weight comes from memory once and that no time goes into preparing it. Results do not depend on the number of threads.

mod dot;
mod gelu;
mod product;
#[cfg(test)]
mod tests;

pub use gelu::{gelu, gelu_gradient};

use dot::Dot;
use product::{Matrix, Product};

/// Sizes of a layer and its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows of the batch.
    pub rows: usize,
    /// Numbers per row of x.
    pub inputs: usize,
    /// Numbers per row of y.
    pub outputs: usize,
}

impl Shape {
    fn check(&self, name: &str, values: &[f32], rows: usize, columns: usize) {
        assert!(values.len() == rows * columns, "{name} [{rows}, {columns}] holds {} values", values.len());
    }
}

/// `out [rows, outputs] = x [rows, inputs] · weight [inputs, outputs] + bias [outputs]`.
///
/// # Panics
/// If a length does not fit.
pub fn forward(shape: Shape, x: &[f32], weight: &[f32], bias: &[f32], out: &mut [f32]) {
    let Shape { rows, inputs, outputs } = shape;
    shape.check("x", x, rows, inputs);
    shape.check("weight", weight, inputs, outputs);
    shape.check("bias", bias, 1, outputs);
    shape.check("out", out, rows, outputs);
    let left = Matrix { values: x, row_stride: inputs, column_stride: 1 };
    Product { left, right: weight, start: Some(bias), rows, terms: inputs, columns: outputs }.compute(out);
}

/// `out [rows, inputs] = upstream [rows, outputs] · weight [inputs, outputs]ᵀ`.
///
/// # Panics
/// If a length does not fit.
pub fn input_gradient(shape: Shape, upstream: &[f32], weight: &[f32], out: &mut [f32]) {
    let Shape { rows, inputs, outputs } = shape;
    shape.check("upstream", upstream, rows, outputs);
    shape.check("weight", weight, inputs, outputs);
    shape.check("out", out, rows, inputs);
    Dot { left: upstream, right: weight, rows, columns: inputs, terms: outputs }.compute(out);
}

/// `weight_gradient [inputs, outputs] = x [rows, inputs]ᵀ · upstream [rows, outputs]`, and `bias_gradient [outputs]`, the
/// sum of the rows of `upstream`.
///
/// # Panics
/// If a length does not fit.
pub fn weight_gradient(
    shape: Shape,
    x: &[f32],
    upstream: &[f32],
    weight_gradient: &mut [f32],
    bias_gradient: &mut [f32],
) {
    let Shape { rows, inputs, outputs } = shape;
    shape.check("x", x, rows, inputs);
    shape.check("upstream", upstream, rows, outputs);
    shape.check("weight_gradient", weight_gradient, inputs, outputs);
    shape.check("bias_gradient", bias_gradient, 1, outputs);
    let left = Matrix { values: x, row_stride: 1, column_stride: inputs };
    Product { left, right: upstream, start: None, rows: inputs, terms: rows, columns: outputs }
        .compute(weight_gradient);
    bias_gradient.fill(0.0);
    for row in upstream.chunks_exact(outputs.max(1)) {
        for (sum, value) in bias_gradient.iter_mut().zip(row) {
            *sum += value;
        }
    }
}

/// Multiply-adds from which on work is shared between the cores.
const SHARED_FROM: usize = 1 << 20;

/// The result of a product, of which every task writes elements of its own.
#[derive(Clone, Copy)]
struct Target(*mut f32);

// SAFETY: tasks write disjoint elements; see `Product::compute` and `Dot::compute`.
unsafe impl Send for Target {}
// SAFETY: as above.
unsafe impl Sync for Target {}

impl Target {
    /// Writes `value`, or adds it to what was written.
    ///
    /// # Safety
    /// `at` lies within the result, and no other task touches it.
    #[inline(always)]
    unsafe fn put(self, at: usize, value: f32, add: bool) {
        // SAFETY: the caller's.
        unsafe { *self.0.add(at) = if add { *self.0.add(at) + value } else { value } }
    }
}

/// Runs `task` for each of `tasks` numbers, in parallel if they amount to enough work.
fn share(tasks: usize, multiply_adds: usize, task: impl Fn(usize) + Sync + Send) {
    use rayon::prelude::*;
    if multiply_adds < SHARED_FROM {
        (0..tasks).for_each(task);
    } else {
        (0..tasks).into_par_iter().for_each(task);
    }
}
