//! Laws of fits by Adam and K-FAC.

use proptest::prelude::*;

use super::Kfac;
use super::direction::{FLOOR, OUTPUT};
use crate::batch::{Drawn, Examples, Spread, spread_order};
use crate::fit::{FitOptions, FitOutcome, fit_on};
use crate::loss::Goal;
use crate::reference::{Uniform, add_gradients, evaluate, random_weights};
use crate::simd::InstructionSet;
use crate::stack::{Activation, Coordinates, DenseStack};

fn sets() -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL.into_iter().filter(|set| set.available())
}

/// A grid of `side` x `side` points on [-1, 1]^2.
fn grid(side: usize) -> Vec<f32> {
    let line: Vec<f32> = (0..side).map(|i| 2.0 * i as f32 / (side - 1) as f32 - 1.0).collect();
    line.iter().flat_map(|&y| line.iter().flat_map(move |&x| [x, y])).collect()
}

/// A wave with an edge: one value in [0, 1] for each point and channel.
fn picture(grid: &[f32], channels: usize, shift: f32) -> Vec<f32> {
    let value = |p: &[f32], c: f32| {
        let wave = 0.5 + 0.3 * (3.0 * p[0] + shift + c).sin() * (2.0 * p[1] - c).cos();
        if p[0] + 0.4 * p[1] > 0.3 { 1.0 - wave } else { wave }
    };
    grid.chunks(2).flat_map(|p| (0..channels).map(move |c| value(p, c as f32))).collect()
}

/// Fits on a grid of `side` x `side` points from random weights: the weights, and how it ended.
fn run(
    set: InstructionSet,
    stack: &DenseStack,
    side: usize,
    targets: &[f32],
    options: &FitOptions,
) -> (Vec<f32>, Vec<FitOutcome>) {
    let n = targets.len() / (side * side * stack.outputs());
    let mut weights = random_weights(stack, n, &mut Uniform(5));
    let grid = grid(side);
    let outcomes = fit_on(set, stack, &mut weights, Coordinates::Shared(&grid), side * side, targets, options, &|_| ());
    (weights, outcomes)
}

/// The defaults with another optimiser.
fn options(kfac: Option<Kfac>, max_steps: usize, stop_psnr: f32) -> FitOptions {
    FitOptions { kfac, ..FitOptions::fast_siren(max_steps, Some(stop_psnr)) }
}

#[test]
fn pictures_are_reached_in_fewer_steps_than_by_adam_and_the_weights_are_those_that_reached_them() {
    let stack = DenseStack::siren(&[2, 32, 32, 3], 30.0);
    let targets: Vec<f32> = (0..6).flat_map(|i| picture(&grid(20), 3, i as f32)).collect();
    for set in sets() {
        let (weights, kfac) = run(set, &stack, 20, &targets, &options(Some(Kfac::default()), 300, 35.0));
        let (_, adam) = run(set, &stack, 20, &targets, &options(None, 300, 35.0));
        let steps = |outcomes: &[FitOutcome]| outcomes.iter().map(|outcome| outcome.steps).sum::<usize>();
        assert!(4 * steps(&kfac) < 3 * steps(&adam), "{set:?}: {kfac:?} and {adam:?}");
        let mut values = vec![0.0; targets.len()];
        crate::forward(&stack, &weights, Coordinates::Shared(&grid(20)), 400, &mut values);
        for ((outcome, values), targets) in kfac.iter().zip(values.chunks(1_200)).zip(targets.chunks(1_200)) {
            let error = values.iter().zip(targets).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / 1_200.0;
            assert!(outcome.psnr() >= 35.0 && outcome.steps < 300, "{set:?}: {outcome:?}");
            assert!((error - outcome.loss).abs() < 1e-3 * outcome.loss, "{set:?}: {outcome:?}, is {error}");
        }
    }
}

/// A start on halves that fails and a handover that never comes leave no trace.
#[test]
fn where_kfac_never_steps_the_fit_is_adams_to_the_bit() {
    let stack = DenseStack::siren(&[2, 16, 16, 1], 30.0);
    let spot: Vec<f32> = (0..400).map(|i| if i == 147 { 1.0 } else { 0.0 }).collect();
    let cases =
        [("a constant", vec![0.3; 400], Kfac::default()), ("a pixel", spot, Kfac { start: 0.02, ..Kfac::default() })];
    for (name, target, kfac) in cases {
        for max_steps in [0, 3, 60] {
            let kfac = run(InstructionSet::best(), &stack, 20, &target, &options(Some(kfac), max_steps, 60.0));
            let adam = run(InstructionSet::best(), &stack, 20, &target, &options(None, max_steps, 60.0));
            assert_eq!(kfac, adam, "{name}, {max_steps} steps");
        }
    }
}

/// Settings under which K-FAC does harm: it steps from the first weights on, hardly damped.
#[test]
fn what_kfac_spoils_is_undone() {
    let reckless = Kfac { start: 1e6, damping: 1e-7 };
    for (stack, side) in [(DenseStack::siren(&[2, 32, 32, 1], 30.0), 16), (DenseStack::relu(&[2, 32, 32, 1]), 16)] {
        let targets: Vec<f32> = (0..8).flat_map(|i| picture(&grid(side), 1, i as f32)).collect();
        let (weights, kfac) = run(InstructionSet::best(), &stack, side, &targets, &options(Some(reckless), 150, 30.0));
        let (_, adam) = run(InstructionSet::best(), &stack, side, &targets, &options(None, 150, 30.0));
        assert!(weights.iter().all(|weight| weight.is_finite()));
        for (kfac, adam) in kfac.iter().zip(&adam) {
            assert!(kfac.psnr() >= adam.psnr().min(30.0) - 1.0, "{kfac:?}, by Adam {adam:?}");
        }
    }
}

/// Signals on which a second-order method may lose: one pixel, noise, colour, and networks of ReLUs.
#[test]
fn hard_signals_end_no_worse_than_by_adam() {
    let mut random = Uniform(9);
    let noise: Vec<f32> = (0..4 * 400).map(|_| 0.5 + 0.5 * random.next()).collect();
    let pixels: Vec<f32> = (0..4 * 400).map(|i| f32::from(u8::from(i % 400 == 200 + i / 400))).collect();
    let pictures: Vec<f32> = (0..4).flat_map(|i| picture(&grid(20), 1, i as f32)).collect();
    let colour: Vec<f32> = (0..4).flat_map(|i| picture(&grid(20), 3, i as f32)).collect();
    let siren = |widths: &[usize]| DenseStack::siren(widths, 30.0);
    let cases = [
        ("noise", siren(&[2, 32, 32, 1]), &noise, 40.0),
        ("pixels", siren(&[2, 32, 32, 1]), &pixels, 40.0),
        ("colour", siren(&[2, 64, 64, 3]), &colour, 40.0),
        ("deep", siren(&[2, 24, 24, 24, 1]), &pictures, 45.0),
        ("relu", DenseStack::relu(&[2, 32, 32, 3]), &colour, 30.0),
        ("linear", DenseStack::relu(&[2, 1]), &pictures, 30.0),
    ];
    for (name, stack, targets, psnr) in cases {
        let of = |kfac| run(InstructionSet::best(), &stack, 20, targets, &options(kfac, 200, psnr)).1;
        let mut ends = [of(Some(Kfac::default())), of(None)]
            .map(|outcomes| outcomes.iter().map(|outcome| outcome.psnr().min(psnr)).collect::<Vec<f32>>());
        ends.iter_mut().for_each(|ends| ends.sort_by(f32::total_cmp));
        for (kfac, adam) in ends[0].iter().zip(&ends[1]) {
            assert!(*kfac >= adam - 0.25, "{name}: {:?} dB, by Adam {:?}", ends[0], ends[1]);
        }
    }
}

#[test]
fn results_depend_on_neither_threads_nor_neighbours() {
    let stack = DenseStack::siren(&[2, 20, 33, 1], 30.0);
    let targets: Vec<f32> = (0..5).flat_map(|i| picture(&grid(15), 1, i as f32)).collect();
    let options = options(Some(Kfac::default()), 60, 40.0);
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    let on =
        |threads, targets: &[f32]| pool(threads).install(|| run(InstructionSet::best(), &stack, 15, targets, &options));
    let all = on(1, &targets);
    assert_eq!(all, on(3, &targets));
    let two = on(2, &targets[..450]);
    assert_eq!((&two.0[..], &two.1[..]), (&all.0[..2 * stack.parameters()], &all.1[..2]));
    // One thread meets what overflows, and then the others.
    let huge: Vec<f32> = targets[..225].iter().map(|x| x * 1e19).chain(targets.iter().copied()).collect();
    let mut weights = random_weights(&stack, 5, &mut Uniform(5));
    weights = [&weights[..stack.parameters()], &weights].concat();
    let grid = grid(15);
    let fit = || {
        fit_on(InstructionSet::best(), &stack, &mut weights, Coordinates::Shared(&grid), 225, &huge, &options, &|_| ())
    };
    let outcomes = pool(1).install(fit);
    assert_eq!((&weights[stack.parameters()..], &outcomes[1..]), (&all.0[..], &all.1[..]));
}

/// Solves `matrix` x = `right` by elimination without pivots, which a positive definite matrix does not need.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for pivot in 0..size {
        let row = matrix[pivot].clone();
        for below in pivot + 1..size {
            let factor = matrix[below][pivot] / row[pivot];
            matrix[below].iter_mut().zip(&row).for_each(|(to, from)| *to -= factor * from);
            right[below] -= factor * right[pivot];
        }
    }
    for i in (0..size).rev() {
        let known: f64 = (i + 1..size).map(|j| matrix[i][j] * right[j]).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    right
}

/// The direction of a first step in double precision, flat like the weights, written down from the formulas.
fn direction(stack: &DenseStack, weights: &[f32], examples: &Examples<'_>, targets: &[f32], damping: f64) -> Vec<f64> {
    let (inputs, outputs) = (stack.inputs(), stack.outputs());
    let points = targets.len() / outputs;
    let coordinates = examples.coordinates(0..points);
    let evaluations: Vec<_> = coordinates.chunks(inputs).map(|point| evaluate(stack, weights, point)).collect();
    let mut gradients = vec![0.0; weights.len()];
    for ((point, evaluation), targets) in coordinates.chunks(inputs).zip(&evaluations).zip(targets.chunks(outputs)) {
        let slope = |(value, target): (&f64, &f32)| (2.0 * (value - f64::from(*target)) / points as f64) as f32;
        let slopes: Vec<f32> = evaluation.values.iter().zip(targets).map(slope).collect();
        add_gradients(stack, weights, point, evaluation, &slopes, &mut gradients, &mut vec![0.0; inputs]);
    }
    let mut steps = vec![0.0; weights.len()];
    let mut end = weights.len();
    // Mean squares of the outputs' derivatives by the outputs of the layer: each output by itself at the top.
    let mut squares: Option<Vec<f64>> = None;
    for (l, pair) in stack.widths.windows(2).enumerate().rev() {
        let start = end - (pair[0] + 1) * pair[1];
        let half = match stack.activations.get(l) {
            Some(Activation::Sine { omega }) => 0.5 * f64::from(*omega) * f64::from(*omega),
            _ => 0.5,
        };
        let own: Option<Vec<f64>> = squares.take().map(|above| above.iter().map(|square| half * square).collect());
        let seen = &evaluations[..points.div_ceil(2)];
        let input = |evaluation: &crate::reference::Evaluation, i: usize| {
            if i == pair[0] { 1.0 } else { evaluation.inputs[l][i] }
        };
        let mut moment: Vec<Vec<f64>> = (0..=pair[0])
            .map(|i| (0..=pair[0]).map(|j| seen.iter().map(|e| input(e, i) * input(e, j)).sum::<f64>()).collect())
            .map(|row: Vec<f64>| row.into_iter().map(|sum| sum / seen.len() as f64).collect())
            .collect();
        let trace: f64 = (0..=pair[0]).map(|i| moment[i][i]).sum();
        (0..=pair[0]).for_each(|i| moment[i][i] += damping * trace / (pair[0] + 1) as f64);
        for o in 0..pair[1] {
            let factor = own.as_ref().map_or(f64::from(OUTPUT), |own| {
                1.0 / (own[o] + f64::from(FLOOR) * own.iter().sum::<f64>() / own.len() as f64)
            });
            let place = |i: usize| if i == pair[0] { start + pair[0] * pair[1] + o } else { start + o * pair[0] + i };
            let right = (0..=pair[0]).map(|i| gradients[place(i)]).collect();
            let solved = solve(moment.clone(), right);
            solved.iter().enumerate().for_each(|(i, x)| steps[place(i)] = -factor * outputs as f64 * x);
        }
        let column = |i: usize| {
            let weight = |o: usize| f64::from(weights[start + o * pair[0] + i]).powi(2);
            (0..pair[1]).map(|o| weight(o) * own.as_ref().map_or(1.0, |own| own[o])).sum()
        };
        squares = Some((0..pair[0]).map(column).collect());
        end = start;
    }
    steps
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// K-FAC's first step is along the direction of the formulas, in every layer, for any widths.
    #[test]
    fn the_first_step_is_along_the_direction_of_the_formulas(
        hidden in prop::collection::vec(1usize..40, 0..4),
        outputs in 1usize..4,
        relu in any::<bool>(),
        damping in 0.05f32..1.0,
        seed in any::<u64>(),
    ) {
        let widths: Vec<usize> = [2].into_iter().chain(hidden).chain([outputs]).collect();
        let stack = if relu { DenseStack::relu(&widths) } else { DenseStack::siren(&widths, 10.0) };
        let (points, mut random) = (77, Uniform(seed));
        let start = random_weights(&stack, 1, &mut random);
        let coordinates = random.vector(points * 2);
        // Near what the network says, where values are mostly linear enough that no step is undone.
        let mut targets = vec![0.0; points * outputs];
        crate::forward(&stack, &start, Coordinates::Shared(&coordinates), points, &mut targets);
        targets.iter_mut().for_each(|target| *target += 0.05 * random.next());
        let order = spread_order(points);
        let mut spread = Spread::new(&order);
        let spread = spread.take(&Examples::new(&coordinates, &targets, outputs, None, 0));
        let mut drawn = Drawn::default();
        let targets_spread = spread.block(0, 0..points, &mut drawn).1;
        let exact = direction(&stack, &start, &spread, targets_spread, f64::from(damping));
        // Where the targets hardly vary the first error may be many times their variance.
        let options = FitOptions { kfac: Some(Kfac { start: f32::MAX, damping }), max_steps: 1, ..FitOptions::default() };
        for set in sets() {
            let mut weights = start.clone();
            fit_on(set, &stack, &mut weights, Coordinates::Shared(&coordinates), points, &targets, &options, &|_| ());
            // A step that was undone left Adam's in its place, which says nothing of K-FAC's.
            let mut by_adam = start.clone();
            let adam = FitOptions { kfac: None, ..options };
            fit_on(set, &stack, &mut by_adam, Coordinates::Shared(&coordinates), points, &targets, &adam, &|_| ());
            prop_assume!(weights != by_adam);
            let moved: Vec<f64> = weights.iter().zip(&start).map(|(a, b)| f64::from(*a) - f64::from(*b)).collect();
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let (all, own, other) = (dot(&moved, &exact), dot(&moved, &moved), dot(&exact, &exact));
            prop_assert!(all > 0.0, "{:?}: uphill", set);
            // Rounding of the weights hides the last digits of what they moved.
            let rounding = start.iter().map(|w| (f64::from(*w) * 6e-8).powi(2)).sum::<f64>() / own;
            let sine = 1.0 - all * all / (own * other);
            prop_assert!(sine < 1e-5 + 4.0 * rounding, "{:?}: sin^2 {} of the angle, rounding {}", set, sine, rounding);
        }
    }
}

#[test]
#[should_panic(expected = "K-FAC is for squared errors over all points")]
fn other_losses_are_refused() {
    let options = FitOptions {
        loss: crate::Loss::CrossEntropy,
        goal: Some(Goal::Loss(0.1)),
        ..options(Some(Kfac::default()), 1, 1.0)
    };
    run(InstructionSet::best(), &DenseStack::relu(&[2, 4, 1]), 4, &[0.0; 16], &options);
}
