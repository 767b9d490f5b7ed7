//! Local search: a greedy start, 2-opt and Or-opt moves, then kicks that are undone unless they pay.

use super::distances::Distances;
use super::moves::{Move, best};
use super::near::Near;
use super::start::Greedy;
use super::tour::{FIRST, Tour};
use crate::simd::{Kernel, Simd};

/// Longest of the two stretches that a kick swaps.
const KICKED: usize = 16;

/// Number of kicks for `n` cities: on networks fitted to digits, the paths of 32 neurons end 0.13 % above the optimum,
/// those of 64 and 128 neurons 0.2 %.
fn kicks(n: usize) -> usize {
    (n * n / 64 + 16).min(2 * n).max(32)
}

/// The search and its memory, which the next problem takes over.
pub(super) struct Solver {
    distances: Distances,
    near: Near,
    greedy: Greedy,
    tour: Tour,
    kept: Tour,
    /// Cities around which the tour may still be improved.
    queue: Vec<u32>,
    queued: Vec<bool>,
    /// Smallest gain that counts, above rounding: without it moves could undo each other forever.
    least: f32,
    /// Sum of gains since the last kick.
    gained: f32,
}

/// A problem and who solves it.
pub(super) struct Solve<'a> {
    pub(super) solver: &'a mut Solver,
    /// `[n, d]`.
    pub(super) cities: &'a [f32],
    /// More cities than a stretch and its neighbours take, see `SOLVED_EXACTLY`.
    pub(super) n: usize,
    pub(super) d: usize,
}

impl Kernel for Solve<'_> {
    /// The path, and whether it is shorter than the identity's beyond rounding.
    type Output = (Vec<usize>, bool);

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> Self::Output {
        let Self { solver, cities, n, d } = self;
        solver.start(s, cities, n, d);
        if n <= 32 {
            solver.search::<S, true>(s)
        } else {
            solver.search::<S, false>(s)
        }
        let order = || (FIRST..=solver.kept.last()).map(|slot| solver.kept.at(slot));
        let rounding = (d + 2) as f64 * f64::from(f32::EPSILON);
        let shorter = solver.distances.length(order()) < solver.distances.length(0..n) * (1.0 - rounding);
        (order().collect(), shorter)
    }
}

impl Solver {
    pub(super) fn new() -> Self {
        Self {
            distances: Distances::new(),
            near: Near::new(),
            greedy: Greedy::default(),
            tour: Tour::new(),
            kept: Tour::new(),
            queue: Vec::new(),
            queued: Vec::new(),
            least: 0.0,
            gained: 0.0,
        }
    }

    /// Prepares a problem: a first path, and all cities queued.
    #[inline(always)]
    fn start<S: Simd>(&mut self, s: S, cities: &[f32], n: usize, d: usize) {
        self.distances.fill(cities, n, d);
        self.near.fill(s, &self.distances);
        self.tour.start(self.greedy.path(&self.distances, &self.near), &self.distances);
        // No distance is longer than twice the longest one from city 0, and a gain sums five of them.
        let longest = self.distances.row(0)[1..n].iter().fold(0.0, |longest: f32, &minus| longest.max(-minus));
        self.least = 4e-6 * longest;
        self.queue.clear();
        self.queued.clear();
        self.queued.resize(n, false);
        // The additional city, which moves of the others look after, counts as queued already.
        self.queued.push(true);
        (0..n).rev().for_each(|city| self.push(city));
    }

    /// Queues a city, once.
    #[inline(always)]
    fn push(&mut self, city: usize) {
        if !self.queued[city] {
            self.queued[city] = true;
            self.queue.push(city as u32);
        }
    }

    /// Moves until no move around a queued city gains, then kicks, keeping the path unless it got longer.
    #[inline(always)]
    fn search<S: Simd, const SHORT: bool>(&mut self, s: S) {
        // Xorshift (Marsaglia, 2003), from a fixed seed: the search is deterministic.
        let mut random = 0x9E37_79B9_7F4A_7C15u64;
        let kicks = kicks(self.distances.n);
        self.gained = 0.0;
        for kick in 0..=kicks {
            while let Some(city) = self.queue.pop() {
                let city = city as usize;
                self.queued[city] = false;
                if let Some(found) = best::<S, SHORT>(s, &self.distances, &self.near, &self.tour, city, self.least) {
                    self.apply(city, &found);
                }
            }
            if self.gained >= 0.0 {
                self.kept.copy_from(&self.tour);
            } else {
                self.tour.copy_from(&self.kept);
            }
            if kick < kicks {
                self.kick(&mut random);
            }
        }
    }

    /// Makes a move around `t`, and queues the cities whose edges changed.
    #[inline(always)]
    fn apply(&mut self, t: usize, found: &Move) {
        self.gained += found.gain;
        let (n, slot, odd) = (self.distances.n, self.tour.slot(t), found.kind % 2);
        // The edge that the new neighbour loses runs from this slot to the next one.
        let gap = match (found.city == n, odd) {
            (false, _) => self.tour.slot(found.city) - odd,
            (true, 0) => FIRST - 1,
            (true, _) => self.tour.last(),
        };
        self.queue_edge(gap);
        if found.kind < 2 {
            let own = slot - odd;
            self.queue_edge(own);
            self.tour.reverse(own.min(gap) + 1, own.max(gap), &self.distances);
        } else {
            let (length, ahead) = found.stretch();
            let from = if ahead { slot } else { slot + 1 - length };
            self.queue_edge(from - 1);
            self.queue_edge(from + length - 1);
            self.tour.carry(from, length, gap, ahead == (odd == 1), &self.distances);
        }
    }

    /// Queues the cities in a slot and in the next one.
    #[inline(always)]
    fn queue_edge(&mut self, slot: usize) {
        let (a, b) = (self.tour.at(slot), self.tour.at(slot + 1));
        self.push(a);
        self.push(b);
    }

    /// Swaps two short neighbouring stretches at random.
    #[inline(always)]
    fn kick(&mut self, random: &mut u64) {
        let n = self.distances.n;
        let mut below = |bound: usize| {
            *random ^= *random << 13;
            *random ^= *random >> 7;
            *random ^= *random << 17;
            (((*random >> 32) * bound as u64) >> 32) as usize
        };
        let longest = KICKED.min(n / 2);
        let (first, second) = (1 + below(longest), 1 + below(longest));
        let a = FIRST - 1 + below(n + 1 - first - second);
        let (b, c) = (a + first, a + first + second);
        let minus = |from: usize, to: usize| self.distances.minus(self.tour.at(from), self.tour.at(to));
        let added = minus(a, b + 1) + minus(c, a + 1) + minus(b, c + 1);
        self.gained = added - minus(a, a + 1) - minus(b, b + 1) - minus(c, c + 1);
        for slot in [a, b, c] {
            self.queue_edge(slot);
        }
        self.tour.swap(a, b, c, &self.distances);
    }
}
