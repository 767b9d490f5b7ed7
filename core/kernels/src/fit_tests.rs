//! Laws of [`fit`](crate::fit()).

use proptest::prelude::*;

use crate::adam::Adam;
use crate::fit::{FitOptions, fit, fit_on};
use crate::reference::{Uniform, random_weights};
use crate::simd::InstructionSet;
use crate::stack::{Coordinates, DenseStack};

/// A grid of `side` x `side` points on [-1, 1]^2, and a smooth signal in [0, 1] on it.
fn signal(side: usize, shift: f32) -> (Vec<f32>, Vec<f32>) {
    let line: Vec<f32> = (0..side).map(|i| 2.0 * i as f32 / (side - 1) as f32 - 1.0).collect();
    let grid: Vec<f32> = line.iter().flat_map(|&y| line.iter().flat_map(move |&x| [x, y])).collect();
    let values = grid.chunks(2).map(|p| 0.5 + 0.4 * (3.0 * p[0] + shift).sin() * (2.0 * p[1]).cos()).collect();
    (grid, values)
}

fn options(max_steps: usize, stop_psnr: Option<f32>) -> FitOptions {
    FitOptions { adam: Adam::default(), max_steps, stop_psnr, decay: None }
}

#[test]
fn a_smooth_signal_is_reached_and_the_weights_are_those_that_reached_it() {
    let stack = DenseStack::siren(&[2, 32, 32, 1], 30.0);
    let (grid, target) = signal(28, 0.3);
    for set in InstructionSet::ALL.into_iter().filter(|set| set.available()) {
        let mut weights = random_weights(&stack, 1, &mut Uniform(5));
        let shared = Coordinates::Shared(&grid);
        let outcome = fit_on(set, &stack, &mut weights, shared, 784, &target, &options(400, Some(40.0)), &|_| ())[0];
        assert!(outcome.psnr() >= 40.0 && outcome.steps < 400, "{set:?}: {outcome:?}");
        let mut values = vec![0.0; 784];
        crate::forward(&stack, &weights, shared, 784, &mut values);
        let squares: f32 = values.iter().zip(&target).map(|(a, b)| (a - b).powi(2)).sum();
        assert!((squares / 784.0 - outcome.mse).abs() < 1e-3 * outcome.mse, "{set:?}: {outcome:?}");
    }
}

#[test]
fn a_decaying_rate_needs_fewer_steps() {
    let stack = DenseStack::siren(&[2, 32, 32, 1], 30.0);
    let (grid, target) = signal(28, 0.3);
    let start = random_weights(&stack, 1, &mut Uniform(5));
    let steps = |options: &FitOptions| {
        let shared = Coordinates::Shared(&grid);
        let outcome = fit(&stack, &mut start.clone(), shared, 784, &target, options, &|_| ())[0];
        assert!(outcome.psnr() >= 40.0, "{outcome:?}");
        outcome.steps
    };
    let (fast, constant) = (steps(&FitOptions::fast_siren(400, Some(40.0))), steps(&options(400, Some(40.0))));
    assert!(fast < constant, "{fast} steps, {constant} at a constant rate");
}

#[test]
fn a_relu_stack_learns() {
    let stack = DenseStack::relu(&[2, 32, 32, 1]);
    let (grid, target) = signal(16, 0.0);
    let mut weights = random_weights(&stack, 1, &mut Uniform(6));
    let shared = Coordinates::Shared(&grid);
    let outcome = fit(&stack, &mut weights, shared, 256, &target, &options(1_000, Some(30.0)), &|_| ())[0];
    assert!(outcome.psnr() >= 30.0, "{outcome:?}");
}

#[test]
fn no_steps_leave_the_weights() {
    let stack = DenseStack::siren(&[2, 5, 1], 30.0);
    let (grid, target) = signal(4, 0.0);
    let start = random_weights(&stack, 1, &mut Uniform(7));
    let mut weights = start.clone();
    let outcome = fit(&stack, &mut weights, Coordinates::Shared(&grid), 16, &target, &options(0, None), &|_| ());
    assert_eq!((weights, outcome[0].steps), (start, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_batch_equals_its_networks_one_by_one(n in 1usize..5, side in 2usize..9, seed in any::<u64>()) {
        let stack = DenseStack::siren(&[2, 7, 33, 1], 20.0);
        let (grid, points) = (signal(side, 0.0).0, side * side);
        let targets: Vec<f32> = (0..n).flat_map(|i| signal(side, i as f32).1).collect();
        let start = random_weights(&stack, n, &mut Uniform(seed));
        let mut together = start.clone();
        let calls = std::sync::atomic::AtomicUsize::new(0);
        let done = |index: usize| {
            calls.fetch_add(index + 1, std::sync::atomic::Ordering::Relaxed);
        };
        let shared = Coordinates::Shared(&grid);
        let outcomes = fit(&stack, &mut together, shared, points, &targets, &options(9, Some(30.0)), &done);
        prop_assert_eq!(calls.into_inner(), n * (n + 1) / 2);
        for (i, target) in targets.chunks(points).enumerate() {
            let place = i * stack.parameters()..(i + 1) * stack.parameters();
            let mut alone = start[place.clone()].to_vec();
            let outcome = fit(&stack, &mut alone, shared, points, target, &options(9, Some(30.0)), &|_| ());
            prop_assert_eq!(outcome[0], outcomes[i]);
            prop_assert_eq!(&alone[..], &together[place]);
        }
    }
}
