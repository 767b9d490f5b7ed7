//! Zeroed `f32` memory on cache-line boundaries: a vector that straddles two lines costs two accesses.

use std::ops::{Deref, DerefMut};

/// Floats in a cache line, and in the longest vector.
const LINE: usize = 16;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// A slice of floats, its length rounded up to whole cache lines.
pub(crate) struct Buffer(Vec<Line>);

impl Buffer {
    /// At least `floats` zeros.
    pub(crate) fn zeros(floats: usize) -> Self {
        Self(vec![Line([0.0; LINE]); floats.div_ceil(LINE)])
    }
}

impl Deref for Buffer {
    type Target = [f32];

    #[inline(always)]
    fn deref(&self) -> &[f32] {
        // SAFETY: `Line` is `repr(C)` and as large as its array, so that lines are one array of floats.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * LINE) }
    }
}

impl DerefMut for Buffer {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`, and the borrow is unique.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LINE) }
    }
}
