//! Local search: a greedy start, 2-opt and Or-opt moves, then kicks that are undone unless they pay.

use super::distances::{Distances, Neighbour};
use super::tour::Tour;

/// Longest stretch that an Or-opt move carries elsewhere.
const CARRIED: usize = 3;
/// Longest of the two stretches that a kick swaps.
const KICKED: usize = 16;
/// Random kicks of which the one that lengthens the tour least is tried, since the others would mostly be undone; fewer on
/// few cities, where it would always be the same one.
const KICKS_DRAWN: usize = 16;

/// The order of the real cities along the best path found; there must be more of them than a stretch and its
/// neighbours take, see `SOLVED_EXACTLY`.
pub(super) fn shortest(distances: &Distances) -> Vec<usize> {
    let mut search = Search::new(distances, Tour::new(greedy(distances)));
    search.improve();
    search.kick(kicks(distances.cities - 1));
    let tour = &search.tour;
    let additional = distances.cities - 1;
    let start = tour.position(additional) + 1;
    (start..start + additional).map(|position| tour.at(position)).collect()
}

/// Number of kicks for `n` cities: measured on fitted networks, 0.16 % above the optimum at 32 and 0.33 % at 128.
fn kicks(n: usize) -> usize {
    if n <= 64 { n.max(32) } else { 2 * n }
}

/// A tour from the shortest edges that fit together.
fn greedy(distances: &Distances) -> Vec<u32> {
    let n = distances.cities - 1;
    let mut edges: Vec<(u32, u32, u32)> = Vec::with_capacity(n * 8);
    for a in 0..n {
        for near in &distances.near(a)[1..] {
            edges.push((near.distance.to_bits(), a as u32, near.city));
        }
    }
    edges.sort_unstable();
    let mut links = vec![[u32::MAX; 2]; n];
    // The other end of the path that a city is an end of.
    let mut end: Vec<u32> = (0..n as u32).collect();
    let mut join = |a: usize, b: usize, links: &mut Vec<[u32; 2]>| {
        if links[a][1] != u32::MAX || links[b][1] != u32::MAX || end[a] as usize == b {
            return;
        }
        for (from, to) in [(a, b), (b, a)] {
            let slot = usize::from(links[from][0] != u32::MAX);
            links[from][slot] = to as u32;
        }
        let (left, right) = (end[a], end[b]);
        end[left as usize] = right;
        end[right as usize] = left;
    };
    for &(_, a, b) in &edges {
        join(a as usize, b as usize, &mut links);
    }
    // Neighbour lists may leave several paths: they follow each other, each from its end of smaller index.
    let mut order = Vec::with_capacity(n + 1);
    let mut visited = vec![false; n];
    for start in 0..n {
        if visited[start] || links[start][1] != u32::MAX {
            continue;
        }
        let mut city = start as u32;
        while city != u32::MAX {
            visited[city as usize] = true;
            order.push(city);
            let next = links[city as usize].into_iter().find(|&next| next != u32::MAX && !visited[next as usize]);
            city = next.unwrap_or(u32::MAX);
        }
    }
    order.push(n as u32);
    order
}

/// A tour and the cities around which it may still be improved.
struct Search<'a> {
    distances: &'a Distances,
    tour: Tour,
    queue: Vec<u32>,
    queued: Vec<bool>,
    /// Smallest gain that counts, above rounding: without it moves could undo each other forever.
    least: f32,
    /// Sum of gains since the last kick.
    gained: f32,
}

impl<'a> Search<'a> {
    fn new(distances: &'a Distances, tour: Tour) -> Self {
        let n = distances.cities;
        let longest = (0..n).map(|a| distances.between(0, a)).fold(0.0, f32::max);
        let mut search =
            Self { distances, tour, queue: Vec::new(), queued: vec![false; n], least: 1e-6 * longest, gained: 0.0 };
        for city in (0..n).rev() {
            search.push(city);
        }
        search
    }

    /// Queues a city, once.
    fn push(&mut self, city: usize) {
        if !self.queued[city] {
            self.queued[city] = true;
            self.queue.push(city as u32);
        }
    }

    /// Moves until no move from a queued city gains.
    fn improve(&mut self) {
        while let Some(city) = self.queue.pop() {
            self.queued[city as usize] = false;
            while self.two_opt(city as usize) || self.or_opt(city as usize) {}
        }
    }

    /// Distance between two cities.
    #[inline(always)]
    fn d(&self, a: usize, b: usize) -> f32 {
        self.distances.between(a, b)
    }

    /// Replaces an edge at `a` and another one by the two that reconnect the tour after a reversal.
    fn two_opt(&mut self, a: usize) -> bool {
        let distances = self.distances;
        let place = self.tour.position(a);
        for forward in [true, false] {
            let b = self.tour.beside(place, 1, forward);
            let removed = self.d(a, b);
            for &Neighbour { city, distance: added } in distances.near(a) {
                if added >= removed {
                    break;
                }
                let c = city as usize;
                let e = self.tour.beside(self.tour.position(c), 1, forward);
                let gain = removed - added + self.d(c, e) - self.d(b, e);
                if gain > self.least && c != b && e != a {
                    self.exchange(a, b, c, e);
                    self.accept(gain, &[a, b, c, e]);
                    return true;
                }
            }
        }
        false
    }

    /// Carries up to [`CARRIED`] cities, of which `a` is one end, next to a city near `a`.
    fn or_opt(&mut self, a: usize) -> bool {
        let (n, distances) = (self.distances.cities, self.distances);
        let place = self.tour.position(a);
        for forward in [true, false] {
            // The stretch runs from `a` to `last` in this direction; `before` and `after` are outside.
            let before = self.tour.beside(place, 1, !forward);
            let first_removed = self.d(before, a);
            for length in 1..=CARRIED {
                let last = self.tour.beside(place, length - 1, forward);
                let after = self.tour.beside(place, length, forward);
                let removed = first_removed + self.d(last, after) - self.d(before, after);
                for &Neighbour { city, distance: added } in distances.near(a) {
                    if added >= removed {
                        break;
                    }
                    let c = city as usize;
                    let place_c = self.tour.position(c);
                    // Places from `a` to `c`, in this direction.
                    let (from, to) = if forward { (place, place_c) } else { (place_c, place) };
                    let ahead = if to >= from { to - from } else { to + n - from };
                    if ahead < length {
                        continue;
                    }
                    for same in [true, false] {
                        // The neighbour of `c` must not be in the stretch either.
                        if ahead == if same { n - 1 } else { length } {
                            continue;
                        }
                        let e = self.tour.beside(place_c, 1, same == forward);
                        let gain = removed - added - self.d(last, e) + self.d(c, e);
                        if gain > self.least {
                            let ends = [before, a, last, after, c, e];
                            self.carry(ends, same);
                            self.accept(gain, &ends);
                            return true;
                        }
                    }
                }
            }
        }
        false
    }

    /// Moves the stretch from `a` to `last`, `before` and `after` around it, between the neighbours `c` and `e`, with `a`
    /// next to `c`; `same` tells that `e` follows `c` in the direction in which `last` follows `a`.
    fn carry(&mut self, [before, a, last, after, c, e]: [usize; 6], same: bool) {
        // Before a..last after..x y becomes before x..after last..a y, then before after..x last..a y.
        let (x, y) = if same { (c, e) } else { (e, c) };
        self.exchange(before, a, x, y);
        self.exchange(before, x, after, last);
        if same {
            // The stretch has to keep its direction: x last..a y becomes x a..last y.
            self.exchange(x, last, a, y);
        }
    }

    /// Replaces edges (a, b) and (c, e), where b follows a in the direction in which e follows c, by (a, c) and (b, e).
    fn exchange(&mut self, a: usize, b: usize, c: usize, e: usize) {
        if self.tour.beside(self.tour.position(a), 1, true) == b {
            self.tour.reverse(b, c)
        } else {
            self.tour.reverse(a, e)
        }
    }

    /// Counts the gain of a move and queues the cities whose edges changed.
    fn accept(&mut self, gain: f32, touched: &[usize]) {
        self.gained += gain;
        for &city in touched {
            self.push(city);
        }
    }

    /// Swaps two short neighbouring stretches at random, repairs the tour around them, and keeps it if it got no longer.
    fn kick(&mut self, kicks: usize) {
        let n = self.distances.cities;
        let longest = KICKED.min((n - 2) / 2);
        let mut best = self.tour.clone();
        // Xorshift (Marsaglia, 2003), from a fixed seed: the search is deterministic.
        let mut state = 0x9E37_79B9_7F4A_7C15u64;
        let mut below = |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (((state >> 32) * bound as u64) >> 32) as usize
        };
        for _ in 0..kicks {
            let (mut ends, mut gain) = ([0; 6], f32::NEG_INFINITY);
            for _ in 0..KICKS_DRAWN.min(n / 2) {
                let (start, first, second) = (below(n), 1 + below(longest), 1 + below(longest));
                let places = [0, 1, first, first + 1, first + second, first + second + 1];
                let drawn = places.map(|place| self.tour.at(start + place));
                let [before, a, last, c, e, after] = drawn;
                let removed = self.d(before, a) + self.d(last, c) + self.d(e, after);
                let drawn_gain = removed - self.d(before, c) - self.d(e, a) - self.d(last, after);
                if drawn_gain > gain {
                    (ends, gain) = (drawn, drawn_gain);
                }
            }
            // Carries the first stretch behind the second one.
            let [before, a, last, c, e, after] = ends;
            self.carry([before, a, last, c, e, after], true);
            self.gained = 0.0;
            self.accept(gain, &ends);
            self.improve();
            if self.gained >= 0.0 {
                best.copy_from(&self.tour);
            } else {
                self.tour.copy_from(&best);
            }
        }
    }
}
