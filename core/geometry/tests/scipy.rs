//! Distances of random clouds against scipy itself, where there is a Python with it; `distances.rs` has numbers that it made.

use std::path::PathBuf;
use std::process::Command;

use equigen_geometry::Point;
use equigen_geometry::distance::{Cloud, Measure};
use equigen_geometry::protocol::Distances;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// For a list of pairs of sets of clouds: Chamfer and earth mover's distance of the first clouds, then MMD, COV and 1-NNA
/// under both, in a line each.
const SCRIPT: &str = "
import json, sys
import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

def chamfer(a, b):
    return (cKDTree(b).query(a)[0] ** 2).mean() + (cKDTree(a).query(b)[0] ** 2).mean()

def emd(a, b):
    costs = cdist(a, b)
    return costs[linear_sum_assignment(costs)].mean()

for generated, reference in json.load(open(sys.argv[1])):
    for distance in (chamfer, emd):
        gg, gr, rr = (np.array([[distance(np.array(x), np.array(y)) for y in b] for x in a])
                      for a, b in [(generated, generated), (generated, reference), (reference, reference)])
        every = np.block([[gg, gr], [gr.T, rr]])
        np.fill_diagonal(every, np.inf)
        is_generated = np.arange(len(every)) < len(gg)
        print(gr[0, 0], gr.min(axis=0).mean(), len(set(gr.argmin(axis=1))) / gr.shape[1],
              (is_generated[every.argmin(axis=1)] == is_generated).mean())
";

/// A Python with scipy: `EQUIGEN_PYTHON`, or `python3`.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("EQUIGEN_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let output = Command::new(&python).args(["-c", "import scipy"]).output().ok()?;
    output.status.success().then_some(python)
}

#[test]
fn random_sets_of_clouds_have_the_distances_and_figures_of_scipy_and_numpy() {
    let Some(python) = python() else {
        eprintln!("skipped: no Python with scipy; name one in EQUIGEN_PYTHON");
        return;
    };
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    // Sizes and spreads of several orders, clouds around centres of their own.
    let mut set = |count: usize, points: usize, spread: f64| -> Vec<Vec<Point>> {
        let mut uniform = |scale: f64| [0; 3].map(|_| scale * (2.0 * rng.random::<f64>() - 1.0));
        let mut cloud = || {
            let centre = uniform(0.3);
            (0..points).map(|_| uniform(spread)).map(|p| [0, 1, 2].map(|k| p[k] + centre[k])).collect()
        };
        (0..count).map(|_| cloud()).collect()
    };
    let sets: Vec<[Vec<Vec<Point>>; 2]> = [(3, 5, 1, 1.0), (5, 4, 40, 0.01), (6, 6, 300, 1.0), (1, 2, 1024, 0.6)]
        .map(|(generated, reference, points, spread)| {
            [set(generated, points, spread), set(reference, points, 1.1 * spread)]
        })
        .into();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sets.json"), serde_json::to_vec(&sets).unwrap()).unwrap();
    let output =
        Command::new(python).args(["-c", SCRIPT]).arg(folder.path().join("sets.json")).output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = text.lines();
    for [generated, reference] in &sets {
        let clouds = |set: &[Vec<Point>]| set.iter().map(|points| Cloud::new(points).unwrap()).collect::<Vec<_>>();
        let (generated, reference) = (clouds(generated), clouds(reference));
        for measure in [Measure::Chamfer, Measure::EarthMover] {
            let distances = Distances::measured(measure, &generated, &reference).unwrap();
            let first = measure.of(&generated[0], &reference[0]).unwrap();
            let found = [first, distances.mmd(), distances.coverage(), distances.one_nn_accuracy()];
            let expected: Vec<f64> = lines.next().unwrap().split(' ').map(|number| number.parse().unwrap()).collect();
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-5, "{measure:?}: {found}, not {expected}");
            }
        }
    }
}
