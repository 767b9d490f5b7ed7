//! The exact shortest path by dynamic programming over subsets (Held and Karp, 1962).

/// Most cities that [`exact_path`] takes: 2^n n numbers are stored.
pub const EXACT_CITIES: usize = 16;

/// A shortest path through `n` cities, `cities` `[n, d]`, under L1, in either direction; for checking the search.
///
/// # Panics
/// If there are more than [`EXACT_CITIES`] or `cities` does not hold `n` times `d` values.
pub fn exact_path(cities: &[f32], n: usize, d: usize) -> Vec<usize> {
    super::check(cities, n, d);
    assert!(n <= EXACT_CITIES, "{n} cities are too many for an exact path");
    if n == 0 {
        return Vec::new();
    }
    let between: Vec<f64> = (0..n * n).map(|pair| super::path_length(cities, n, d, &[pair / n, pair % n])).collect();
    // best[set][last]: length and last city but one of the shortest path through `set` that ends at `last`.
    let mut best = vec![[(f64::INFINITY, usize::MAX); EXACT_CITIES]; 1 << n];
    for city in 0..n {
        best[1 << city][city].0 = 0.0;
    }
    for set in 1..1usize << n {
        for last in (0..n).filter(|last| set >> last & 1 == 1) {
            let so_far = best[set][last].0;
            for next in (0..n).filter(|next| set >> next & 1 == 0) {
                let length = so_far + between[last * n + next];
                let entry = &mut best[set | 1 << next][next];
                if length < entry.0 {
                    *entry = (length, last);
                }
            }
        }
    }
    let mut set = (1 << n) - 1;
    let mut last = (0..n).min_by(|&a, &b| best[set][a].0.total_cmp(&best[set][b].0)).unwrap_or(0);
    let mut order = Vec::with_capacity(n);
    while last < n {
        order.push(last);
        let before = best[set][last].1;
        set &= !(1 << last);
        last = before;
    }
    order
}
