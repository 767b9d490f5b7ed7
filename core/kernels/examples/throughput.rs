//! Rates of the kernels on this machine: network-steps per second of [`equigen_kernels::fit`] on random
//! targets, and microseconds of [`equigen_kernels::path::shortest_path`] on the neurons of fitted networks.
//!
//! `cargo run --release -p equigen-kernels --example throughput`

use std::time::Instant;

use equigen_kernels::path::{path_length, shortest_path};
use equigen_kernels::{Adam, Coordinates, DenseStack, FitOptions, InstructionSet, fit};

/// Uniform numbers in [-1, 1).
fn uniform(state: &mut u64) -> f32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 40) as f32 / 8_388_608.0 - 1.0
}

/// Standard initialisation of a SIREN, or of a ReLU stack, scaled by fan-in.
fn initial(stack: &DenseStack, siren: bool, n: usize, state: &mut u64) -> Vec<f32> {
    let mut weights = Vec::new();
    for _ in 0..n {
        for (l, pair) in stack.widths.windows(2).enumerate() {
            let fan_in = pair[0] as f32;
            let bound = match (siren, l) {
                (true, 0) => 1.0 / fan_in,
                (true, _) => (6.0 / fan_in).sqrt() / 30.0,
                _ => (6.0 / fan_in).sqrt(),
            };
            weights.extend((0..pair[0] * pair[1]).map(|_| bound * uniform(state)));
            weights.extend((0..pair[1]).map(|_| uniform(state) / fan_in.sqrt()));
        }
    }
    weights
}

fn measure(name: &str, stack: &DenseStack, siren: bool, points: usize, n: usize, steps: usize) {
    let mut state = 1;
    let weights = initial(stack, siren, n, &mut state);
    let coordinates: Vec<f32> = (0..points * stack.inputs()).map(|_| uniform(&mut state)).collect();
    let targets: Vec<f32> = (0..n * points * stack.outputs()).map(|_| 0.5 + 0.5 * uniform(&mut state)).collect();
    let options = FitOptions { adam: Adam::default(), max_steps: steps, stop_psnr: None, decay: None };
    let mut best = f64::INFINITY;
    for _ in 0..7 {
        let mut weights = weights.clone();
        let start = Instant::now();
        fit(stack, &mut weights, Coordinates::Shared(&coordinates), points, &targets, &options, &|_| ());
        best = best.min(start.elapsed().as_secs_f64());
    }
    // The last evaluation makes no update.
    let rate = (n * (steps + 1)) as f64 / best;
    let gflops = rate * 2.0 * (stack.multiply_adds().1 * points) as f64 / 1e9;
    println!("{name:<32} {points:>5} points  {rate:>9.0} network-steps/s  {gflops:>6.1} GFLOP/s");
}

/// Neurons of a hidden layer as cities: row of the weight, bias, column of the next weight.
fn cities(stack: &DenseStack, weights: &[f32], layer: usize) -> (Vec<f32>, usize) {
    let start = |l: usize| stack.widths[..=l].windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum::<usize>();
    let (inputs, neurons, next) = (stack.widths[layer], stack.widths[layer + 1], stack.widths[layer + 2]);
    let (weight, above) = (&weights[start(layer)..], &weights[start(layer + 1)..]);
    let mut cities = Vec::new();
    for neuron in 0..neurons {
        cities.extend_from_slice(&weight[neuron * inputs..(neuron + 1) * inputs]);
        cities.push(weight[inputs * neurons + neuron]);
        cities.extend((0..next).map(|i| above[i * neurons + neuron]));
    }
    (cities, inputs + 1 + next)
}

/// Time of both hidden layers of SIRENs of this width, fitted to random waves, on one core.
fn measure_paths(width: usize, n: usize) {
    let stack = DenseStack::siren(&[2, width, width, 1], 30.0);
    let mut state = 2;
    let mut weights = initial(&stack, true, n, &mut state);
    let line = |i: usize| i as f32 / 13.5 - 1.0;
    let grid: Vec<f32> = (0..784).flat_map(|i| [line(i % 28), line(i / 28)]).collect();
    let mut targets = Vec::new();
    for _ in 0..n {
        let (fx, fy, phase) = (6.0 * uniform(&mut state), 6.0 * uniform(&mut state), 3.0 * uniform(&mut state));
        targets.extend(grid.chunks(2).map(|p| 0.5 + 0.5 * (fx * p[0] + fy * p[1] + phase).sin()));
    }
    let options = FitOptions::fast_siren(500, Some(35.0));
    fit(&stack, &mut weights, Coordinates::Shared(&grid), 784, &targets, &options, &|_| ());
    let layers: Vec<_> = weights
        .chunks(stack.parameters())
        .flat_map(|weights| [cities(&stack, weights, 0), cities(&stack, weights, 1)])
        .collect();
    let (mut best, mut found) = (f64::INFINITY, 0.0);
    for _ in 0..7 {
        let start = Instant::now();
        let orders: Vec<_> = layers.iter().map(|(cities, d)| shortest_path(cities, width, *d)).collect();
        best = best.min(start.elapsed().as_secs_f64());
        found = layers.iter().zip(&orders).map(|((cities, d), order)| path_length(cities, width, *d, order)).sum();
    }
    let identity: Vec<usize> = (0..width).collect();
    let before: f64 = layers.iter().map(|(cities, d)| path_length(cities, width, *d, &identity)).sum();
    println!(
        "paths of SIREN 2-{width}-{width}-1  {:>8.1} microseconds a network, length {:.4} of the identity",
        best * 1e6 / n as f64,
        found / before
    );
}

fn main() {
    println!(
        "instruction set {:?}, {} threads",
        InstructionSet::best(),
        std::thread::available_parallelism().map_or(1, usize::from)
    );
    measure("SIREN 2-32-32-1", &DenseStack::siren(&[2, 32, 32, 1], 30.0), true, 784, 16, 100);
    measure("SIREN 2-64-64-3", &DenseStack::siren(&[2, 64, 64, 3], 30.0), true, 1_024, 8, 50);
    measure("SIREN 3-128-128-128-1", &DenseStack::siren(&[3, 128, 128, 128, 1], 30.0), true, 4_096, 2, 5);
    measure("ReLU 27-128-128-128-1", &DenseStack::relu(&[27, 128, 128, 128, 1]), false, 4_096, 2, 5);
    measure_paths(32, 64);
    measure_paths(128, 8);
}
