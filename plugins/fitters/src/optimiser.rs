//! The optimiser that both fitters run: Adam with a learning rate that halves again and again down to a floor.

use equigen_core::{Error, Result};
use equigen_kernels::{Adam, Decay};

/// The settings that both fitters have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Optimiser {
    pub(crate) learning_rate: f64,
    pub(crate) beta1: f64,
    pub(crate) beta2: f64,
    pub(crate) half_life: f64,
    pub(crate) floor: f64,
}

/// The fastest found for strokes on SIRENs; see `examples/settings.rs` and `FitOptions::fast_siren` of the kernels.
pub(crate) const DEFAULT: Optimiser =
    Optimiser { learning_rate: 1e-2, beta1: 0.8, beta2: 0.95, half_life: 20.0, floor: 0.1 };

/// Added to the root of Adam's second moment.
pub(crate) const EPSILON: f32 = 1e-8;

impl Optimiser {
    /// Refuses settings that are out of range; `name` is the fitter's.
    pub(crate) fn check(&self, name: &str) -> Result<()> {
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let share = |value: f64| (0.0..1.0).contains(&value);
        let Self { learning_rate, beta1, beta2, half_life, floor } = *self;
        for (key, value, right, remedy) in [
            ("learning_rate", learning_rate, positive(learning_rate), "a number above 0, such as 0.01"),
            ("beta1", beta1, share(beta1), "a number of at least 0 and below 1"),
            ("beta2", beta2, share(beta2), "a number of at least 0 and below 1"),
            ("half_life", half_life, positive(half_life), "a number of steps above 0, such as 20"),
            ("floor", floor, positive(floor) && floor <= 1.0, "a share above 0, at most 1 (a constant rate)"),
        ] {
            if !right {
                return Err(Error::config(format!("fitter `{name}`: `{key}` = {value}: give {remedy}")));
            }
        }
        Ok(())
    }

    pub(crate) fn adam(&self) -> Adam {
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
