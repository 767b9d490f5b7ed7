//! Groups that act on weights and preserve the function.

use std::fmt::Debug;

use super::component_kind;
use crate::action::Element;
use crate::registry::Claim;
use crate::{Hidden, Layout, Result, seed::Rng};

/// A group of function-preserving maps of a network's weights; its elements act neuron by neuron ([`Element`]).
#[typetag::serde(tag = "type")]
pub trait Symmetry: Debug + Send + Sync {
    /// Whether the group acts on a hidden layer of this kind.
    fn acts_on(&self, hidden: &Hidden) -> bool;

    /// Draws an element, the identity on layers where the group does not act.
    ///
    /// # Errors
    /// If the group acts on no layer of the layout.
    fn sample(&self, layout: &Layout, rng: &mut Rng) -> Result<Element>;

    /// What the component promises.
    fn claims(&self) -> Vec<Claim> {
        vec![Claim::PreservesFunction]
    }
}

component_kind!(Symmetry);
