//! Moves in feature space that turn a few shots into many conditions.

use std::fmt::Debug;

use super::component_kind;
use crate::registry::Claim;
use crate::{Result, seed::Rng};

/// A random move of features in the equivariant subspace.
#[typetag::serde(tag = "type")]
pub trait Disturbance: Debug + Send + Sync {
    /// Moves each feature of `rows [n, dim]` by `level[i]` times a random direction; level 0 leaves it exactly.
    ///
    /// # Errors
    /// If the bank has nothing to move by.
    fn disturb(&self, rows: &mut [f32], level: &[f32], bank: &FeatureBank, rng: &mut Rng) -> Result<()>;

    /// The level at which samples are drawn.
    fn scale(&self) -> f64;

    /// What the component promises.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

component_kind!(Disturbance);

/// Features of the source networks, the directions in which signals are known to vary.
#[derive(Debug, Clone)]
pub struct FeatureBank {
    /// Length of a feature.
    pub dim: usize,
    /// `[n, dim]`.
    pub features: Vec<f32>,
    /// Class of each, a number below the number of source classes.
    pub classes: Vec<usize>,
    /// Standard deviation of each feature over the source, `[dim]`.
    pub deviation: Vec<f32>,
    /// Feature minus the mean of its class, `[n, dim]`.
    pub deltas: Vec<f32>,
}

impl FeatureBank {
    /// Computes deviation and deltas.
    pub fn new(features: Vec<f32>, classes: Vec<usize>, dim: usize) -> Self {
        let rows = classes.len().max(1) as f64;
        let mut means = vec![vec![0f64; dim]; classes.iter().max().map_or(0, |last| last + 1)];
        let mut counts = vec![0f64; means.len()];
        let (mut sum, mut square) = (vec![0f64; dim], vec![0f64; dim]);
        for (feature, class) in features.chunks(dim).zip(&classes) {
            counts[*class] += 1.0;
            for (k, value) in feature.iter().map(|value| f64::from(*value)).enumerate() {
                means[*class][k] += value;
                sum[k] += value;
                square[k] += value * value;
            }
        }
        let spread = |k: usize| ((square[k] / rows) - (sum[k] / rows).powi(2)).max(0.0).sqrt() as f32;
        let centred = |(feature, class): (&[f32], &usize)| -> Vec<f32> {
            let mean = means[*class].iter().map(|total| (total / counts[*class]) as f32);
            feature.iter().zip(mean).map(|(value, mean)| value - mean).collect()
        };
        let deltas = features.chunks(dim).zip(&classes).flat_map(centred).collect();
        Self { dim, deviation: (0..dim).map(spread).collect(), deltas, features, classes }
    }

    /// Number of source features.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// Feature of row `i` minus the mean of its class.
    pub fn delta(&self, i: usize) -> &[f32] {
        &self.deltas[i * self.dim..(i + 1) * self.dim]
    }
}
