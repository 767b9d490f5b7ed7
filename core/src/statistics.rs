//! Per-tensor mean and standard deviation of a zoo: the scale on which weights are normalised.
//!
//! One number per parameter tensor, not per entry: per-entry statistics would single out neurons and break equivariance. What
//! keeps to one gauge may ask for these too ([`Statistics::each`]).

use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::{Layout, host};

/// Mean and standard deviation of each parameter tensor over a set of networks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// One per tensor of the layout.
    pub mean: Vec<f32>,
    /// One per tensor of the layout, never below 1e-6.
    pub deviation: Vec<f32>,
    /// Mean and standard deviation of every parameter, the latter never below 1e-6.
    each: [Vec<f32>; 2],
}

impl Statistics {
    /// Of networks given flat, row by row.
    ///
    /// # Panics
    /// If there is no network.
    pub fn of<'a>(layout: &Layout, networks: impl Iterator<Item = &'a [f32]> + Clone) -> Self {
        let per_tensor = layout.tensors().iter().map(|tensor| {
            let values = || networks.clone().flat_map(|network| network[tensor.range()].iter().map(|v| f64::from(*v)));
            let count = values().count();
            assert!(count > 0, "statistics of no network");
            let mean = values().sum::<f64>() / count as f64;
            let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count as f64;
            (mean as f32, variance.sqrt().max(1e-6) as f32)
        });
        let (mean, deviation) = per_tensor.unzip();
        Self { mean, deviation, each: each(layout.parameters(), networks) }
    }

    /// Mean of every parameter, `[1, parameters]`.
    pub fn mean_row(&self, layout: &Arc<Layout>, device: &Device) -> Tensor<2> {
        spread(&self.mean, layout, device)
    }

    /// Standard deviation of every parameter, `[1, parameters]`.
    pub fn deviation_row(&self, layout: &Arc<Layout>, device: &Device) -> Tensor<2> {
        spread(&self.deviation, layout, device)
    }

    /// Mean and standard deviation of every parameter over the networks, `[1, parameters]` each.
    pub fn each(&self, device: &Device) -> [Tensor<2>; 2] {
        self.each.each_ref().map(|values| host::tensor(values.clone(), [1, values.len()], device))
    }
}

fn each<'a>(parameters: usize, networks: impl Iterator<Item = &'a [f32]> + Clone) -> [Vec<f32>; 2] {
    let count = networks.clone().count() as f64;
    let average = |of: &dyn Fn(usize, f64) -> f64| {
        let mut sums = vec![0.0; parameters];
        for network in networks.clone() {
            sums.iter_mut().zip(network).enumerate().for_each(|(i, (sum, value))| *sum += of(i, f64::from(*value)));
        }
        sums.into_iter().map(|sum| sum / count).collect::<Vec<f64>>()
    };
    let mean = average(&|_, value| value);
    let variance = average(&|i, value| (value - mean[i]).powi(2));
    let deviation = variance.iter().map(|variance| variance.sqrt().max(1e-6) as f32).collect();
    [mean.iter().map(|mean| *mean as f32).collect(), deviation]
}

fn spread(per_tensor: &[f32], layout: &Layout, device: &Device) -> Tensor<2> {
    let values: Vec<f32> =
        layout.tensors().iter().zip(per_tensor).flat_map(|(tensor, value)| vec![*value; tensor.len()]).collect();
    let parameters = values.len();
    host::tensor(values, [1, parameters], device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Axis, Hidden};

    #[test]
    fn tensors_are_taken_as_wholes_and_parameters_one_by_one() {
        let hidden = [Hidden { width: 1, activation: Activation::Other }];
        let layout = Layout::dense(Axis::Coordinates(2), &hidden, 1);
        let networks = [[1.0, 2.0, 0.0, 5.0, -1.0], [1.0, 6.0, 0.0, 7.0, -1.0]];
        let statistics = Statistics::of(&layout, networks.iter().map(|network| &network[..]));
        assert_eq!(statistics.mean, [2.5, 0.0, 6.0, -1.0]);
        assert!((statistics.deviation[0] - 4.25f32.sqrt()).abs() < 1e-6 && statistics.deviation[1] == 1e-6);
        let [mean, deviation] = statistics.each(&Device::flex());
        assert_eq!(host::read(mean), [1.0, 4.0, 0.0, 6.0, -1.0]);
        assert_eq!(host::read(deviation), [1e-6, 2.0, 1e-6, 1.0, 1e-6]);
    }
}
