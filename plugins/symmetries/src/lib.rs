//! The bundled symmetries.

mod permutation;
mod phase_shift;
mod positive_scale;
mod product;
mod sign_flip;

pub use permutation::Permutation;
pub use phase_shift::PhaseShift;
pub use positive_scale::PositiveScale;
pub use product::Product;
pub use sign_flip::SignFlip;

use equigen_core::action::{Element, NeuronMap};
use equigen_core::{Error, Hidden, Layout, Result, Symmetry};

#[cfg(test)]
mod tests;

/// An element that maps every layer on which a symmetry acts, and leaves the others.
///
/// # Errors
/// If it acts on none; `kind` says on which it would.
fn on_layers(
    symmetry: &dyn Symmetry,
    layout: &Layout,
    kind: &str,
    mut map: impl FnMut(&Hidden) -> NeuronMap,
) -> Result<Element> {
    if !layout.hidden().iter().any(|hidden| symmetry.acts_on(hidden)) {
        let name = symmetry.typetag_name();
        return Err(Error::config(format!("{name}: networks {layout} have no {kind} layer; leave `{name}` out")));
    }
    let of = |hidden: &Hidden| if symmetry.acts_on(hidden) { map(hidden) } else { NeuronMap::identity(hidden.width) };
    Ok(Element(layout.hidden().iter().map(of).collect()))
}
