//! Symmetries with a fault, and compositions with one.

use std::f64::consts::PI;

use equigen_core::action::{Element, NeuronMap};
use equigen_core::laws::{Law, symmetry};
use equigen_core::{Activation, Error, Hidden, Layout, Result, Symmetry, seed::Rng};
use serde::{Deserialize, Serialize};

use super::{caught, lawful};

/// Every draw is the same element, so that the smallest layout that it can show in does show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Planted {
    /// No fault but that every draw is the same. sin(π - ωz) = sin(ωz) on the first neuron of a sine layer, and the neurons in reverse order.
    Reflects,
    /// Negates ReLU neurons as if they were sines.
    FlipsReluToo,
    /// Half a period more, and outgoing weights that do not answer to it.
    ShiftsWithoutSign,
    /// Takes sines for homogeneous.
    ScalesSine,
    /// Acts on sine layers, and says that it acts on none.
    SaysItActsOnNone,
    /// Scales ReLU layers, and says that it acts on sine layers only. The function stays.
    ScalesMoreThanItSays,
}

#[typetag::serde(name = "violator-symmetry")]
impl Symmetry for Planted {
    fn acts_on(&self, hidden: &Hidden) -> bool {
        match self {
            Self::FlipsReluToo => true,
            Self::SaysItActsOnNone => false,
            _ => matches!(hidden.activation, Activation::Sine { .. }),
        }
    }

    fn sample(&self, layout: &Layout, _rng: &mut Rng) -> Result<Element> {
        let acts = layout.hidden().iter().any(|hidden| self.acts_on(hidden));
        if !acts && *self != Self::SaysItActsOnNone {
            return Err(Error::config("it acts on no layer"));
        }
        Ok(Element(layout.hidden().iter().map(|hidden| self.map(hidden)).collect()))
    }
}

impl Planted {
    fn map(self, hidden: &Hidden) -> NeuronMap {
        let width = hidden.width;
        let scaled = |incoming: f32, outgoing: f32| NeuronMap {
            incoming: vec![incoming; width],
            outgoing: vec![outgoing; width],
            ..NeuronMap::identity(width)
        };
        let Activation::Sine { omega } = hidden.activation else {
            return match self {
                Self::FlipsReluToo => scaled(-1.0, -1.0),
                Self::ScalesMoreThanItSays => scaled(2.0, 0.5),
                _ => NeuronMap::identity(width),
            };
        };
        let half_period = (PI / omega) as f32;
        match self {
            Self::Reflects => {
                let mut map = NeuronMap::permutation((0..width).rev().collect());
                (map.incoming[0], map.shift[0]) = (-1.0, half_period);
                map
            }
            Self::ShiftsWithoutSign => NeuronMap { shift: vec![half_period; width], ..NeuronMap::identity(width) },
            Self::ScalesSine => scaled(2.0, 0.5),
            Self::FlipsReluToo | Self::SaysItActsOnNone | Self::ScalesMoreThanItSays => scaled(-1.0, -1.0),
        }
    }
}

#[test]
fn a_reflection_is_lawful_but_for_its_draws() {
    let mut laws = symmetry::laws(&Planted::Reflects);
    caught(&laws, "elements follow the seed", &[4], 1);
    laws.retain(|law| law.name != "elements follow the seed");
    lawful(&laws);
}

#[test]
fn a_sign_flip_of_relu_is_caught() {
    caught(&symmetry::laws(&Planted::FlipsReluToo), "preserves: function", &[1], 1);
}

#[test]
fn a_phase_shift_without_the_sign_is_caught() {
    caught(&symmetry::laws(&Planted::ShiftsWithoutSign), "preserves: function", &[1], 1);
}

#[test]
fn a_positive_scale_of_sines_is_caught() {
    caught(&symmetry::laws(&Planted::ScalesSine), "preserves: function", &[1], 1);
}

#[test]
fn acting_on_more_than_it_says_is_caught() {
    caught(&symmetry::laws(&Planted::SaysItActsOnNone), "acts where it says", &[1], 1);
    // A layer that it owns to and one that it does not.
    caught(&symmetry::laws(&Planted::ScalesMoreThanItSays), "acts where it says", &[1, 1], 1);
}

/// `g ∘ h` with sources in order and the rest neuron by neuron, as if sources moved nothing; `shift` gives that of a
/// neuron from g's factor, h's shift and g's shift.
fn by_neuron(g: &Element, h: &Element, shift: impl Fn(f32, f32, f32) -> f32) -> Element {
    let both = |(g, h): (&NeuronMap, &NeuronMap)| NeuronMap {
        source: g.source.iter().map(|i| h.source[*i]).collect(),
        incoming: g.incoming.iter().zip(&h.incoming).map(|(g, h)| g * h).collect(),
        shift: (0..g.shift.len()).map(|i| shift(g.incoming[i], h.shift[i], g.shift[i])).collect(),
        outgoing: g.outgoing.iter().zip(&h.outgoing).map(|(g, h)| g * h).collect(),
    };
    Element(g.0.iter().zip(&h.0).map(both).collect())
}

#[test]
fn a_product_that_composes_component_wise_is_caught() {
    // Factors that do not scale the shifts: one neuron shows it.
    let component_wise = |g: &Element, h: &Element| by_neuron(g, h, |_, first, second| first + second);
    let law = Law::new("composition", |case| symmetry::group(&Planted::Reflects, component_wise, case));
    caught(&[law], "composition", &[1], 1);
    // Shifts as they should be, and factors that stay behind when their neuron moves: it takes two.
    let unmoved = |g: &Element, h: &Element| by_neuron(g, h, |factor, first, second| factor * first + second);
    let law = Law::new("composition", |case| symmetry::group(&Planted::Reflects, unmoved, case));
    caught(&[law], "composition", &[2], 1);
}
