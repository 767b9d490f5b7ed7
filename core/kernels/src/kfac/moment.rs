//! Inverse second moments of the inputs of a layer: the right factor of the curvature.

use crate::buffer::Buffer;
use crate::plan::{Panels, round_up};
use crate::product::{Left, POINT_GROUP, add_transpose_times};
use crate::simd::Simd;

/// A symmetric matrix over the inputs of a layer and the constant 1 that its bias multiplies, which comes last.
pub(crate) struct Moment {
    /// Inputs and the 1.
    pub(crate) size: usize,
    /// Floats from row to row: columns are padded with zeros to whole vectors, rows to whole groups.
    pub(crate) stride: usize,
    /// The inverse, after [`Moment::invert`].
    pub(crate) matrix: Buffer,
    /// The sum before, in panels.
    sum: Buffer,
    panels: Panels,
    /// A block of inputs with their 1s, `[points, stride]`.
    inputs: Buffer,
}

impl Moment {
    /// Room for blocks of `block` points, a whole number of groups.
    pub(crate) fn zeros(inputs: usize, block: usize, lanes: usize) -> Self {
        let size = inputs + 1;
        let panels = Panels { rows: size, columns: round_up(size, lanes), lanes };
        let stride = panels.columns;
        Self {
            size,
            stride,
            matrix: Buffer::zeros(round_up(size, POINT_GROUP) * stride),
            sum: Buffer::zeros(panels.len()),
            panels,
            inputs: Buffer::zeros(block * stride),
        }
    }

    /// Forgets the sum.
    pub(crate) fn reset(&mut self) {
        self.sum.fill(0.0);
    }

    /// Adds the outer products of a block of `points` inputs, `stride` floats apart, with themselves.
    #[inline(always)]
    pub(crate) fn add<S: Simd>(&mut self, s: S, inputs: &[f32], stride: usize, points: usize) {
        let (width, rows) = (self.size - 1, round_up(points, POINT_GROUP));
        let all = &mut self.inputs[..rows * self.stride];
        for (row, input) in all.chunks_exact_mut(self.stride).zip(inputs.chunks(stride)).take(points) {
            row[..width].copy_from_slice(&input[..width]);
            row[width] = 1.0;
        }
        all[points * self.stride..].fill(0.0);
        let left = Left { start: all.as_ptr(), row: 1, column: self.stride };
        // SAFETY: the block has whole groups of rows, and the sum has the columns of both operands.
        unsafe { add_transpose_times(s, left, rows, all.as_ptr(), self.stride, &self.panels, self.sum.as_mut_ptr()) }
    }

    /// Inverts the mean over `points` + `damping` times the mean of its diagonal.
    ///
    /// Gauss-Jordan elimination in place without pivots, which a positive definite matrix does not need; the damping
    /// keeps its condition below its size over the damping.
    #[inline(always)]
    pub(crate) fn invert<S: Simd>(&mut self, s: S, points: usize, damping: f32) {
        let (size, stride) = (self.size, self.stride);
        for column in (0..stride).step_by(S::LANES) {
            let (first, step) = self.panels.column(column);
            for row in 0..size {
                let from = &self.sum[first + row * step..][..S::LANES];
                self.matrix[row * stride + column..][..S::LANES].copy_from_slice(from);
            }
        }
        let mut trace = 0.0;
        for i in 0..size {
            trace += self.matrix[i * stride + i];
        }
        let added = damping * trace / size as f32;
        for i in 0..size {
            self.matrix[i * stride + i] += added;
        }
        for pivot in 0..size {
            let inverse = 1.0 / self.matrix[pivot * stride + pivot];
            self.matrix[pivot * stride + pivot] = 1.0;
            for value in &mut self.matrix[pivot * stride..][..stride] {
                *value *= inverse;
            }
            for row in 0..size {
                if row == pivot {
                    continue;
                }
                let factor = s.splat(-self.matrix[row * stride + pivot]);
                self.matrix[row * stride + pivot] = 0.0;
                for column in (0..stride).step_by(S::LANES) {
                    // SAFETY: every row holds `stride` floats.
                    unsafe {
                        let pivots = s.load(self.matrix.as_ptr().add(pivot * stride + column));
                        let place = self.matrix.as_mut_ptr().add(row * stride + column);
                        s.store(place, s.fma(factor, pivots, s.load(place)));
                    }
                }
            }
        }
        for value in &mut self.matrix[..size * stride] {
            *value *= points as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reference::Uniform;
    use crate::simd::{InstructionSet, Kernel, dispatch};

    struct Inverse<'a> {
        inputs: &'a [f32],
        width: usize,
        damping: f32,
    }

    impl Kernel for Inverse<'_> {
        type Output = Moment;
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> Moment {
            let (block, width) = (24, self.width);
            let mut moment = Moment::zeros(width, block, S::LANES);
            for part in self.inputs.chunks(block * width) {
                moment.add(s, part, width, part.len() / width);
            }
            moment.invert(s, self.inputs.len() / width, self.damping);
            moment
        }
    }

    proptest! {
        #[test]
        fn the_inverse_times_the_damped_moment_is_the_identity(
            width in 1usize..40,
            points in 1usize..60,
            damping in 0.02f32..1.0,
            seed in any::<u64>(),
        ) {
            let inputs = Uniform(seed).vector(points * width);
            let size = width + 1;
            let input = |p: usize, i: usize| if i == width { 1.0 } else { f64::from(inputs[p * width + i]) };
            let mean = |i, j| (0..points).map(|p| input(p, i) * input(p, j)).sum::<f64>() / points as f64;
            let trace: f64 = (0..size).map(|i| mean(i, i)).sum();
            let added = f64::from(damping) * trace / size as f64;
            for set in InstructionSet::ALL.into_iter().filter(|set| set.available()) {
                let inverse = dispatch(set, Inverse { inputs: &inputs, width, damping });
                let row = |i: usize| &inverse.matrix[i * inverse.stride..][..size];
                for j in 0..size {
                    let column: Vec<f64> = (0..size).map(|i| mean(i, j) + if i == j { added } else { 0.0 }).collect();
                    for i in 0..size {
                        let product: f64 = row(i).iter().zip(&column).map(|(&a, b)| f64::from(a) * b).sum();
                        let error = product - f64::from(u8::from(i == j));
                        prop_assert!(error.abs() < 1e-4, "{:?}: ({}, {}) is {}", set, i, j, product);
                    }
                }
            }
        }
    }
}
