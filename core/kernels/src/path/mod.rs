//! Shortest Hamiltonian paths under the L1 distance: an order of cities in which neighbours are alike.
//!
//! With the neurons of a layer as cities, the length of a path is the total variation of the reordered weights. The
//! search is a greedy start, then 2-opt and Or-opt moves over neighbour lists, then local kicks; see the private modules.

mod distances;
mod exact;
mod search;
mod tour;

use distances::Distances;
pub use exact::{EXACT_CITIES, exact_path};

/// Up to this many cities the exact path takes microseconds.
const SOLVED_EXACTLY: usize = 7;

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
    check(cities, n, d);
    let identity: Vec<usize> = (0..n).collect();
    let order = match n {
        0..3 => identity.clone(),
        3..=SOLVED_EXACTLY => exact_path(cities, n, d),
        _ => search::shortest(&Distances::new(cities, n, d)),
    };
    // Also refuses lengths that are not numbers.
    if path_length(cities, n, d, &order) < path_length(cities, n, d, &identity) {
        oriented(cities, d, order)
    } else if cities.iter().all(|x| x.is_finite()) {
        oriented(cities, d, identity)
    } else {
        identity
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
    fn small_problems_are_solved_exactly() {
        // Of 1,000 problems with 3 to 11 cities, at most 5 may be missed, none by more than 5 %.
        let mut missed = 0;
        for seed in 0..1_000u64 {
            let (n, d) = (3 + (seed % 9) as usize, 1 + (seed % 5) as usize);
            let cities = random_cities(n, d, seed);
            let found = path_length(&cities, n, d, &shortest_path(&cities, n, d));
            let best = path_length(&cities, n, d, &exact_path(&cities, n, d));
            assert!(found <= best * 1.05 + 1e-6, "{found} for {best}, seed {seed}");
            missed += usize::from(found > best * (1.0 + 1e-5) + 1e-6);
        }
        assert!(missed <= 5, "{missed} of 1,000 missed");
    }

    #[test]
    fn infinite_coordinates_give_the_identity() {
        let mut cities = random_cities(6, 2, 1);
        cities[3] = f32::NAN;
        assert_eq!(shortest_path(&cities, 6, 2), [0, 1, 2, 3, 4, 5]);
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
