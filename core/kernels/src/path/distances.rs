//! Distances between all cities.

use crate::buffer::Buffer;
use crate::plan::round_up;

/// Cities whose distances to another one are computed together: one long vector.
const BLOCK: usize = 16;
/// Cities that share the loads of a block.
const ROWS: usize = 4;

/// All L1 distances, negated so that gains are sums, with an additional city, number `n`, at distance 0 from every
/// other: a closed tour through it is a path through the others.
pub(super) struct Distances {
    /// Cities without the additional one.
    pub(super) n: usize,
    /// Floats from one row to the next: at least 32, and zeros after the cities.
    pub(super) stride: usize,
    /// `[n + 1, stride]`, minus infinity on the diagonal of the real cities: no move makes a city its own neighbour.
    matrix: Buffer,
    transposed: Buffer,
}

impl Distances {
    pub(super) fn new() -> Self {
        Self { n: 0, stride: 0, matrix: Buffer::zeros(0), transposed: Buffer::zeros(0) }
    }

    /// Distances of `n` cities, `[n, d]`.
    #[inline(always)]
    pub(super) fn fill(&mut self, cities: &[f32], n: usize, d: usize) {
        let stride = round_up(n + 1, BLOCK).max(32);
        (self.n, self.stride) = (n, stride);
        grow(&mut self.matrix, (n + 1) * stride);
        grow(&mut self.transposed, d * stride);
        let (matrix, transposed) = (&mut self.matrix[..], &mut self.transposed[..]);
        for (city, row) in cities.chunks_exact(d.max(1)).enumerate() {
            for (k, &coordinate) in row.iter().enumerate() {
                transposed[k * stride + city] = coordinate;
            }
        }
        for first in (0..n).step_by(BLOCK) {
            for other in (first..n).step_by(ROWS) {
                let others: [usize; ROWS] = std::array::from_fn(|row| (other + row).min(n - 1));
                let mut sums = [[0.0f32; BLOCK]; ROWS];
                for k in 0..d {
                    let mut here = [0.0; BLOCK];
                    here.copy_from_slice(&transposed[k * stride + first..][..BLOCK]);
                    for row in 0..ROWS {
                        let there = cities[others[row] * d + k];
                        for lane in 0..BLOCK {
                            sums[row][lane] -= (here[lane] - there).abs();
                        }
                    }
                }
                for row in 0..ROWS {
                    matrix[others[row] * stride + first..][..BLOCK].copy_from_slice(&sums[row]);
                }
            }
        }
        for a in 0..n {
            for b in round_up(a + 1, BLOCK)..n {
                matrix[a * stride + b] = matrix[b * stride + a];
            }
            matrix[a * stride + n..(a + 1) * stride].fill(0.0);
            matrix[a * stride + a] = f32::NEG_INFINITY;
        }
        matrix[n * stride..(n + 1) * stride].fill(0.0);
    }

    /// Negated distances from `a`, whose row is readable for the stride.
    #[inline(always)]
    pub(super) fn row(&self, a: usize) -> &[f32] {
        &self.matrix[a * self.stride..(a + 1) * self.stride]
    }

    /// Negated distance from `a` to `b`, both at most `n`.
    #[inline(always)]
    pub(super) fn minus(&self, a: usize, b: usize) -> f32 {
        debug_assert!(a <= self.n && b <= self.n);
        // SAFETY: callers take cities from tours, which hold `0..=n`; `fill` made `n + 1` rows of `stride > n`.
        unsafe { *self.matrix.get_unchecked(a * self.stride + b) }
    }

    /// Length of a path.
    #[inline(always)]
    pub(super) fn length(&self, order: impl Iterator<Item = usize>) -> f64 {
        let (mut length, mut before) = (0.0, self.n);
        for city in order {
            length -= f64::from(self.minus(before, city));
            before = city;
        }
        length
    }
}

/// Makes a buffer hold at least so many floats; what it held is lost if it grows.
pub(super) fn grow(buffer: &mut Buffer, floats: usize) {
    if buffer.len() < floats {
        *buffer = Buffer::zeros(floats);
    }
}
