//! What the passes of a network do with finished vectors of a product.

use crate::product::Finish;
use crate::simd::Simd;
use crate::sine::sin_cos_half_turns;

/// Where a hidden layer goes.
pub(crate) struct Activate {
    pub(crate) values: *mut f32,
    pub(crate) slopes: *mut f32,
    pub(crate) stride: usize,
}

impl Activate {
    #[inline(always)]
    unsafe fn store<S: Simd>(&self, s: S, row: usize, column: usize, value: S::V, slope: S::V) {
        let at = row * self.stride + column;
        // SAFETY: the caller's.
        unsafe {
            s.store(self.values.add(at), value);
            s.store(self.slopes.add(at), slope);
        }
    }
}

/// Sine of half turns, and its cosine.
pub(crate) struct SineOf(pub(crate) Activate);

impl<S: Simd> Finish<S> for SineOf {
    #[inline(always)]
    unsafe fn finish(&self, s: S, row: usize, column: usize, value: S::V) {
        // SAFETY: the caller's.
        unsafe { s.store(self.0.values.add(row * self.0.stride + column), value) }
    }

    /// Through memory: with a body as long as this one the loop over the tile is not unrolled, and an index that is known
    /// only at run time would keep the sums of the whole product out of registers.
    #[inline(always)]
    unsafe fn finish_tile<const M: usize, const N: usize>(&self, s: S, row: usize, column: usize) {
        for m in 0..M {
            for n in 0..N {
                let (row, column) = (row + m, column + n * S::LANES);
                // SAFETY: the caller's.
                unsafe {
                    let argument = s.load(self.0.values.add(row * self.0.stride + column));
                    let (sine, cosine) = sin_cos_half_turns(s, argument);
                    self.0.store(s, row, column, sine, cosine);
                }
            }
        }
    }
}

/// Positive part, and 1 where it is positive.
pub(crate) struct ReluOf(pub(crate) Activate);

impl<S: Simd> Finish<S> for ReluOf {
    #[inline(always)]
    unsafe fn finish(&self, s: S, row: usize, column: usize, value: S::V) {
        // SAFETY: the caller's.
        unsafe { self.0.store(s, row, column, s.max(value, s.splat(0.0)), s.is_positive(value)) }
    }
}

/// Gradient by an activation times its slope, in place of the slope.
pub(crate) struct Chain {
    pub(crate) slopes: *mut f32,
    pub(crate) stride: usize,
}

impl<S: Simd> Finish<S> for Chain {
    #[inline(always)]
    unsafe fn finish(&self, s: S, row: usize, column: usize, value: S::V) {
        // SAFETY: the caller's.
        unsafe {
            let place = self.slopes.add(row * self.stride + column);
            s.store(place, s.mul(value, s.load(place)));
        }
    }
}

/// Keeps the product.
pub(crate) struct Plain {
    pub(crate) values: *mut f32,
    pub(crate) stride: usize,
}

impl<S: Simd> Finish<S> for Plain {
    #[inline(always)]
    unsafe fn finish(&self, s: S, row: usize, column: usize, value: S::V) {
        // SAFETY: the caller's.
        unsafe { s.store(self.values.add(row * self.stride + column), value) }
    }
}
