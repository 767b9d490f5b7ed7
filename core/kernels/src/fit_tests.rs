//! Laws of [`fit`](crate::fit()).

use proptest::prelude::*;

use crate::batch::Batch;
use crate::fit::{Decay, FitOptions, FitOutcome, fit, fit_on};
use crate::loss::{Goal, Loss};
use crate::reference::{Uniform, random_weights};
use crate::simd::InstructionSet;
use crate::stack::{Coordinates, DenseStack, Positional};

/// A grid of `side` x `side` points on [-1, 1]^2, and a smooth signal in [0, 1] on it.
fn signal(side: usize, shift: f32) -> (Vec<f32>, Vec<f32>) {
    let line: Vec<f32> = (0..side).map(|i| 2.0 * i as f32 / (side - 1) as f32 - 1.0).collect();
    let grid: Vec<f32> = line.iter().flat_map(|&y| line.iter().flat_map(move |&x| [x, y])).collect();
    let values = grid.chunks(2).map(|p| 0.5 + 0.4 * (3.0 * p[0] + shift).sin() * (2.0 * p[1]).cos()).collect();
    (grid, values)
}

fn options(max_steps: usize, stop_psnr: Option<f32>) -> FitOptions {
    FitOptions { max_steps, goal: stop_psnr.map(Goal::Psnr), ..FitOptions::default() }
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
        assert!((squares / 784.0 - outcome.loss).abs() < 1e-3 * outcome.loss, "{set:?}: {outcome:?}");
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

/// One weight and one bias at one point, whose gradients are known, against the formula of Kingma and Ba.
#[test]
fn steps_follow_the_formula() {
    let stack = DenseStack::relu(&[1, 1]);
    let (x, target) = (0.6f32, 0.25f32);
    let decay = Decay { half_life: 3.0, floor: 0.3 };
    let options = FitOptions { decay: Some(decay), max_steps: 9, ..FitOptions::default() };
    let mut weights = [0.9, -0.1];
    let mut exact = weights.map(f64::from);
    fit(&stack, &mut weights, Coordinates::Shared(&[x]), 1, &[target], &options, &|_| ());
    let (x, target) = (f64::from(x), f64::from(target));
    let (beta1, beta2) = (f64::from(options.adam.beta1), f64::from(options.adam.beta2));
    let mut moments = [[0.0; 2]; 2];
    for step in 1..=9 {
        let error = 2.0 * (exact[0] * x + exact[1] - target);
        let rate = f64::from(options.adam.learning_rate) * 0.5f64.powf(f64::from(step - 1) / 3.0).max(0.3);
        for ((parameter, moments), gradient) in exact.iter_mut().zip(&mut moments).zip([error * x, error]) {
            moments[0] = beta1 * moments[0] + (1.0 - beta1) * gradient;
            moments[1] = beta2 * moments[1] + (1.0 - beta2) * gradient * gradient;
            let mean = moments[0] / (1.0 - beta1.powi(step));
            let square = moments[1] / (1.0 - beta2.powi(step));
            *parameter -= rate * mean / (square.sqrt() + 1e-8);
        }
    }
    for (weight, exact) in weights.iter().zip(exact) {
        assert!((f64::from(*weight) - exact).abs() < 1e-6, "{weight} is not {exact}");
    }
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

/// Occupancy of balls of several sizes, each network with `points` points of its own in [-1, 1]^3.
fn balls(n: usize, points: usize) -> (Vec<f32>, Vec<f32>) {
    let coordinates = Uniform(17).vector(n * points * 3);
    let inside = |(i, point): (usize, &[f32])| {
        let radius = 0.5 + 0.3 * (i / points) as f32 / n as f32;
        f32::from(point.iter().map(|x| x * x).sum::<f32>() < radius * radius)
    };
    let targets = coordinates.chunks(3).enumerate().map(inside).collect();
    (coordinates, targets)
}

/// A small occupancy network, and what it is fitted with.
fn occupancy(max_steps: usize, goal: Option<Goal>, seed: u64) -> (DenseStack, FitOptions) {
    let stack = DenseStack::relu(&[27, 32, 32, 1]).encoded(Positional { octaves: 4, include_input: true });
    let batch = Some(Batch { points: 2_000, seed, first: 0 });
    (stack, FitOptions { loss: Loss::CrossEntropy, batch, max_steps, goal, ..FitOptions::default() })
}

/// Intersection over union of one network over all its points.
fn iou(stack: &DenseStack, weights: &[f32], coordinates: &[f32], targets: &[f32]) -> f32 {
    let mut values = vec![0.0; targets.len()];
    crate::forward(stack, weights, Coordinates::Shared(coordinates), targets.len(), &mut values);
    let pairs = values.iter().zip(targets).map(|(&value, &target)| (value > 0.0, target > 0.5));
    let both = pairs.clone().filter(|&(a, b)| a && b).count();
    both as f32 / pairs.filter(|&(a, b)| a || b).count() as f32
}

#[test]
fn occupancy_is_learned_from_random_points_and_holds_on_all() {
    let (n, points) = (3, 8_000);
    let (coordinates, targets) = balls(n, points);
    let (stack, options) = occupancy(600, Some(Goal::Iou(0.95)), 4);
    for set in InstructionSet::ALL.into_iter().filter(|set| set.available()) {
        let mut weights = random_weights(&stack, n, &mut Uniform(5));
        let own = Coordinates::PerNetwork(&coordinates);
        let outcomes = fit_on(set, &stack, &mut weights, own, points, &targets, &options, &|_| ());
        for (i, outcome) in outcomes.iter().enumerate() {
            assert!(outcome.steps < 600 && outcome.iou.is_some_and(|iou| iou >= 0.95), "{set:?}: {outcome:?}");
            let weights = &weights[i * stack.parameters()..][..stack.parameters()];
            let place = i * points..(i + 1) * points;
            let iou = iou(&stack, weights, &coordinates[place.start * 3..place.end * 3], &targets[place]);
            assert!(iou > 0.9, "{set:?}: {outcome:?}, but {iou} over all points");
        }
    }
}

#[test]
fn signed_distances_are_learned_and_tell_what_is_occupied() {
    let coordinates = Uniform(17).vector(4_000 * 3);
    let distance = |point: &[f32]| ((point.iter().map(|x| x * x).sum::<f32>().sqrt() - 0.6) / 0.2).clamp(-1.0, 1.0);
    let targets: Vec<f32> = coordinates.chunks(3).map(distance).collect();
    let (stack, options) = occupancy(600, Some(Goal::Iou(0.95)), 4);
    let options = FitOptions { loss: Loss::SignedDistance, ..options };
    for set in InstructionSet::ALL.into_iter().filter(|set| set.available()) {
        let mut weights = random_weights(&stack, 1, &mut Uniform(5));
        let own = Coordinates::PerNetwork(&coordinates);
        let outcome = fit_on(set, &stack, &mut weights, own, 4_000, &targets, &options, &|_| ())[0];
        assert!(outcome.steps < 600 && outcome.iou.is_some_and(|iou| iou >= 0.95), "{set:?}: {outcome:?}");
        let mut values = vec![0.0; 4_000];
        crate::forward(&stack, &weights, Coordinates::Shared(&coordinates), 4_000, &mut values);
        let right = values.iter().zip(&targets).filter(|(a, b)| (**a < 0.0) == (**b < 0.0)).count();
        assert!(right > 3_900, "{set:?}: {right}");
    }
}

#[test]
fn a_loss_is_a_goal() {
    let (coordinates, targets) = balls(1, 2_000);
    let (stack, options) = occupancy(600, Some(Goal::Loss(0.1)), 4);
    let mut weights = random_weights(&stack, 1, &mut Uniform(5));
    let outcome =
        fit(&stack, &mut weights, Coordinates::PerNetwork(&coordinates), 2_000, &targets, &options, &|_| ())[0];
    assert!(outcome.loss <= 0.1 && outcome.steps > 0 && outcome.steps < 600, "{outcome:?}");
}

/// Fits three balls on so many threads, as networks `first` to `first` + 3 of a set.
fn fit_balls(threads: usize, first: u64, seed: u64) -> (Vec<f32>, Vec<FitOutcome>) {
    let (coordinates, targets) = balls(3, 700);
    let (stack, mut options) = occupancy(20, None, seed);
    options.batch = options.batch.map(|batch| Batch { first, ..batch });
    let mut weights = random_weights(&stack, 3, &mut Uniform(5));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    let own = Coordinates::PerNetwork(&coordinates);
    let outcomes = pool.install(|| fit(&stack, &mut weights, own, 700, &targets, &options, &|_| ()));
    (weights, outcomes)
}

#[test]
fn random_points_follow_the_seed_and_not_the_threads() {
    let one = fit_balls(1, 0, 4);
    assert_eq!(one, fit_balls(3, 0, 4));
    assert_ne!(one, fit_balls(1, 0, 5));
    assert_ne!(one, fit_balls(1, 3, 4));
}

/// A random batch is a sum over its points: those of one step, put in by hand as all points, give the same update.
#[test]
fn a_batch_of_one_point_is_that_point() {
    let stack = DenseStack::siren(&[3, 16, 2], 30.0);
    let start = random_weights(&stack, 1, &mut Uniform(3));
    let options = FitOptions { max_steps: 7, ..FitOptions::default() };
    let (point, target) = ([0.3, -0.2, 0.9], [0.1, 0.7]);
    let mut plain = start.clone();
    fit(&stack, &mut plain, Coordinates::Shared(&point.repeat(40)), 40, &target.repeat(40), &options, &|_| ());
    let mut drawn = start;
    let options = FitOptions { batch: Some(Batch { points: 40, seed: 1, first: 0 }), ..options };
    fit(&stack, &mut drawn, Coordinates::Shared(&point), 1, &target, &options, &|_| ());
    assert_eq!(plain, drawn);
}

#[test]
#[should_panic(expected = "SquaredError cannot reach Iou(0.9)")]
fn goals_must_fit_the_loss() {
    let (grid, target) = signal(4, 0.0);
    let stack = DenseStack::siren(&[2, 5, 1], 30.0);
    let mut weights = random_weights(&stack, 1, &mut Uniform(7));
    let options = FitOptions { goal: Some(Goal::Iou(0.9)), ..FitOptions::default() };
    fit(&stack, &mut weights, Coordinates::Shared(&grid), 16, &target, &options, &|_| ());
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
