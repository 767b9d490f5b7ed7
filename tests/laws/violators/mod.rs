//! Components with one fault each, which the law that they break must catch in a small case.
//!
//! Beside each stands the largest case that shrinking may leave: widths of the hidden layers, and networks. Cases are
//! drawn from a fixed stream, so one that is found is found each time. Where a fault shows in every layout it is one
//! neuron of one network; where a random element of a group has to move something, a few more. None is registered.

mod augmentation;
mod encoder;
mod generator;
mod inr;
mod others;
mod symmetry;

use equigen_core::Symmetry;
use equigen_core::laws::Law;
use equigen_core::registry::{Kind, Registry};

/// The law of this name is broken, and by a case of no more layers, neurons and networks than these. Returns what the
/// law says is wrong.
#[track_caller]
fn caught(laws: &[Law<'_>], name: &str, hidden: &[usize], networks: usize) -> String {
    let law = laws.iter().find(|law| law.name == name).unwrap_or_else(|| panic!("there is no law `{name}`"));
    let Err(example) = law.holds(if law.slow { 16 } else { 256 }, None) else {
        panic!("`{name}` overlooks the fault");
    };
    let case = example.case.as_ref().unwrap_or_else(|| panic!("`{name}` has tried nothing: {example}"));
    let small = case.networks <= networks
        && case.hidden.len() <= hidden.len()
        && case.hidden.iter().zip(hidden).all(|(layer, most)| layer.width <= *most);
    assert!(small, "`{name}`: at most {hidden:?} neurons in {networks} networks were to be left: {example}");
    example.message
}

/// All laws hold of what a fault is planted in: it is the fault that is caught.
#[track_caller]
fn lawful(laws: &[Law<'_>]) {
    for law in laws {
        if let Err(example) = law.holds(if law.slow { 8 } else { 64 }, None) {
            panic!("{}: {example}", law.name);
        }
    }
}

/// A bundled symmetry at its defaults, as the laws of encoders take it.
fn bundled(name: &str) -> [(String, Box<dyn Symmetry>); 1] {
    let registry = Registry::collect().expect("no two components have one name");
    let record = registry.get(Kind::Symmetry, name).expect("the symmetry is bundled");
    let symmetry: Box<dyn Symmetry> = serde_json::from_value(record.defaults.clone()).expect("defaults are valid");
    [(name.to_owned(), symmetry)]
}
