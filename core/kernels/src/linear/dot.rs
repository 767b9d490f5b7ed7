//! A product of two matrices that are both read along their rows: the gradient of the inputs.

use super::{Target, share};
use crate::simd::{InstructionSet, Kernel, Simd, dispatch};

/// Rows and columns of the result that one task makes.
const BLOCK: usize = 64;

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
            let (row, column) = (task / across * BLOCK, task % across * BLOCK);
            dispatch(set, Task { dot: self, row, column, target });
        });
    }
}

struct Task<'a> {
    dot: &'a Dot<'a>,
    row: usize,
    column: usize,
    target: Target,
}

impl Kernel for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { dot, row, column, target } = self;
        let (rows, columns) = ((row + BLOCK).min(dot.rows), (column + BLOCK).min(dot.columns));
        // As many sums as leave registers for their operands; the columns' rows stay in cache for all rows.
        let wide = if S::LANES == 16 { 8 } else { 4 };
        let mut k = column;
        while k < columns {
            let whole = k + wide <= columns;
            let mut r = row;
            while r < rows {
                match (r + 2 <= rows, whole, wide) {
                    (true, true, 8) => tile::<S, 2, 8>(s, dot, r, k, target),
                    (true, true, _) => tile::<S, 2, 4>(s, dot, r, k, target),
                    (false, true, 8) => tile::<S, 1, 8>(s, dot, r, k, target),
                    (false, true, _) => tile::<S, 1, 4>(s, dot, r, k, target),
                    (true, false, _) => tile::<S, 2, 1>(s, dot, r, k, target),
                    (false, false, _) => tile::<S, 1, 1>(s, dot, r, k, target),
                }
                r += 2;
            }
            k += if whole { wide } else { 1 };
        }
    }
}

/// The elements of `R` rows from `row` on and `C` columns from `column` on.
#[inline(always)]
fn tile<S: Simd, const R: usize, const C: usize>(s: S, dot: &Dot<'_>, row: usize, column: usize, target: Target) {
    let terms = dot.terms;
    let left = &dot.left[row * terms..(row + R) * terms];
    let right = &dot.right[column * terms..(column + C) * terms];
    let whole = terms / S::LANES * S::LANES;
    let mut sums = [[s.splat(0.0); C]; R];
    for i in (0..whole).step_by(S::LANES) {
        // SAFETY: every row of both slices holds a vector at `i`.
        unsafe {
            let mut rows = [s.splat(0.0); R];
            for (r, vector) in rows.iter_mut().enumerate() {
                *vector = s.load(left.as_ptr().add(r * terms + i));
            }
            for c in 0..C {
                let other = s.load(right.as_ptr().add(c * terms + i));
                for r in 0..R {
                    sums[r][c] = s.fma(rows[r], other, sums[r][c]);
                }
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        for (c, sum) in sums.iter().enumerate() {
            let mut sum = s.sum(*sum);
            for i in whole..terms {
                sum += left[r * terms + i] * right[c * terms + i];
            }
            // SAFETY: these rows and columns of the result are this task's alone.
            unsafe { target.put((row + r) * dot.columns + column + c, sum) }
        }
    }
}
