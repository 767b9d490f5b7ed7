//! The nearest neighbours of each city.

use super::distances::{Distances, grow};
use crate::buffer::Buffer;
use crate::plan::round_up;
use crate::simd::Simd;

/// Near cities that moves consider for each city: one long vector.
pub(super) const NEAR: usize = 16;

/// Neighbour lists.
pub(super) struct Near {
    /// `[n, NEAR]` cities as bits, near ones first; where there are no more, the city itself.
    cities: Buffer,
    /// `[n, NEAR]` their negated distances: minus infinity to the city itself.
    distances: Buffer,
    keys: Buffer,
}

impl Near {
    pub(super) fn new() -> Self {
        Self { cities: Buffer::zeros(0), distances: Buffer::zeros(0), keys: Buffer::zeros(0) }
    }

    /// Near cities of `a` as bits, and their negated distances.
    #[inline(always)]
    pub(super) fn of(&self, a: usize) -> (&[f32; NEAR], &[f32; NEAR]) {
        let list = |buffer: &'_ Buffer| -> *const [f32; NEAR] { buffer[a * NEAR..][..NEAR].as_ptr().cast() };
        // SAFETY: the slices just taken have this length.
        unsafe { (&*list(&self.cities), &*list(&self.distances)) }
    }

    /// Sorts every row of the distances by a sorting network, each comparator of which serves a vector of cities.
    #[inline(always)]
    pub(super) fn fill<S: Simd>(&mut self, s: S, distances: &Distances) {
        let (n, stride) = (distances.n, distances.stride);
        grow(&mut self.cities, n * NEAR);
        grow(&mut self.distances, n * NEAR);
        grow(&mut self.keys, round_up(n, NEAR) * stride);
        // Numbers that are not negative sort like their bits. The lowest bits tell which city it is: distances that
        // differ there only are as good as equal.
        let low = (n as u32).next_power_of_two() - 1;
        let keys = &mut self.keys[..];
        for b in 0..n {
            for (key, &minus) in keys[b * stride..(b + 1) * stride].iter_mut().zip(distances.row(b)) {
                *key = f32::from_bits((minus.abs().to_bits() & !low) | b as u32);
            }
        }
        keys[n * stride..round_up(n, NEAR) * stride].fill(f32::INFINITY);
        for block in (0..n).step_by(S::LANES) {
            let mut best = [s.splat(f32::INFINITY); NEAR];
            for chunk in (0..n).step_by(NEAR) {
                let mut new = [s.splat(0.0); NEAR];
                for (k, new) in new.iter_mut().enumerate() {
                    // The matrix is symmetric: its row `b` holds how far every city of the block is from `b`.
                    // SAFETY: there are `round_up(n, NEAR)` rows, and blocks end within the stride.
                    *new = unsafe { s.load(keys.as_ptr().add((chunk + k) * stride + block)) };
                }
                merge::<S, 2>(s, &mut new);
                merge::<S, 4>(s, &mut new);
                merge::<S, 8>(s, &mut new);
                merge::<S, 16>(s, &mut new);
                // The smaller half of both lists, which falls and rises: one merge sorts it.
                for k in 0..NEAR {
                    best[k] = s.min(best[k], new[NEAR - 1 - k]);
                }
                merge::<S, 16>(s, &mut best);
            }
            let mut sorted = [[0.0f32; 16]; NEAR];
            for (sorted, &best) in sorted.iter_mut().zip(&best) {
                // SAFETY: sixteen floats hold every vector.
                unsafe { s.store(sorted.as_mut_ptr(), best) };
            }
            for a in block..n.min(block + S::LANES) {
                for (k, sorted) in sorted.iter().enumerate() {
                    let key = sorted[a - block];
                    let b = if key < f32::INFINITY { (key.to_bits() & low) as usize } else { a };
                    self.cities[a * NEAR + k] = f32::from_bits(b as u32);
                    self.distances[a * NEAR + k] = distances.minus(a, b);
                }
            }
        }
    }
}

/// Sorts runs of `SIZE` that fall and rise or rise and fall, every other one downwards: a stage of a bitonic sort
/// (Batcher, 1968).
#[inline(always)]
fn merge<S: Simd, const SIZE: usize>(s: S, keys: &mut [S::V; NEAR]) {
    if SIZE >= 16 {
        compare::<S, SIZE, 8>(s, keys);
    }
    if SIZE >= 8 {
        compare::<S, SIZE, 4>(s, keys);
    }
    if SIZE >= 4 {
        compare::<S, SIZE, 2>(s, keys);
    }
    compare::<S, SIZE, 1>(s, keys);
}

/// Orders pairs that are `STEP` apart.
#[inline(always)]
fn compare<S: Simd, const SIZE: usize, const STEP: usize>(s: S, keys: &mut [S::V; NEAR]) {
    for pair in 0..NEAR / 2 {
        let i = pair / STEP * 2 * STEP + pair % STEP;
        let j = i + STEP;
        let (small, large) = (s.min(keys[i], keys[j]), s.max(keys[i], keys[j]));
        (keys[i], keys[j]) = if i & SIZE == 0 { (small, large) } else { (large, small) };
    }
}
