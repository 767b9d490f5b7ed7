//! Per-tensor mean and standard deviation of a zoo: the scale on which weights are normalised.
//!
//! One number per parameter tensor, not per entry: per-entry statistics would single out neurons and break equivariance. What
//! keeps to one gauge may ask for these too ([`Statistics::each`]).

use std::ops::Range;
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
        let (mut mean, mut deviation, mut each) = (Vec::new(), Vec::new(), [Vec::new(), Vec::new()]);
        let root = |variance: f64| variance.sqrt().max(1e-6) as f32;
        for tensor in layout.tensors() {
            let averages = |of: &dyn Fn(usize, f64) -> [f64; 2]| averages(networks.clone(), tensor.range(), of);
            let (centre, centres) = averages(&|_, value| [value, value]);
            let (variance, variances) =
                averages(&|place, value| [(value - centre).powi(2), (value - centres[place]).powi(2)]);
            mean.push(centre as f32);
            deviation.push(root(variance));
            each[0].extend(centres.into_iter().map(|centre| centre as f32));
            each[1].extend(variances.into_iter().map(root));
        }
        Self { mean, deviation, each }
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

/// Averages of what `of` makes of the place and the value of an entry of a tensor: of the first number over all entries of all
/// networks, and of the second over the networks, for every entry.
fn averages<'a>(
    networks: impl Iterator<Item = &'a [f32]>,
    tensor: Range<usize>,
    of: impl Fn(usize, f64) -> [f64; 2],
) -> (f64, Vec<f64>) {
    let (mut count, mut total, mut sums) = (0, 0.0, vec![0.0; tensor.len()]);
    for network in networks {
        count += 1;
        for (place, (sum, value)) in sums.iter_mut().zip(&network[tensor.clone()]).enumerate() {
            let [all, own] = of(place, f64::from(*value));
            total += all;
            *sum += own;
        }
    }
    assert!(count > 0, "statistics of no network");
    let every = sums.into_iter().map(|sum| sum / f64::from(count)).collect();
    (total / (f64::from(count) * tensor.len() as f64), every)
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
