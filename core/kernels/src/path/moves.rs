//! The best move around one city: 2-opt and Or-opt, all near cities at once.

use super::distances::Distances;
use super::near::{NEAR, Near};
use super::tour::{CARRIED, FIRST, Tour};
use crate::simd::Simd;

/// Kinds of moves, in pairs: the new neighbour loses the city behind it (even) or the one before it (odd). A pair of
/// 2-opt, a pair for one carried city, and two pairs for every longer stretch.
const KINDS: usize = 4 * CARRIED;

/// A move that makes a city `t` and another one, `city`, neighbours.
pub(super) struct Move {
    /// What it shortens the path by.
    pub(super) gain: f32,
    /// 0 and 1: 2-opt. From 2 on, pairs of Or-opt: one city, two that run ahead from `t`, two behind it, three ahead,
    /// three behind.
    pub(super) kind: usize,
    /// New neighbour; the additional city makes `t` an end.
    pub(super) city: usize,
}

impl Move {
    /// Length of the carried stretch, of which `t` is one end, and whether it runs ahead from `t`.
    pub(super) fn stretch(&self) -> (usize, bool) {
        let pair = self.kind / 2;
        (pair / 2 + 1, pair == 1 || pair.is_multiple_of(2))
    }
}

/// The move around `t` that gains most, if any gains more than `least`.
///
/// With `SHORT`, there are at most 32 cities.
#[inline(always)]
pub(super) fn best<S: Simd, const SHORT: bool>(
    s: S,
    distances: &Distances,
    near: &Near,
    tour: &Tour,
    t: usize,
    least: f32,
) -> Option<Move> {
    let n = distances.n;
    let slot = tour.slot(t);
    let [b3, b2, b1, _, a1, a2, a3]: [usize; 7] = std::array::from_fn(|i| tour.at(slot + i - 3));
    let minus = |a: usize, b: usize| distances.minus(a, b);
    // Gains of what is taken out: an edge of `t` for 2-opt, a stretch for Or-opt.
    let (before, behind) = (minus(b1, t), minus(t, a1));
    let allowed = |yes: bool, gain: f32| if yes { gain } else { f32::NEG_INFINITY };
    let removed = [
        -behind,
        -before,
        minus(b1, a1) - before - behind,
        allowed(a1 != n, minus(b1, a2) - before - minus(a1, a2)),
        allowed(b1 != n, minus(b2, a1) - behind - minus(b2, b1)),
        allowed(a1 != n && a2 != n, minus(b1, a3) - before - minus(a2, a3)),
        allowed(b1 != n && b2 != n, minus(b3, a1) - behind - minus(b3, b2)),
    ];
    let (cities, lengths) = near.of(t);
    let mut gains = [[0.0f32; NEAR]; KINDS];
    let mut most = s.splat(least);
    for half in (0..NEAR).step_by(S::LANES) {
        // SAFETY: lists hold NEAR numbers. Indices are cities up to `n`, which all tables and rows hold; they have room
        // for 32 numbers. The only index above 31 can be the additional city of 32 real ones: to it, every distance is
        // 0.
        unsafe {
            let c = s.load(cities.as_ptr().add(half));
            let to_c = s.load(lengths.as_ptr().add(half));
            let (next, previous) = (look::<S, SHORT>(s, tour.next(), c), look::<S, SHORT>(s, tour.previous(), c));
            let even = s.add(to_c, look::<S, SHORT>(s, tour.edge(), c));
            let odd = s.add(to_c, look::<S, SHORT>(s, tour.edge(), previous));
            // A stretch cannot go between its own cities or to where it is.
            let offset = s.sub(look::<S, SHORT>(s, tour.place(), c), s.splat(slot as f32));
            let distance = s.max(offset, s.sub(s.splat(0.0), offset));
            let inside = s.mul(s.is_positive(s.sub(s.splat(CARRIED as f32 - 0.5), distance)), s.splat(f32::MIN));
            let (even_far, odd_far) = (s.add(even, inside), s.add(odd, inside));
            let mut row = [(c, c); 5];
            for (row, city) in row.iter_mut().zip([t, a1, b1, a2, b2]) {
                let minus = distances.row(city);
                *row = (look::<S, SHORT>(s, minus, next), look::<S, SHORT>(s, minus, previous));
            }
            let all = [
                sum(s, removed[0], even, row[1].0),
                sum(s, removed[1], odd, row[2].1),
                sum(s, removed[2], even, row[0].0),
                sum(s, removed[2], odd, row[0].1),
                sum(s, removed[3], even_far, row[1].0),
                sum(s, removed[3], odd_far, row[1].1),
                sum(s, removed[4], even_far, row[2].0),
                sum(s, removed[4], odd_far, row[2].1),
                sum(s, removed[5], even_far, row[3].0),
                sum(s, removed[5], odd_far, row[3].1),
                sum(s, removed[6], even_far, row[4].0),
                sum(s, removed[6], odd_far, row[4].1),
            ];
            for four in all.chunks_exact(4) {
                most = s.max(most, s.max(s.max(four[0], four[1]), s.max(four[2], four[3])));
            }
            for (gains, &all) in gains.iter_mut().zip(&all) {
                s.store(gains.as_mut_ptr().add(half), all);
            }
        }
    }
    // The same with the additional city as neighbour: to either end, unless the stretch is there.
    let (first, last) = (FIRST, tour.last());
    let (front, back) = (tour.at(first), tour.at(last));
    let ends = [
        removed[0] + minus(a1, front),
        removed[1] + minus(b1, back),
        removed[2] + minus(t, front),
        removed[2] + minus(t, back),
        allowed(slot > first, removed[3] + minus(a1, front)),
        allowed(slot + 1 < last, removed[3] + minus(a1, back)),
        allowed(slot > first + 1, removed[4] + minus(b1, front)),
        allowed(slot < last, removed[4] + minus(b1, back)),
        allowed(slot > first, removed[5] + minus(a2, front)),
        allowed(slot + 2 < last, removed[5] + minus(a2, back)),
        allowed(slot > first + 2, removed[6] + minus(b2, front)),
        allowed(slot < last, removed[6] + minus(b2, back)),
    ];
    let larger = |a: f32, b: f32| if a > b { a } else { b };
    let four = |i: usize| larger(larger(ends[i], ends[i + 1]), larger(ends[i + 2], ends[i + 3]));
    let end = larger(four(0), larger(four(4), four(8)));
    let gain = larger(s.largest(most), end);
    if gain <= least {
        return None;
    }
    if gain == end {
        return ends.iter().position(|&x| x == gain).map(|kind| Move { gain, kind, city: n });
    }
    for (kind, gains) in gains.iter().enumerate() {
        // One more than the last lane that has it: without branches, the compiler makes vectors of this.
        let mut found = 0;
        for (&x, lane) in gains.iter().zip(1u32..) {
            found = found.max(if x == gain { lane } else { 0 });
        }
        if found > 0 {
            return Some(Move { gain, kind, city: cities[found as usize - 1].to_bits() as usize });
        }
    }
    None
}

/// Lanes of a table.
///
/// # Safety
/// The table must hold every index, and for `SHORT` 32 numbers, and 0 behind them.
#[inline(always)]
unsafe fn look<S: Simd, const SHORT: bool>(s: S, table: &[f32], index: S::V) -> S::V {
    // SAFETY: the caller's.
    unsafe { if SHORT { s.gather32(table.as_ptr(), index) } else { s.gather(table.as_ptr(), index) } }
}

/// A number and two vectors.
#[inline(always)]
fn sum<S: Simd>(s: S, a: f32, b: S::V, c: S::V) -> S::V {
    s.add(s.splat(a), s.add(b, c))
}
