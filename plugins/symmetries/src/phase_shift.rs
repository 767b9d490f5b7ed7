//! `phase-shift`: a sine neuron moved by half periods computes the same, or its negative.

use equigen_core::action::{Element, NeuronMap};
use equigen_core::{Activation, Error, Hidden, Layout, Result, Symmetry, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::on_layers;

/// Adds k half periods, π/ω each, to the bias of sine neurons, and negates the outgoing column where k is odd.
///
/// sin(ω(z + kπ/ω)) = (-1)^k sin(ωz). k is uniform in ±range (docs/method.md, section 5).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PhaseShift {
    /// Most half periods to either side.
    pub range: usize,
}

impl Default for PhaseShift {
    fn default() -> Self {
        Self { range: 2 }
    }
}

equigen_core::register!(Symmetry, PhaseShift);

#[typetag::serde(name = "phase-shift")]
impl Symmetry for PhaseShift {
    fn acts_on(&self, hidden: &Hidden) -> bool {
        matches!(hidden.activation, Activation::Sine { .. })
    }

    fn sample(&self, layout: &Layout, rng: &mut Rng) -> Result<Element> {
        if self.range == 0 {
            return Err(Error::config("phase-shift: `range` = 0 moves nothing: give at least 1"));
        }
        on_layers(self, layout, "sine", |hidden| {
            let Activation::Sine { omega } = hidden.activation else {
                return NeuronMap::identity(hidden.width);
            };
            let drawn = seed::indices(rng, hidden.width, 2 * self.range + 1);
            let half_periods: Vec<i64> = drawn.iter().map(|k| *k as i64 - self.range as i64).collect();
            let shift = half_periods.iter().map(|k| (*k as f64 * std::f64::consts::PI / omega) as f32).collect();
            let outgoing = half_periods.iter().map(|k| if k % 2 == 0 { 1.0 } else { -1.0 }).collect();
            NeuronMap { shift, outgoing, ..NeuronMap::identity(hidden.width) }
        })
    }
}
