//! What fitters step by: Adam with a learning rate that halves again and again down to a floor, and K-FAC after it.

use equigen_core::{Error, Result};
use equigen_kernels::{Adam, Decay, Kfac};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What steps the weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Optimiser {
    /// K-FAC (Martens and Grosse 2015), for which Adam makes the start: the fastest to every PSNR tried. Adam goes on where
    /// K-FAC stalls, and where it does harm its steps are undone (docs/method.md, section 2).
    Kfac {
        /// Mean squared error, over the variance of the signal, from which on K-FAC steps.
        #[serde(default = "kfac_start")]
        start: f64,
        /// Added to the second moment of a layer's inputs, over the mean of its diagonal.
        #[serde(default = "kfac_damping")]
        damping: f64,
        /// Adam, before and where K-FAC fails.
        #[serde(default)]
        adam: AdamSettings,
    },
    /// Adam (Kingma and Ba 2015), with a learning rate that halves down to a floor.
    Adam {
        /// Step size at the first step.
        #[serde(default = "learning_rate")]
        learning_rate: f64,
        /// Decay of the mean of gradients.
        #[serde(default = "beta1")]
        beta1: f64,
        /// Decay of the mean of squared gradients.
        #[serde(default = "beta2")]
        beta2: f64,
        /// Steps in which the learning rate halves.
        #[serde(default = "half_life")]
        half_life: f64,
        /// Smallest learning rate, as a share of the first; 1 keeps it constant.
        #[serde(default = "floor")]
        floor: f64,
    },
}

/// Settings of Adam (Kingma and Ba 2015), with a learning rate that halves down to a floor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdamSettings {
    /// Step size at the first step.
    pub learning_rate: f64,
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Steps in which the learning rate halves.
    pub half_life: f64,
    /// Smallest learning rate, as a share of the first; 1 keeps it constant.
    pub floor: f64,
}

/// The fastest found for strokes on SIRENs; see `examples/settings.rs` and `FitOptions::fast_siren` of the kernels.
pub(crate) const DEFAULT: AdamSettings =
    AdamSettings { learning_rate: 1e-2, beta1: 0.8, beta2: 0.95, half_life: 20.0, floor: 0.1 };

/// Added to the root of Adam's second moment.
pub(crate) const EPSILON: f32 = 1e-8;

impl Default for AdamSettings {
    fn default() -> Self {
        DEFAULT
    }
}

impl Default for Optimiser {
    fn default() -> Self {
        Self::Kfac { start: kfac_start(), damping: kfac_damping(), adam: DEFAULT }
    }
}

impl From<AdamSettings> for Optimiser {
    fn from(AdamSettings { learning_rate, beta1, beta2, half_life, floor }: AdamSettings) -> Self {
        Self::Adam { learning_rate, beta1, beta2, half_life, floor }
    }
}

// Of the kernels, in the digits that a person writes: 0.1 as f32 is 0.10000000149.
fn kfac_start() -> f64 {
    0.15
}
fn kfac_damping() -> f64 {
    0.1
}
fn learning_rate() -> f64 {
    DEFAULT.learning_rate
}
fn beta1() -> f64 {
    DEFAULT.beta1
}
fn beta2() -> f64 {
    DEFAULT.beta2
}
fn half_life() -> f64 {
    DEFAULT.half_life
}
fn floor() -> f64 {
    DEFAULT.floor
}

/// Whether a number is above 0 and finite.
fn positive(value: f64) -> bool {
    value > 0.0 && value.is_finite()
}

/// Refuses a setting that is not `right`; `name` is the fitter's.
fn check(name: &str, key: &str, value: f64, right: bool, remedy: &str) -> Result<()> {
    if right {
        return Ok(());
    }
    Err(Error::config(format!("fitter `{name}`: `{key}` = {value}: give {remedy}")))
}

impl Optimiser {
    /// Adam's settings, and K-FAC's if it takes over.
    fn parts(&self) -> (AdamSettings, Option<(f64, f64)>) {
        match *self {
            Self::Kfac { start, damping, adam } => (adam, Some((start, damping))),
            Self::Adam { learning_rate, beta1, beta2, half_life, floor } => {
                (AdamSettings { learning_rate, beta1, beta2, half_life, floor }, None)
            }
        }
    }

    pub(crate) fn adam(&self) -> AdamSettings {
        self.parts().0
    }

    pub(crate) fn kfac(&self) -> Option<Kfac> {
        self.parts().1.map(|(start, damping)| Kfac { start: start as f32, damping: damping as f32 })
    }

    /// Refuses settings that are out of range; `name` is the fitter's.
    pub(crate) fn check(&self, name: &str) -> Result<()> {
        let (adam, kfac) = self.parts();
        if let Some((start, damping)) = kfac {
            check(name, "optimiser.start", start, positive(start), "a number above 0, such as 0.15")?;
            // Below, inverses of single precision are noise.
            let enough = damping >= 1e-6 && damping.is_finite();
            check(name, "optimiser.damping", damping, enough, "a number of at least 1e-6, such as 0.1")?;
            return adam.check(name, "optimiser.adam.");
        }
        adam.check(name, "optimiser.")
    }
}

impl AdamSettings {
    /// Refuses settings that are out of range; `name` is the fitter's, `path` that of the settings in it.
    pub(crate) fn check(&self, name: &str, path: &str) -> Result<()> {
        let share = |value: f64| (0.0..1.0).contains(&value);
        let Self { learning_rate, beta1, beta2, half_life, floor } = *self;
        for (key, value, right, remedy) in [
            ("learning_rate", learning_rate, positive(learning_rate), "a number above 0, such as 0.01"),
            ("beta1", beta1, share(beta1), "a number of at least 0 and below 1"),
            ("beta2", beta2, share(beta2), "a number of at least 0 and below 1"),
            ("half_life", half_life, positive(half_life), "a number of steps above 0, such as 20"),
            ("floor", floor, positive(floor) && floor <= 1.0, "a share above 0, at most 1 (a constant rate)"),
        ] {
            check(name, &format!("{path}{key}"), value, right, remedy)?;
        }
        Ok(())
    }

    pub(crate) fn kernel(&self) -> Adam {
        Adam {
            learning_rate: self.learning_rate as f32,
            beta1: self.beta1 as f32,
            beta2: self.beta2 as f32,
            epsilon: EPSILON,
        }
    }

    pub(crate) fn decay(&self) -> Decay {
        Decay { half_life: self.half_life as f32, floor: self.floor as f32 }
    }
}
