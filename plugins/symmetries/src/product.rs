//! `product`: several symmetries at once.

use equigen_core::action::Element;
use equigen_core::{Error, Hidden, Layout, Result, Symmetry, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Permutation, PhaseShift, SignFlip};

/// The group that several symmetries generate: its elements are words of theirs, one of each factor in order.
///
/// Factors need not commute (a sign flip negates a phase shift), so a product is no list of components: words multiply by
/// acting one after the other. By default everything that preserves a sine network.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Product {
    /// The factors; the first acts first.
    pub factors: Vec<Box<dyn Symmetry>>,
}

impl Default for Product {
    fn default() -> Self {
        Self {
            factors: vec![
                Box::new(SignFlip::default()),
                Box::new(PhaseShift::default()),
                Box::new(Permutation::default()),
            ],
        }
    }
}

equigen_core::register!(Symmetry, Product);

#[typetag::serde(name = "product")]
impl Symmetry for Product {
    fn acts_on(&self, hidden: &Hidden) -> bool {
        self.factors.iter().any(|factor| factor.acts_on(hidden))
    }

    fn sample(&self, layout: &Layout, rng: &mut Rng) -> Result<Element> {
        let mut word: Option<Element> = None;
        for factor in &self.factors {
            if !layout.hidden().iter().any(|hidden| factor.acts_on(hidden)) {
                continue;
            }
            let next = factor.sample(layout, rng)?;
            word = Some(word.map_or(next.clone(), |word| next.compose(&word)));
        }
        word.ok_or_else(|| Error::config(format!("product: no factor acts on networks {layout}; name another factor")))
    }
}
