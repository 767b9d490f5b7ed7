//! `schedule` of the sections that train.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long and how fast to train. AdamW; linear warm-up, then cosine decay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Optimiser steps.
    pub steps: usize,
    /// Networks in a batch.
    pub batch: usize,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Share of the steps in which the learning rate rises to its highest.
    #[serde(default = "default_warmup")]
    pub warmup: f64,
    /// Learning rate at the end, as a share of the highest.
    #[serde(default = "default_final_rate")]
    pub final_rate: f64,
    /// Decoupled weight decay of matrices.
    #[serde(default = "default_weight_decay")]
    pub weight_decay: f64,
    /// Decay of the second moment.
    #[serde(default = "default_beta2")]
    pub beta2: f64,
    /// Largest global norm of the gradient; larger ones are scaled down.
    #[serde(default = "default_clip")]
    pub clip: f64,
    /// Decay of the moving average of parameters that is used after training; 0 for none.
    #[serde(default)]
    pub average: f64,
}

fn default_warmup() -> f64 {
    0.05
}

fn default_final_rate() -> f64 {
    0.01
}

fn default_weight_decay() -> f64 {
    1e-4
}

fn default_beta2() -> f64 {
    0.999
}

fn default_clip() -> f64 {
    1.0
}

impl Schedule {
    /// Learning rate of a step, counted from 0; the schedule starts again at each of `phases`, shares of the steps.
    pub fn learning_rate_at(&self, step: usize, phases: &[f64]) -> f64 {
        let steps = self.steps as f64;
        let bounds: Vec<f64> = phases.iter().map(|share| (share * steps).ceil()).collect();
        let first = bounds.iter().copied().filter(|bound| *bound <= step as f64).fold(0.0, f64::max);
        let last = bounds.iter().copied().filter(|bound| *bound > step as f64).fold(steps, f64::min);
        let done = (step as f64 + 1.0 - first) / (last - first);
        if done < self.warmup {
            return self.learning_rate * done / self.warmup;
        }
        let decay = (done - self.warmup) / (1.0 - self.warmup).max(1e-9);
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * decay).cos());
        self.learning_rate * (self.final_rate + (1.0 - self.final_rate) * cosine)
    }
}
