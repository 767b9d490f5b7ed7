//! `[sample]`: new networks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::data::default_reference;
use crate::surface::Surface;
use crate::{Augmentation, Deformation, Disturbance};

/// New networks.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// How many; shared evenly among the shots.
    #[serde(default = "default_reference")]
    pub count: usize,
    /// Level at which the generator varies a shot, where it was trained on `kin`.
    #[serde(default = "default_temperature")]
    pub level: f64,
    /// Deformations of the shots before they are encoded, in order; none leaves them as they are.
    #[serde(default)]
    pub deformations: Vec<Box<dyn Deformation>>,
    /// Augmentations of the shots before they are encoded, in order, exact and without a fit; none leaves them as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub augmentations: Vec<Box<dyn Augmentation>>,
    /// How the features of the shots are moved; not at all by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disturbance: Option<Box<dyn Disturbance>>,
    /// Keep a sample only if its own features are of the target class with this probability, by a linear discriminant that
    /// knows the source and the shots; 0 keeps all.
    #[serde(default)]
    pub screen: f64,
    /// Scale of the generator's own noise: 1 samples, 0 decodes without noise.
    #[serde(default = "default_temperature")]
    pub temperature: f64,
    /// Of shapes: how their surfaces are made for pictures and files.
    #[serde(default, skip_serializing_if = "Surface::is_default")]
    pub surface: Surface,
}

fn default_temperature() -> f64 {
    1.0
}
