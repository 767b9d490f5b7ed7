//! A path as an array, with what moves look up for each city.

use super::distances::{Distances, grow};
use crate::buffer::Buffer;
use crate::plan::round_up;

/// Slot of the first city; as many slots before the first and behind the last city hold the additional one.
pub(super) const FIRST: usize = 4;
/// Longest stretch that [`Tour::carry`] takes elsewhere.
pub(super) const CARRIED: usize = 3;

/// Tables in one piece of memory, which is copied at once: cities by slot, then values by city. Whole numbers are bits
/// of floats, so that vectors of them are indices.
const ORDER: usize = 0;
const NEXT: usize = 1;
const PREVIOUS: usize = 2;
const EDGE: usize = 3;
const PLACE: usize = 4;
const TABLES: usize = 5;

/// The order of `n` cities, between two ends that are the additional city, number `n`.
pub(super) struct Tour {
    n: usize,
    stride: usize,
    tables: Buffer,
}

impl Tour {
    pub(super) fn new() -> Self {
        Self { n: 0, stride: 0, tables: Buffer::zeros(0) }
    }

    /// Starts with a path through all cities.
    pub(super) fn start(&mut self, order: &[u32], distances: &Distances) {
        self.n = order.len();
        self.stride = round_up(self.n + 2 * FIRST, 16).max(32);
        grow(&mut self.tables, TABLES * self.stride);
        self.tables[..self.stride].fill(f32::from_bits(self.n as u32));
        for (slot, &city) in self.tables[FIRST..].iter_mut().zip(order) {
            *slot = f32::from_bits(city);
        }
        self.refresh(FIRST, self.last(), distances);
    }

    /// Takes over another path.
    #[inline(always)]
    pub(super) fn copy_from(&mut self, other: &Self) {
        (self.n, self.stride) = (other.n, other.stride);
        let used = TABLES * self.stride;
        grow(&mut self.tables, used);
        self.tables[..used].copy_from_slice(&other.tables[..used]);
    }

    /// Slot of the last city.
    #[inline(always)]
    pub(super) fn last(&self) -> usize {
        FIRST + self.n - 1
    }

    /// City in a slot, from [`FIRST`] before the first city to as many behind the last one.
    #[inline(always)]
    pub(super) fn at(&self, slot: usize) -> usize {
        debug_assert!(slot < self.n + 2 * FIRST);
        // SAFETY: slots are near those of cities; the table has a margin on either side.
        unsafe { self.tables.get_unchecked(slot).to_bits() as usize }
    }

    /// Slot of a city that is not the additional one.
    #[inline(always)]
    pub(super) fn slot(&self, city: usize) -> usize {
        self.tables[PLACE * self.stride + city] as i32 as usize
    }

    /// By city: the one behind it.
    #[inline(always)]
    pub(super) fn next(&self) -> &[f32] {
        self.table(NEXT)
    }

    /// By city: the one before it.
    #[inline(always)]
    pub(super) fn previous(&self) -> &[f32] {
        self.table(PREVIOUS)
    }

    /// By city: the distance to the one behind it.
    #[inline(always)]
    pub(super) fn edge(&self) -> &[f32] {
        self.table(EDGE)
    }

    /// By city: its slot as a number.
    #[inline(always)]
    pub(super) fn place(&self) -> &[f32] {
        self.table(PLACE)
    }

    #[inline(always)]
    fn table(&self, table: usize) -> &[f32] {
        &self.tables[table * self.stride..(table + 1) * self.stride]
    }

    /// Reverses the stretch between two slots.
    #[inline(always)]
    pub(super) fn reverse(&mut self, from: usize, to: usize, distances: &Distances) {
        let (mut i, mut j) = (from, to);
        while i < j {
            self.tables.swap(i, j);
            i += 1;
            j -= 1;
        }
        self.refresh(from, to, distances);
    }

    /// Carries the stretch of `length` cities from slot `from` on to between slots `gap` and `gap + 1`, which are both
    /// outside, in either direction.
    #[inline(always)]
    pub(super) fn carry(&mut self, from: usize, length: usize, gap: usize, reversed: bool, distances: &Distances) {
        let order = &mut self.tables[..self.stride];
        let mut stretch = [order[from], order[from + 1], order[from + 2]];
        if reversed {
            stretch[..length].reverse();
        }
        if gap > from {
            for slot in from..=gap - length {
                order[slot] = order[slot + length];
            }
            order[gap + 1 - length..=gap].copy_from_slice(&stretch[..length]);
            self.refresh(from, gap, distances);
        } else {
            for slot in (gap + 1..from).rev() {
                order[slot + length] = order[slot];
            }
            order[gap + 1..=gap + length].copy_from_slice(&stretch[..length]);
            self.refresh(gap + 1, from + length - 1, distances);
        }
    }

    /// Swaps the stretches behind slot `a` up to `b` and behind `b` up to `c`.
    #[inline(always)]
    pub(super) fn swap(&mut self, a: usize, b: usize, c: usize, distances: &Distances) {
        self.tables[a + 1..=c].rotate_left(b - a);
        self.refresh(a + 1, c, distances);
    }

    /// Writes the tables for the cities between two slots, and for their edges to those outside.
    #[inline(always)]
    fn refresh(&mut self, from: usize, to: usize, distances: &Distances) {
        assert!(
            FIRST <= from && to <= self.last() && distances.n == self.n && TABLES * self.stride <= self.tables.len()
        );
        let stride = self.stride;
        let tables = self.tables.as_mut_ptr();
        // SAFETY: the order holds cities up to `n`, and every table has more entries than that.
        unsafe {
            for slot in from - 1..=to {
                let (here, next) = (*tables.add(ORDER + slot), *tables.add(ORDER + slot + 1));
                let (a, b) = (here.to_bits() as usize, next.to_bits() as usize);
                *tables.add(NEXT * stride + a) = next;
                *tables.add(PREVIOUS * stride + b) = here;
                *tables.add(EDGE * stride + a) = -distances.minus(a, b);
                *tables.add(PLACE * stride + b) = (slot + 1) as f32;
            }
        }
    }
}
