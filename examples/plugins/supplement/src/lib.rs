//! `supplement`: two angles that make a half turn together have the same sine.

use std::f64::consts::PI;

use equigen_core::action::{Element, NeuronMap};
use equigen_core::{Activation, Error, Hidden, Layout, Result, Symmetry, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Negates row and bias of random sine neurons and adds π/ω to the bias: sin(π - ωz) = sin(ωz).
///
/// The outgoing column stays, since the neuron's activation does. That is what sets it apart from `sign-flip` and from
/// odd steps of `phase-shift`, which negate the activation; each element is one of the first after one of the second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Supplement {
    /// Probability that a neuron is changed.
    pub probability: f64,
}

impl Default for Supplement {
    fn default() -> Self {
        Self { probability: 0.5 }
    }
}

equigen_core::register!(Symmetry, Supplement);

#[typetag::serde(name = "supplement")]
impl Symmetry for Supplement {
    fn acts_on(&self, hidden: &Hidden) -> bool {
        matches!(hidden.activation, Activation::Sine { .. })
    }

    fn sample(&self, layout: &Layout, rng: &mut Rng) -> Result<Element> {
        if !(0.0..=1.0).contains(&self.probability) {
            let given = self.probability;
            return Err(Error::config(format!("supplement: `probability` = {given}: give a number from 0 to 1")));
        }
        if !layout.hidden().iter().any(|hidden| self.acts_on(hidden)) {
            let remedy = "leave `supplement` out";
            return Err(Error::config(format!("supplement: networks {layout} have no sine layer; {remedy}")));
        }
        let changed = |hidden: &Hidden| {
            let mut map = NeuronMap::identity(hidden.width);
            if let Activation::Sine { omega } = hidden.activation {
                let drawn = seed::uniform(rng, hidden.width, 0.0, 1.0);
                for i in (0..hidden.width).filter(|i| f64::from(drawn[*i]) < self.probability) {
                    map.incoming[i] = -1.0;
                    map.shift[i] = (PI / omega) as f32;
                }
            }
            map
        };
        Ok(Element(layout.hidden().iter().map(changed).collect()))
    }
}

#[cfg(test)]
mod tests {
    use equigen_core::Seed;

    use super::*;

    #[test]
    fn keeps_its_laws() {
        for law in equigen_core::laws::symmetry::laws(&Supplement::default()) {
            law.holds(256, None).unwrap_or_else(|broken| panic!("{}: {broken}", law.name));
        }
    }

    #[test]
    fn twice_is_not_at_all() {
        let sine = Hidden { width: 5, activation: Activation::Sine { omega: 30.0 } };
        let layout = Layout::dense(equigen_core::Axis::Coordinates(2), &[sine], 1);
        let element = Supplement { probability: 1.0 }.sample(&layout, &mut Seed::new(1).stream(0)).unwrap();
        assert_ne!(element, Element::identity(&layout));
        assert_eq!(element.compose(&element), Element::identity(&layout));
    }
}
