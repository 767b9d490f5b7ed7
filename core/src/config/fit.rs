//! `[fit]` and `[expand]`: networks of the signals, and of deformed ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Augmentation, Deformation, Domain, Fitter};

/// Signals to networks.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// What fits the networks.
    pub fitter: Box<dyn Fitter>,
    /// Where each fit starts.
    #[serde(default)]
    pub init: Init,
    /// Of images: a network is done when its PSNR reaches this many dB (peak 1).
    #[serde(default = "default_stop_psnr")]
    pub stop_psnr: f64,
    /// Of shapes: a network is done when its intersection over union reaches this, at the points of a step.
    #[serde(default = "default_stop_iou", skip_serializing_if = "is_default_stop_iou")]
    pub stop_iou: f64,
    /// A network that has not reached it by then stops here.
    #[serde(default = "default_max_steps")]
    pub max_steps: usize,
    /// Function-preserving augmentations applied once to every fitted network, in order.
    #[serde(default)]
    pub canonical: Vec<Box<dyn Augmentation>>,
}

fn default_stop_psnr() -> f64 {
    40.0
}

fn default_stop_iou() -> f64 {
    0.99
}

fn default_max_steps() -> usize {
    1000
}

fn is_default_stop_iou(value: &f64) -> bool {
    *value == default_stop_iou()
}

impl Fit {
    /// The quality at which a network of a domain is done; an expansion may have its own.
    pub fn stop(&self, domain: &Domain, expand: Option<&Expand>) -> f64 {
        match domain {
            Domain::Image { .. } => expand.and_then(|expand| expand.stop_psnr).unwrap_or(self.stop_psnr),
            Domain::Shape { .. } => expand.and_then(|expand| expand.stop_iou).unwrap_or(self.stop_iou),
        }
    }

    /// Steps after which a network stops; an expansion may have its own.
    pub fn steps(&self, expand: Option<&Expand>) -> usize {
        expand.and_then(|expand| expand.max_steps).unwrap_or(self.max_steps)
    }
}

/// Where fits start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// Every network draws its own start: the paper's setting.
    #[default]
    Independent,
    /// All networks start from one draw, which nearly aligns their weights and makes generation far easier.
    Shared,
    /// All networks start from where fits of 64 signals of the source classes lead, on average: Reptile (Nichol et al. 2018), as
    /// Tancik et al. 2021 ("Learnit") use it. No signal of the target class takes part. Fits are nearly aligned.
    Meta,
}

/// Networks of deformed signals: each network is rendered on its grid, deformed, and fitted anew from a start of its own.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Expand {
    /// Deformations that make a new class of each source network, in order; none makes no new classes.
    pub classes: Vec<Box<dyn Deformation>>,
    /// Deformations that make the kin of a network, in order.
    pub deformations: Vec<Box<dyn Deformation>>,
    /// Kin are deformed at levels uniform from 0 to this; 1 is as the deformations are configured.
    pub level: f64,
    /// Kin of each source network.
    pub source: usize,
    /// Kin of each shot.
    pub shots: usize,
    /// PSNR in dB at which a deformed network is done; as `fit.stop_psnr` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_psnr: Option<f64>,
    /// Intersection over union at which a deformed shape is done; as `fit.stop_iou` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_iou: Option<f64>,
    /// Steps after which the fit of a deformed network stops; as `fit.max_steps` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<usize>,
}

impl Default for Expand {
    fn default() -> Self {
        Self {
            classes: Vec::new(),
            deformations: Vec::new(),
            level: 1.0,
            source: 0,
            shots: 0,
            stop_psnr: None,
            stop_iou: None,
            max_steps: None,
        }
    }
}
