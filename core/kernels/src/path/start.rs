//! A path to start from.

use super::distances::Distances;
use super::near::{NEAR, Near};

/// Near cities whose edges are considered.
const JOINED: usize = 5;
/// No city.
const NONE: u32 = u32::MAX;

/// Builds a path from the shortest edges that fit together, and keeps the memory that this takes.
#[derive(Default)]
pub(super) struct Greedy {
    edges: Vec<u64>,
    links: Vec<[u32; 2]>,
    end: Vec<u32>,
    visited: Vec<bool>,
    order: Vec<u32>,
}

impl Greedy {
    /// All cities in the order of the path.
    pub(super) fn path(&mut self, distances: &Distances, near: &Near) -> &[u32] {
        let n = distances.n;
        // Length and number of an edge.
        self.edges.clear();
        for a in 0..n {
            let (cities, minus) = near.of(a);
            for k in 0..JOINED.min(n - 1) {
                let b = cities[k].to_bits() as usize;
                // Both ends may list it.
                if a < b || !near.of(b).0[..JOINED].iter().any(|city| city.to_bits() as usize == a) {
                    self.edges.push(u64::from(minus[k].abs().to_bits()) << 32 | (a * NEAR + k) as u64);
                }
            }
        }
        self.edges.sort_unstable();
        self.links.clear();
        self.links.resize(n, [NONE; 2]);
        // The other end of the path that a city is an end of.
        self.end.clear();
        self.end.extend(0..n as u32);
        for i in 0..self.edges.len() {
            let edge = self.edges[i] as u32 as usize;
            let (a, k) = (edge / NEAR, edge % NEAR);
            self.join(a, near.of(a).0[k].to_bits() as usize);
        }
        self.chain(n);
        &self.order
    }

    /// Adds an edge if the result is still a set of paths.
    fn join(&mut self, a: usize, b: usize) {
        if self.links[a][1] != NONE || self.links[b][1] != NONE || self.end[a] as usize == b {
            return;
        }
        for (from, to) in [(a, b), (b, a)] {
            let free = usize::from(self.links[from][0] != NONE);
            self.links[from][free] = to as u32;
        }
        let (left, right) = (self.end[a], self.end[b]);
        self.end[left as usize] = right;
        self.end[right as usize] = left;
    }

    /// Short lists may leave several paths: they follow each other, each from its end of smaller index.
    fn chain(&mut self, n: usize) {
        self.order.clear();
        self.visited.clear();
        self.visited.resize(n, false);
        for start in 0..n {
            if self.visited[start] || self.links[start][1] != NONE {
                continue;
            }
            let mut city = start as u32;
            while city != NONE {
                self.visited[city as usize] = true;
                self.order.push(city);
                let ahead = |&next: &u32| next != NONE && !self.visited[next as usize];
                city = self.links[city as usize].into_iter().find(ahead).unwrap_or(NONE);
            }
        }
    }
}
