//! A product of two matrices that are both read along their rows: the gradient of the inputs.

use std::cell::RefCell;
use std::ops::Range;

use super::{Target, share};
use crate::simd::{InstructionSet, Kernel, Simd, dispatch};

/// Rows and columns of the result that one task makes.
const BLOCK: usize = 64;
/// Terms that are packed at a time: eight rows of them leave room for others in a first-level cache.
const TERMS: usize = 512;

thread_local! {
    /// The rows of `right` that a tile reads.
    static PACKED: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// `left [rows, terms] · right [columns, terms]ᵀ`.
pub(super) struct Dot<'a> {
    pub(super) left: &'a [f32],
    pub(super) right: &'a [f32],
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) terms: usize,
}

impl Dot<'_> {
    /// Each task makes the elements of [`BLOCK`] rows and columns.
    pub(super) fn compute(&self, out: &mut [f32]) {
        let set = InstructionSet::best();
        let across = self.columns.div_ceil(BLOCK);
        let target = Target(out.as_mut_ptr());
        let tasks = across * self.rows.div_ceil(BLOCK);
        share(tasks, self.rows * self.columns * self.terms, |task| {
            PACKED.with_borrow_mut(|packed| {
                let (row, column) = (task / across * BLOCK, task % across * BLOCK);
                dispatch(set, Task { dot: self, row, column, packed, target });
            });
        });
    }
}

struct Task<'a> {
    dot: &'a Dot<'a>,
    row: usize,
    column: usize,
    packed: &'a mut Vec<f32>,
    target: Target,
}

impl Kernel for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { dot, row, column, packed, target } = self;
        let (rows, columns) = ((row + BLOCK).min(dot.rows), (column + BLOCK).min(dot.columns));
        // As many sums as leave registers for their operands; the columns' rows stay in cache for all rows.
        let wide = if S::LANES == 16 { 8 } else { 4 };
        // An odd number of vectors apart: rows a power of two apart would share one set of the cache.
        let stride = TERMS + S::LANES;
        packed.resize(wide * stride, 0.0);
        for first in (0..dot.terms).step_by(TERMS) {
            let terms = first..(first + TERMS).min(dot.terms);
            let mut k = column;
            while k < columns {
                let count = if k + wide <= columns { wide } else { 1 };
                for (c, to) in packed.chunks_exact_mut(stride).take(count).enumerate() {
                    to[..terms.len()].copy_from_slice(&dot.right[(k + c) * dot.terms..][terms.clone()]);
                }
                for r in (row..rows).step_by(2) {
                    let tile = Tile { dot, packed, stride, terms: terms.clone(), row: r, column: k, target };
                    match (r + 2 <= rows, count) {
                        (true, 8) => tile.add::<S, 2, 8>(s),
                        (true, 4) => tile.add::<S, 2, 4>(s),
                        (true, _) => tile.add::<S, 2, 1>(s),
                        (false, 8) => tile.add::<S, 1, 8>(s),
                        (false, 4) => tile.add::<S, 1, 4>(s),
                        (false, _) => tile.add::<S, 1, 1>(s),
                    }
                }
                k += count;
            }
        }
    }
}

/// A few elements of the result, and some of their terms.
struct Tile<'a> {
    dot: &'a Dot<'a>,
    /// Rows of the right matrix, `stride` apart, from the first of `terms` on.
    packed: &'a [f32],
    stride: usize,
    terms: Range<usize>,
    row: usize,
    column: usize,
    target: Target,
}

impl Tile<'_> {
    /// Adds the terms to the elements of `R` rows and `C` columns; the first terms start them.
    #[inline(always)]
    fn add<S: Simd, const R: usize, const C: usize>(self, s: S) {
        let Self { dot, packed, stride, terms, row, column, target } = self;
        let left = &dot.left[row * dot.terms + terms.start..][..(R - 1) * dot.terms + terms.len()];
        let right = &packed[..C * stride];
        let whole = terms.len() / S::LANES * S::LANES;
        let mut sums = [[s.splat(0.0); C]; R];
        for i in (0..whole).step_by(S::LANES) {
            // SAFETY: every row of both slices holds a vector at `i`: `i + LANES <= terms <= stride`.
            unsafe {
                let mut rows = [s.splat(0.0); R];
                for (r, vector) in rows.iter_mut().enumerate() {
                    *vector = s.load(left.as_ptr().add(r * dot.terms + i));
                }
                for c in 0..C {
                    let other = s.load(right.as_ptr().add(c * stride + i));
                    for (row, sums) in rows.iter().zip(&mut sums) {
                        sums[c] = s.fma(*row, other, sums[c]);
                    }
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            for (c, sum) in sums.iter().enumerate() {
                let mut sum = s.sum(*sum);
                for i in whole..terms.len() {
                    sum += left[r * dot.terms + i] * right[c * stride + i];
                }
                // SAFETY: these rows and columns of the result are this task's alone.
                unsafe { target.put((row + r) * dot.columns + column + c, sum, terms.start > 0) }
            }
        }
    }
}
