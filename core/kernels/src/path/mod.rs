//! Shortest Hamiltonian paths under the L1 distance: an order of cities in which neighbours are alike.
//!
//! With the neurons of a layer as cities, the length of a path is the total variation of the reordered weights. The
//! search is a greedy start, then 2-opt and Or-opt moves over neighbour lists, then kicks. A list is as long as a
//! vector, so that all moves to near cities are weighed at once; see the private modules.

mod distances;
mod exact;
mod moves;
mod near;
mod search;
mod start;
mod tour;

use std::cell::RefCell;

pub use exact::{EXACT_CITIES, exact_path};

use crate::simd::{InstructionSet, dispatch};

/// Up to this many cities the exact path takes microseconds.
const SOLVED_EXACTLY: usize = 7;

thread_local! {
    /// The search of this thread with its memory: problem after problem, only the result is allocated.
    static SOLVER: RefCell<search::Solver> = RefCell::new(search::Solver::new());
}

/// An order of `n` cities, `cities` `[n, d]` row-major, whose path is locally shortest under L1, and never longer than
/// the identity order.
///
/// Deterministic. A path and its reverse are equally long: the result starts at the end whose coordinates have the
/// smaller sum (at the smaller index if the sums are equal), a rule that does not depend on how cities are numbered.
/// Coordinates that are not finite give the identity order.
///
/// # Panics
/// If `cities` does not hold `n` times `d` values.
///
/// ```
/// let order = equigen_kernels::path::shortest_path(&[3.0, 1.0, 2.0, 0.0], 4, 1);
/// assert_eq!(order, [3, 1, 2, 0]);
/// ```
pub fn shortest_path(cities: &[f32], n: usize, d: usize) -> Vec<usize> {
    shortest_on(InstructionSet::best(), cities, n, d)
}

/// [`shortest_path`] on an instruction set: all find the same one.
fn shortest_on(set: InstructionSet, cities: &[f32], n: usize, d: usize) -> Vec<usize> {
    check(cities, n, d);
    let (order, shorter) = match n {
        0..3 => ((0..n).collect(), false),
        3..=SOLVED_EXACTLY => (exact_path(cities, n, d), false),
        _ => SOLVER.with_borrow_mut(|solver| dispatch(set, search::Solve { solver, cities, n, d })),
    };
    let identity = || (0..n).collect::<Vec<usize>>();
    // Also refuses lengths that are not numbers.
    if shorter || path_length(cities, n, d, &order) < path_length(cities, n, d, &identity()) {
        oriented(cities, d, order)
    } else if cities.iter().all(|x| x.is_finite()) {
        oriented(cities, d, identity())
    } else {
        identity()
    }
}

/// Length of the path through `cities` `[n, d]` in `order`, any sequence of city indices, under L1.
///
/// # Panics
/// If `cities` does not hold `n` times `d` values or an index is not below `n`.
pub fn path_length(cities: &[f32], n: usize, d: usize, order: &[usize]) -> f64 {
    check(cities, n, d);
    let city = |i: usize| &cities[i * d..(i + 1) * d];
    let step = |pair: &[usize]| -> f64 {
        city(pair[0]).iter().zip(city(pair[1])).map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs()).sum()
    };
    order.windows(2).map(step).sum()
}

fn check(cities: &[f32], n: usize, d: usize) {
    assert!(cities.len() == n * d, "{n} cities of {d} coordinates hold {} values", cities.len());
}

/// Applies the rule of orientation.
fn oriented(cities: &[f32], d: usize, mut order: Vec<usize>) -> Vec<usize> {
    if let (Some(&first), Some(&last)) = (order.first(), order.last()) {
        let sum = |i: usize| -> f64 { cities[i * d..(i + 1) * d].iter().map(|&x| f64::from(x)).sum() };
        if sum(first).total_cmp(&sum(last)).then(first.cmp(&last)).is_gt() {
            order.reverse();
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Uniform numbers in [0, 1).
    fn random_cities(n: usize, d: usize, seed: u64) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / 16_777_216.0
        };
        (0..n * d).map(|_| next()).collect()
    }

    #[test]
    fn small_problems_are_solved_almost_exactly() {
        // Of 1,000 problems with 3 to 12 cities, at most 5 may be missed, none by more than 2 %, and the mean by 0.001
        // %.
        let (mut missed, mut excess) = (0, 0.0);
        for seed in 0..1_000u64 {
            let (n, d) = (3 + (seed % 10) as usize, 1 + (seed % 7) as usize);
            let cities = random_cities(n, d, seed);
            let found = path_length(&cities, n, d, &shortest_path(&cities, n, d));
            let best = path_length(&cities, n, d, &exact_path(&cities, n, d));
            assert!(found <= best * 1.02, "{found} for {best}, seed {seed}");
            missed += usize::from(found > best * (1.0 + 1e-5));
            excess += found / best - 1.0;
        }
        assert!(missed <= 5, "{missed} of 1,000 missed");
        assert!(excess <= 0.01, "{} above the optimum", excess / 1_000.0);
    }

    #[test]
    fn every_instruction_set_finds_the_same_path() {
        for (n, d) in [(8, 1), (15, 3), (16, 40), (31, 2), (32, 35), (33, 20), (65, 5), (128, 131)] {
            let cities = random_cities(n, d, n as u64);
            let portable = shortest_on(InstructionSet::Portable, &cities, n, d);
            for set in InstructionSet::ALL.into_iter().filter(|set| set.available()) {
                assert_eq!(shortest_on(set, &cities, n, d), portable, "{n} cities on {set:?}");
            }
        }
    }

    #[test]
    fn a_shuffled_line_is_sorted() {
        // All neighbours are equally far; steps of seven visit every city, since no tested number is a multiple of it.
        for n in [8, 9, 12, 16, 17, 32, 33, 100] {
            let cities: Vec<f32> = (0..n).flat_map(|i| [(i * 7 % n) as f32, -2.0 * (i * 7 % n) as f32 + 1.0]).collect();
            let order = shortest_path(&cities, n, 2);
            let length = path_length(&cities, n, 2, &order);
            assert_eq!(length, 3.0 * (n - 1) as f64, "{n} cities");
        }
    }

    #[test]
    fn equal_and_huge_coordinates() {
        assert_eq!(shortest_path(&[1.5; 60], 20, 3), (0..20).collect::<Vec<_>>());
        // Dead neurons among others: those come together.
        let mut cities = random_cities(40, 3, 5);
        cities[30..75].fill(0.0);
        let order = shortest_path(&cities, 40, 3);
        let dead = |pair: &&[usize]| pair.iter().all(|city| (10..25).contains(city));
        assert_eq!(order.windows(2).filter(dead).count(), 14);
        // Distances overflow, coordinates do not.
        let cities: Vec<f32> = (0..20).map(|i| if i % 2 == 0 { -3e38 } else { 3e38 }).collect();
        let (order, identity) = (shortest_path(&cities, 20, 1), (0..20).collect::<Vec<_>>());
        assert!(path_length(&cities, 20, 1, &order) <= path_length(&cities, 20, 1, &identity));
        let mut sorted = order;
        sorted.sort_unstable();
        assert_eq!(sorted, identity);
    }

    #[test]
    fn infinite_coordinates_give_the_identity() {
        for (n, wrong) in [(6, f32::NAN), (20, f32::NAN), (20, f32::INFINITY), (40, f32::NEG_INFINITY)] {
            let mut cities = random_cities(n, 2, 1);
            cities[3] = wrong;
            assert_eq!(shortest_path(&cities, n, 2), (0..n).collect::<Vec<_>>(), "{n} cities, one at {wrong}");
        }
    }

    #[test]
    fn no_cities_and_no_coordinates() {
        assert!(shortest_path(&[], 0, 3).is_empty());
        assert_eq!(shortest_path(&[], 4, 0), [0, 1, 2, 3]);
    }

    #[test]
    #[should_panic(expected = "2 cities of 3 coordinates hold 5 values")]
    fn length_is_checked() {
        shortest_path(&[0.0; 5], 2, 3);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn order_is_a_permutation_and_no_longer_than_the_identity(
            n in 1usize..80, d in 1usize..40, seed in any::<u64>(),
        ) {
            let cities = random_cities(n, d, seed);
            let order = shortest_path(&cities, n, d);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            let identity: Vec<usize> = (0..n).collect();
            prop_assert_eq!(&sorted, &identity);
            prop_assert!(path_length(&cities, n, d, &order) <= path_length(&cities, n, d, &identity));
            prop_assert_eq!(&shortest_path(&cities, n, d), &order);
        }

        #[test]
        fn the_end_of_smaller_sum_comes_first(n in 2usize..40, d in 1usize..5, seed in any::<u64>()) {
            let cities = random_cities(n, d, seed);
            let order = shortest_path(&cities, n, d);
            let sum = |i: usize| cities[i * d..(i + 1) * d].iter().map(|&x| f64::from(x)).sum::<f64>();
            prop_assert!(sum(order[0]) <= sum(order[n - 1]));
        }
    }
}
