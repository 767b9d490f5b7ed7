//! Smoothing: microseconds for both hidden layers of a network on one core, and the length of what is found.
//!
//! With `EQUIGEN_BENCH_PATHS=FOLDER` in the environment, the cities and what was found are written there as well:
//! `benches/peers/smooth_optimum.py` compares them with the optimum.

use std::path::Path;
use std::time::Instant;

use equigen_core::{Activation, Axis, Error, Hidden, Layout, Result, Seed, seed};
use equigen_kernels::path::{path_length, shortest_path};
use equigen_kernels::{Coordinates, DenseStack, FitOptions};
use serde::Serialize;

use super::{Row, starts};

/// All rows.
pub(crate) fn smooth(repeats: usize) -> Result<Vec<Row>> {
    [(32, 64), (128, 8)].into_iter().map(|(width, networks)| row(width, networks, repeats)).collect()
}

/// SIRENs fitted to random waves: smoothing random weights would be another problem.
fn fitted(stack: &DenseStack, networks: usize) -> Vec<f32> {
    let mut rng = Seed::new(2).stream(0);
    let mut weights = starts(stack, networks, &mut rng);
    let line = |i: usize| i as f32 / 13.5 - 1.0;
    let grid: Vec<f32> = (0..784).flat_map(|i| [line(i % 28), line(i / 28)]).collect();
    let mut targets = Vec::new();
    for _ in 0..networks {
        let wave = seed::uniform(&mut rng, 3, -6.0, 6.0);
        targets.extend(grid.chunks(2).map(|p| 0.5 + 0.5 * (wave[0] * p[0] + wave[1] * p[1] + wave[2]).sin()));
    }
    let options = FitOptions::fast_siren(500, Some(35.0));
    equigen_kernels::fit(stack, &mut weights, Coordinates::Shared(&grid), 784, &targets, &options, &|_| ());
    weights
}

fn row(width: usize, networks: usize, repeats: usize) -> Result<Row> {
    let stack = DenseStack::siren(&[2, width, width, 1], 30.0);
    let weights = fitted(&stack, networks);
    let hidden = [Hidden { width, activation: Activation::Sine { omega: 30.0 } }; 2];
    let layout = Layout::dense(Axis::Coordinates(2), &hidden, 1);
    // The neurons of each layer as cities.
    let cities = |network, layer| {
        let rows = layout.neuron_rows(layer, network);
        (rows.concat(), rows[0].len())
    };
    let of = |network| [cities(network, 0), cities(network, 1)];
    let layers: Vec<(Vec<f32>, usize)> = weights.chunks(stack.parameters()).flat_map(of).collect();
    let (mut orders, mut seconds) = (Vec::new(), Vec::new());
    for _ in 0..=repeats.max(1) {
        orders.clear();
        for network in layers.chunks(2) {
            let begun = Instant::now();
            orders.extend(network.iter().map(|(cities, d)| shortest_path(cities, width, *d)));
            seconds.push(begun.elapsed().as_secs_f64());
        }
    }
    // The median over networks and repetitions, without the first: other programs seldom interrupt so short a work.
    seconds.drain(..networks);
    seconds.sort_by(f64::total_cmp);
    let length = |orders: &[Vec<usize>]| -> f64 {
        layers.iter().zip(orders).map(|((cities, d), order)| path_length(cities, width, *d, order)).sum()
    };
    if let Some(folder) = std::env::var_os("EQUIGEN_BENCH_PATHS") {
        write(Path::new(&folder), width, &layers, &orders)?;
    }
    let identity = vec![(0..width).collect::<Vec<usize>>(); layers.len()];
    let figures = [
        ("microseconds_a_network", seconds[seconds.len() / 2] * 1e6),
        ("length_over_identity", length(&orders) / length(&identity)),
    ];
    Ok(Row::new(format!("SIREN 2-{width}-{width}-1, both layers, one core"), &figures))
}

/// A layer as a problem, and its solution.
#[derive(Serialize)]
struct Smoothed<'a> {
    /// `[neurons, coordinates]`.
    cities: Vec<&'a [f32]>,
    order: &'a [usize],
}

/// Writes `smooth-WIDTH.json`: the layers of one network after the other.
fn write(folder: &Path, width: usize, layers: &[(Vec<f32>, usize)], orders: &[Vec<usize>]) -> Result<()> {
    let layers = layers.iter().zip(orders);
    let smoothed: Vec<Smoothed> =
        layers.map(|((cities, d), order)| Smoothed { cities: cities.chunks(*d).collect(), order }).collect();
    let text = serde_json::to_string(&smoothed).map_err(|error| Error::failed(error.to_string()))?;
    fs_err::create_dir_all(folder)?;
    fs_err::write(folder.join(format!("smooth-{width}.json")), text)?;
    Ok(())
}
