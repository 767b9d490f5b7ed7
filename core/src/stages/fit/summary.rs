//! How well the networks of a fit fit.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::config::Init;
use crate::{Domain, Result, tensors};

/// How well the networks fit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FitSummary {
    /// Number of networks.
    pub networks: usize,
    /// Their layout, for people.
    pub layout: String,
    /// Mean and least quality: `mean_psnr` and `min_psnr` in dB, or `mean_iou` and `min_iou`; none if that of a network is not
    /// known.
    #[serde(flatten)]
    pub quality: BTreeMap<String, f64>,
    /// Mean number of optimiser steps.
    pub mean_steps: f64,
    /// Where the fits started; `None` if the networks were given.
    pub init: Option<Init>,
    /// Signals that could not be read and were left out, as the settings allow: a message for each. Shards do not count them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// The summary of the networks of parts. Sums run row by row, so that the division into parts leaves no trace in them.
pub(super) fn summary(parts: &[PathBuf], layout: &str, init: Option<Init>) -> Result<FitSummary> {
    let (mut networks, mut sum, mut steps_sum) = (0, 0.0, 0.0);
    let mut least = f64::INFINITY;
    let mut name = Domain::QUALITIES[0];
    for other in Domain::QUALITIES {
        if tensors::has(&parts[0], other)? {
            name = other;
        }
    }
    for part in parts {
        for quality in tensors::column(part, name)? {
            networks += 1;
            sum += f64::from(quality);
            least = least.min(f64::from(quality));
        }
        for steps in tensors::column(part, "steps")? {
            steps_sum += f64::from(steps);
        }
    }
    // JSON has no NaN: what is not known is left out.
    let quality = [(format!("mean_{name}"), sum / networks as f64), (format!("min_{name}"), least)];
    let known = !sum.is_nan();
    Ok(FitSummary {
        networks,
        layout: layout.to_owned(),
        quality: if known { quality.into() } else { BTreeMap::new() },
        mean_steps: steps_sum / networks as f64,
        init,
        left_out: Vec::new(),
    })
}
