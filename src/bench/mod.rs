//! Rates of this machine: `equigen bench`.
//!
//! Times are medians of several repetitions. Other programs on the machine make them worse, never better.

mod fit;
mod model;
mod smooth;

use std::time::Instant;

use equigen_core::seed::{self, Rng};
use equigen_kernels::{Activation, DenseStack};
use serde::Serialize;
use serde_json::Value;

pub(crate) use fit::fit;
pub(crate) use model::{encode, sample, train};
pub(crate) use smooth::smooth;

/// One line of a benchmark: what was done, and figures by name.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) work: String,
    #[serde(flatten)]
    pub(crate) figures: serde_json::Map<String, Value>,
}

impl Row {
    fn new(work: impl Into<String>, figures: &[(&str, f64)]) -> Self {
        let rounded =
            |value: f64| if value.abs() < 10.0 { (value * 1e4).round() / 1e4 } else { (value * 10.0).round() / 10.0 };
        let figure = |(name, value): &(&str, f64)| ((*name).to_owned(), Value::from(rounded(*value)));
        Self { work: work.into(), figures: figures.iter().map(figure).collect() }
    }
}

/// Networks of a stack as a SIREN starts, or as PyTorch's layers do if it has ReLUs, flat.
fn starts(stack: &DenseStack, networks: usize, rng: &mut Rng) -> Vec<f32> {
    let relu = stack.activations.contains(&Activation::Relu);
    let mut weights = Vec::with_capacity(networks * stack.parameters());
    for _ in 0..networks {
        for (layer, pair) in stack.widths.windows(2).enumerate() {
            let inputs = pair[0] as f32;
            let bound = match layer {
                _ if relu => 1.0 / inputs.sqrt(),
                0 => 1.0 / inputs,
                _ => (6.0 / inputs).sqrt() / 30.0,
            };
            weights.extend(seed::uniform(rng, pair[0] * pair[1], -bound, bound));
            weights.extend(seed::uniform(rng, pair[1], -1.0 / inputs.sqrt(), 1.0 / inputs.sqrt()));
        }
    }
    weights
}

/// Median seconds of some repetitions, after one that warms caches.
fn median(repeats: usize, mut work: impl FnMut()) -> f64 {
    work();
    let mut seconds: Vec<f64> = (0..repeats.max(1))
        .map(|_| {
            let begun = Instant::now();
            work();
            begun.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
