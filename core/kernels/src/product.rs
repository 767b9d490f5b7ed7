//! Matrix products on register tiles, the inner loops of every kernel here.
//!
//! Vectors run over the columns of the right operand; elements of the left operand are broadcast. With points as rows
//! this serves the forward pass and the gradient to the inputs, with points as the summed index the gradient to the
//! weights, and no product needs a sum across lanes.

use crate::plan::Panels;
use crate::simd::Simd;

/// Points are processed in groups of this many: the tallest tile. Blocks are padded to whole groups.
pub(crate) const POINT_GROUP: usize = 8;

/// What happens to a finished vector of a product.
pub(crate) trait Finish<S: Simd> {
    /// Takes columns `column..column + LANES` of `row`.
    ///
    /// # Safety
    /// The memory behind it must cover every row and column of the product.
    unsafe fn finish(&self, s: S, row: usize, column: usize, value: S::V);

    /// What is left to do once all vectors of a tile of `M` rows and `N` vectors were taken.
    ///
    /// # Safety
    /// As [`Finish::finish`].
    #[inline(always)]
    unsafe fn finish_tile<const M: usize, const N: usize>(&self, _s: S, _row: usize, _column: usize) {}
}

/// A matrix in memory: element (r, c) at `start + r * row + c * column`.
#[derive(Clone, Copy)]
pub(crate) struct Left {
    pub(crate) start: *const f32,
    pub(crate) row: usize,
    pub(crate) column: usize,
}

/// Adds `left` times the tile of `N` vectors at `right` (rows `step` floats apart, `depth` of them) to `M` rows of sums.
#[inline(always)]
unsafe fn accumulate<S: Simd, const M: usize, const N: usize>(
    s: S,
    sums: &mut [[S::V; N]; M],
    left: Left,
    right: *const f32,
    step: usize,
    depth: usize,
) {
    for k in 0..depth {
        // SAFETY: the caller's operands cover the tile.
        unsafe {
            let row = right.add(k * step);
            let mut vectors = [s.splat(0.0); N];
            for (n, vector) in vectors.iter_mut().enumerate() {
                *vector = s.load(row.add(n * S::LANES));
            }
            let column = left.start.add(k * left.column);
            for (m, sums) in sums.iter_mut().enumerate() {
                let x = s.splat(*column.add(m * left.row));
                for (sum, &vector) in sums.iter_mut().zip(&vectors) {
                    *sum = s.fma(x, vector, *sum);
                }
            }
        }
    }
}

/// `left` (`rows` x `panels.rows`, rows a multiple of [`POINT_GROUP`]) times the panels at `right`, plus `bias`; every
/// vector of the product goes to `finish`.
///
/// # Safety
/// `left`, `right`, `bias` (`panels.columns` floats) and the memory of `finish` must cover the product.
#[inline(always)]
pub(crate) unsafe fn times_panels<S: Simd, F: Finish<S>>(
    s: S,
    left: Left,
    rows: usize,
    right: *const f32,
    panels: &Panels,
    bias: Option<*const f32>,
    finish: &F,
) {
    let full = 2 * S::LANES;
    let mut column = 0;
    while column < panels.columns {
        // SAFETY: the caller's; a panel starts after the rows of all columns before it.
        unsafe {
            let panel = right.add(column * panels.rows);
            let bias = bias.map(|bias| bias.add(column));
            if panels.columns - column >= full {
                panel_rows::<S, F, 2>(s, left, rows, panel, panels.rows, column, bias, finish);
            } else {
                panel_rows::<S, F, 1>(s, left, rows, panel, panels.rows, column, bias, finish);
            }
        }
        column += full;
    }
}

/// One panel of [`times_panels`].
#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn panel_rows<S: Simd, F: Finish<S>, const N: usize>(
    s: S,
    left: Left,
    rows: usize,
    panel: *const f32,
    depth: usize,
    column: usize,
    bias: Option<*const f32>,
    finish: &F,
) {
    let mut row = 0;
    while row < rows {
        let height = tile_height::<S>(rows - row);
        // SAFETY: the caller's; the tile is no taller than the rows that are left.
        unsafe {
            match height {
                8 => tile::<S, F, 8, N>(s, left, row, panel, depth, column, bias, finish),
                6 => tile::<S, F, 6, N>(s, left, row, panel, depth, column, bias, finish),
                4 => tile::<S, F, 4, N>(s, left, row, panel, depth, column, bias, finish),
                _ => tile::<S, F, 2, N>(s, left, row, panel, depth, column, bias, finish),
            }
        }
        row += height;
    }
}

/// Height of the next tile: the tallest that the registers hold, unless the rest is better served by two equal ones.
#[inline(always)]
fn tile_height<S: Simd>(rest: usize) -> usize {
    match S::TILE_ROWS {
        8 if rest >= 8 => 8,
        6 if rest >= 6 && rest != 8 => 6,
        4.. if rest >= 4 => 4,
        _ if rest >= 2 => 2,
        _ => 1,
    }
}

/// One tile of [`times_panels`].
#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn tile<S: Simd, F: Finish<S>, const M: usize, const N: usize>(
    s: S,
    left: Left,
    row: usize,
    panel: *const f32,
    depth: usize,
    column: usize,
    bias: Option<*const f32>,
    finish: &F,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [[s.splat(0.0); N]; M];
        if let Some(bias) = bias {
            for n in 0..N {
                let start = s.load(bias.add(n * S::LANES));
                for sum in &mut sums {
                    sum[n] = start;
                }
            }
        }
        let left = Left { start: left.start.add(row * left.row), ..left };
        accumulate(s, &mut sums, left, panel, N * S::LANES, depth);
        for (m, sum) in sums.iter().enumerate() {
            for (n, &value) in sum.iter().enumerate() {
                finish.finish(s, row + m, column + n * S::LANES, value);
            }
        }
        finish.finish_tile::<M, N>(s, row, column);
    }
}

/// Adds the transpose of `left` (points x `panels.rows`) times `right` (points x `panels.columns`, rows `stride` floats
/// apart) to the panels at `sums`.
///
/// # Safety
/// The operands must cover the product.
#[inline(always)]
pub(crate) unsafe fn add_transpose_times<S: Simd>(
    s: S,
    left: Left,
    points: usize,
    right: *const f32,
    stride: usize,
    panels: &Panels,
    sums: *mut f32,
) {
    let full = 2 * S::LANES;
    let mut column = 0;
    while column < panels.columns {
        // SAFETY: the caller's.
        unsafe {
            let (right, sums) = (right.add(column), sums.add(column * panels.rows));
            if panels.columns - column >= full {
                gradient_panel::<S, 2>(s, left, points, right, stride, panels.rows, sums);
            } else {
                gradient_panel::<S, 1>(s, left, points, right, stride, panels.rows, sums);
            }
        }
        column += full;
    }
}

/// One panel of [`add_transpose_times`].
#[inline(always)]
unsafe fn gradient_panel<S: Simd, const N: usize>(
    s: S,
    left: Left,
    points: usize,
    right: *const f32,
    stride: usize,
    rows: usize,
    sums: *mut f32,
) {
    let width = N * S::LANES;
    let mut row = 0;
    while row < rows {
        let height = tile_height::<S>(rows - row);
        // SAFETY: the caller's; the tile is no taller than the rows that are left.
        unsafe {
            let left = Left { start: left.start.add(row * left.row), ..left };
            let sums = sums.add(row * width);
            match height {
                8 => gradient_tile::<S, 8, N>(s, left, points, right, stride, sums),
                6 => gradient_tile::<S, 6, N>(s, left, points, right, stride, sums),
                4 => gradient_tile::<S, 4, N>(s, left, points, right, stride, sums),
                2 => gradient_tile::<S, 2, N>(s, left, points, right, stride, sums),
                _ => gradient_tile::<S, 1, N>(s, left, points, right, stride, sums),
            }
        }
        row += height;
    }
}

/// One tile of [`add_transpose_times`].
#[inline(always)]
unsafe fn gradient_tile<S: Simd, const M: usize, const N: usize>(
    s: S,
    left: Left,
    points: usize,
    right: *const f32,
    stride: usize,
    sums: *mut f32,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut tile = [[s.splat(0.0); N]; M];
        accumulate(s, &mut tile, left, right, stride, points);
        for (i, &sum) in tile.as_flattened().iter().enumerate() {
            let place = sums.add(i * S::LANES);
            s.store(place, s.add(s.load(place), sum));
        }
    }
}
