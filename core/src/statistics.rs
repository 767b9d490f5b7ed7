//! Per-tensor mean and standard deviation of a zoo: the scale on which weights are normalised.
//!
//! One number per parameter tensor, not per entry: per-entry statistics would single out neurons and break equivariance.

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
        Self { mean, deviation }
    }

    /// Mean of every parameter, `[1, parameters]`.
    pub fn mean_row(&self, layout: &Arc<Layout>, device: &Device) -> Tensor<2> {
        spread(&self.mean, layout, device)
    }

    /// Standard deviation of every parameter, `[1, parameters]`.
    pub fn deviation_row(&self, layout: &Arc<Layout>, device: &Device) -> Tensor<2> {
        spread(&self.deviation, layout, device)
    }
}

fn spread(per_tensor: &[f32], layout: &Layout, device: &Device) -> Tensor<2> {
    let values: Vec<f32> =
        layout.tensors().iter().zip(per_tensor).flat_map(|(tensor, value)| vec![*value; tensor.len()]).collect();
    let parameters = values.len();
    host::tensor(values, [1, parameters], device)
}
