//! Distances between all cities, and the nearest neighbours of each.

use crate::buffer::Buffer;
use crate::plan::round_up;
use crate::simd::{InstructionSet, Kernel, Simd, dispatch};

/// Near cities that moves consider for each city.
const NEIGHBOURS: usize = 7;

/// A city near another one.
#[derive(Clone, Copy)]
pub(super) struct Neighbour {
    pub(super) city: u32,
    pub(super) distance: f32,
}

/// All L1 distances, with an additional city, number `n`, at distance 0 from every other: a closed tour through it is a
/// path through the others.
pub(super) struct Distances {
    /// Cities with the additional one.
    pub(super) cities: usize,
    matrix: Vec<f32>,
    /// `[real cities, neighbours]`, near ones first.
    near: Vec<Neighbour>,
    neighbours: usize,
}

impl Distances {
    /// Distances of `n` cities, `[n, d]`.
    pub(super) fn new(cities: &[f32], n: usize, d: usize) -> Self {
        let count = n + 1;
        let mut matrix = vec![0.0; count * count];
        dispatch(InstructionSet::best(), Fill { cities, n, d, matrix: &mut matrix });
        let nearest = NEIGHBOURS.min(n - 1);
        let neighbours = nearest + 1;
        let mut near = Vec::with_capacity(n * neighbours);
        let mut others: Vec<u64> = Vec::with_capacity(n);
        for city in 0..n {
            others.clear();
            // Distances are not negative, so that their bits sort like them; the index breaks ties.
            let row = &matrix[city * count..city * count + n];
            let key = |(other, distance): (usize, &f32)| u64::from(distance.to_bits()) << 32 | other as u64;
            others.extend(row.iter().enumerate().filter(|&(other, _)| other != city).map(key));
            if nearest < others.len() {
                others.select_nth_unstable(nearest);
                others.truncate(nearest);
            }
            others.sort_unstable();
            near.push(Neighbour { city: n as u32, distance: 0.0 });
            let neighbour = |&key: &u64| Neighbour { city: key as u32, distance: f32::from_bits((key >> 32) as u32) };
            near.extend(others.iter().map(neighbour));
        }
        Self { cities: count, matrix, near, neighbours }
    }

    /// Distance between two cities.
    #[inline(always)]
    pub(super) fn between(&self, a: usize, b: usize) -> f32 {
        self.matrix[a * self.cities + b]
    }

    /// Cities worth being next to `city`, near ones first. The additional city comes first in every list; its own is
    /// empty, because its edges are the shortest already.
    #[inline(always)]
    pub(super) fn near(&self, city: usize) -> &[Neighbour] {
        let first = city * self.neighbours;
        if first < self.near.len() { &self.near[first..first + self.neighbours] } else { &[] }
    }
}

/// Fills the matrix.
struct Fill<'a> {
    cities: &'a [f32],
    n: usize,
    d: usize,
    matrix: &'a mut [f32],
}

impl Kernel for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { cities, n, d, matrix } = self;
        // Transposed, so that a vector holds the same coordinate of neighbouring cities.
        let stride = round_up(n, S::LANES);
        let mut transposed = Buffer::zeros(d * stride);
        for city in 0..n {
            for k in 0..d {
                transposed[k * stride + city] = cities[city * d + k];
            }
        }
        let mut sums = [0.0; 16];
        for first in (0..n).step_by(S::LANES) {
            for other in first..n {
                let mut sum = s.splat(0.0);
                for k in 0..d {
                    // SAFETY: rows of the transpose are padded to whole vectors.
                    let here = unsafe { s.load(transposed.as_ptr().add(k * stride + first)) };
                    let difference = s.sub(here, s.splat(cities[other * d + k]));
                    sum = s.add(sum, s.max(difference, s.sub(s.splat(0.0), difference)));
                }
                // SAFETY: sixteen floats hold every vector.
                unsafe { s.store(sums.as_mut_ptr(), sum) };
                for (lane, &sum) in sums.iter().enumerate().take(S::LANES.min(n - first)) {
                    let city = first + lane;
                    if city < other {
                        matrix[city * (n + 1) + other] = sum;
                        matrix[other * (n + 1) + city] = sum;
                    }
                }
            }
        }
    }
}
