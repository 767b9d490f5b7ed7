//! A product whose right matrix is read along its rows: forwards, and the gradient of the weight.

use std::cell::RefCell;

use super::{Target, share};
use crate::buffer::Buffer;
use crate::simd::{InstructionSet, Kernel, Simd, dispatch};

/// Rows of the result that one task makes.
const ROWS: usize = 128;
/// Terms that are packed at a time: with [`ROWS`] rows of sums about a first-level cache.
const TERMS: usize = 256;
/// Columns of two vectors of the widest set.
const WIDEST: usize = 32;

/// A matrix with any strides, in floats.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    pub(super) values: &'a [f32],
    pub(super) row_stride: usize,
    pub(super) column_stride: usize,
}

/// `left [rows, terms] · right [terms, columns]`, plus `start [columns]` if given.
pub(super) struct Product<'a> {
    pub(super) left: Matrix<'a>,
    pub(super) right: &'a [f32],
    pub(super) start: Option<&'a [f32]>,
    pub(super) rows: usize,
    pub(super) terms: usize,
    pub(super) columns: usize,
}

thread_local! {
    /// A packed panel and the sums of a task.
    static SCRATCH: RefCell<(Buffer, Buffer)> =
        RefCell::new((Buffer::zeros(TERMS * WIDEST), Buffer::zeros(ROWS * WIDEST)));
}

impl Product<'_> {
    /// Each task makes the elements of [`ROWS`] rows and two vectors of columns.
    pub(super) fn compute(&self, out: &mut [f32]) {
        let set = InstructionSet::best();
        let panels = self.columns.div_ceil(2 * set.lanes());
        let target = Target(out.as_mut_ptr());
        let tasks = panels * self.rows.div_ceil(ROWS);
        share(tasks, self.rows * self.terms * self.columns, |task| {
            SCRATCH.with_borrow_mut(|(panel, sums)| {
                let (block, columns) = (task / panels * ROWS, task % panels * 2 * set.lanes());
                dispatch(set, Task { product: self, first_row: block, first_column: columns, panel, sums, target });
            });
        });
    }
}

struct Task<'a> {
    product: &'a Product<'a>,
    first_row: usize,
    first_column: usize,
    panel: &'a mut [f32],
    sums: &'a mut [f32],
    target: Target,
}

impl Kernel for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { product, first_row, first_column, panel, sums, target } = self;
        let width = 2 * S::LANES;
        let rows = ROWS.min(product.rows - first_row);
        let columns = width.min(product.columns - first_column);
        let mut start = [0.0; WIDEST];
        if let Some(bias) = product.start {
            start[..columns].copy_from_slice(&bias[first_column..first_column + columns]);
        }
        for sum in sums[..rows * width].chunks_exact_mut(width) {
            sum.copy_from_slice(&start[..width]);
        }
        for first in (0..product.terms).step_by(TERMS) {
            let terms = TERMS.min(product.terms - first);
            for (k, to) in panel.chunks_exact_mut(width).take(terms).enumerate() {
                let from = &product.right[(first + k) * product.columns + first_column..][..columns];
                to[..columns].copy_from_slice(from);
                to[columns..].fill(0.0);
            }
            let Matrix { values, row_stride, column_stride } = product.left;
            let left = Matrix { values: &values[first * column_stride..], row_stride, column_stride };
            let height = if S::TILE_ROWS == 8 { 8 } else { 4 };
            let mut row = 0;
            while row + height <= rows {
                // A constant number of rows keeps the sums in registers.
                match height {
                    8 => tile::<S, 8>(s, left, first_row + row, panel, terms, &mut sums[row * width..]),
                    _ => tile::<S, 4>(s, left, first_row + row, panel, terms, &mut sums[row * width..]),
                }
                row += height;
            }
            for row in row..rows {
                tile::<S, 1>(s, left, first_row + row, panel, terms, &mut sums[row * width..]);
            }
        }
        for (row, sum) in sums[..rows * width].chunks_exact(width).enumerate() {
            let at = (first_row + row) * product.columns + first_column;
            for (i, value) in sum[..columns].iter().enumerate() {
                // SAFETY: these rows and columns of the result are this task's alone.
                unsafe { target.put(at + i, *value, false) }
            }
        }
    }
}

/// Adds `terms` terms to the sums `[R, 2 vectors]` of the rows from `row` on.
#[inline(always)]
fn tile<S: Simd, const R: usize>(s: S, left: Matrix<'_>, row: usize, panel: &[f32], terms: usize, sums: &mut [f32]) {
    let width = 2 * S::LANES;
    let Matrix { values, row_stride, column_stride } = left;
    let last = (row + R - 1) * row_stride + (terms - 1) * column_stride;
    assert!(
        last < values.len() && panel.len() >= terms * width && sums.len() >= R * width,
        "a tile within its matrices"
    );
    let (from, panel, sums) = (values[row * row_stride..].as_ptr(), panel.as_ptr(), sums.as_mut_ptr());
    // SAFETY: the assertion above.
    unsafe {
        let mut sum = [[s.splat(0.0); 2]; R];
        for (r, sum) in sum.iter_mut().enumerate() {
            *sum = [s.load(sums.add(r * width)), s.load(sums.add(r * width + S::LANES))];
        }
        for k in 0..terms {
            let right = [s.load(panel.add(k * width)), s.load(panel.add(k * width + S::LANES))];
            for (r, sum) in sum.iter_mut().enumerate() {
                let x = s.splat(*from.add(r * row_stride + k * column_stride));
                sum[0] = s.fma(x, right[0], sum[0]);
                sum[1] = s.fma(x, right[1], sum[1]);
            }
        }
        for (r, sum) in sum.iter().enumerate() {
            s.store(sums.add(r * width), sum[0]);
            s.store(sums.add(r * width + S::LANES), sum[1]);
        }
    }
}
