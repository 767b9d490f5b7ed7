//! `[pretrain]`, `[train]` and `[adapt]`: what learns, and from what.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Schedule;
use crate::{Augmentation, Disturbance, Encoder, Generator, Objective};

/// Networks to features.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pretrain {
    /// What encodes networks.
    pub encoder: Box<dyn Encoder>,
    /// Losses to train it for; each carries its weight.
    pub objectives: Vec<Box<dyn Objective>>,
    /// How the second view of each network is made, in order.
    #[serde(default)]
    pub augmentations: Vec<Box<dyn Augmentation>>,
    /// How long and how fast.
    pub schedule: Schedule,
}

impl Pretrain {
    /// The entries of ψ by which views of one network are alike: those that the first contrast compares, or all.
    pub fn compared(&self) -> Range<usize> {
        let dim = self.encoder.dim();
        self.objectives.iter().find_map(|objective| objective.compares(dim)).unwrap_or(0..dim)
    }
}

/// Features to networks, on source classes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Train {
    /// What generates networks.
    pub generator: Box<dyn Generator>,
    /// What the condition tells of the network to generate.
    #[serde(default)]
    pub condition: Condition,
    /// Augmentations that are drawn anew for every network to generate, in order; its features follow. Where they move the
    /// signal, they are kin without end that need no fit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub augmentations: Vec<Box<dyn Augmentation>>,
    /// How long and how fast.
    pub schedule: Schedule,
}

/// What the condition tells of the network to generate.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Condition {
    /// Its own features.
    #[default]
    Own,
    /// Its own features, disturbed at a level uniform from 0 to the disturbance's scale, so that the generator learns which
    /// networks lie around a disturbed feature.
    Disturbed {
        /// The disturbance.
        disturbance: Box<dyn Disturbance>,
    },
    /// The features of the root of its family, and the level at which the network is deformed kin of it, so that the
    /// generator learns how signals of one kind vary.
    Kin,
    /// Nothing: features are zero, and the generator learns one distribution for all (as HyperDiffusion does).
    None,
}

/// The generator meets the shots.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adapt {
    /// Source networks in each batch, beside the shots; the rest of the batch is shots.
    #[serde(default = "default_source")]
    pub source: usize,
    /// How long and how fast.
    pub schedule: Schedule,
}

fn default_source() -> usize {
    32
}
