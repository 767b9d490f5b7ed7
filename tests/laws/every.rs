//! Every registered component keeps every law: one test per kind.

use equigen_core::laws::{Effort, Law, check, inr};
use equigen_core::registry::{Claim, Kind, Registry};

const EFFORT: Effort = Effort { cases: 256, slow_cases: 16 };

fn registry() -> Registry {
    Registry::collect().expect("no two components have one name")
}

/// Every component of a kind has laws, one named like each of its claims, and keeps them all.
fn keep_their_laws(kind: Kind) {
    let registry = registry();
    let mut broken = Vec::new();
    for record in registry.of(kind) {
        let name = record.name;
        let outcomes = check(record, &registry, &[], EFFORT).unwrap_or_else(|error| panic!("`{name}`: {error}"));
        assert!(!outcomes.is_empty(), "{} `{name}` has no law", kind.name());
        // To be approximate is to promise nothing.
        for claim in record.claims.iter().filter(|claim| **claim != Claim::Approximate) {
            let tested = outcomes.iter().any(|outcome| outcome.law == claim.to_string());
            assert!(tested, "no law tests that `{name}` {claim}");
        }
        let found = outcomes.into_iter().filter_map(|outcome| Some((outcome.law, outcome.broken?)));
        broken.extend(found.map(|(law, example)| format!("{} `{name}`, {law}: {example}", kind.name())));
    }
    assert!(registry.of(kind).next().is_some(), "no {} is registered", kind.name());
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn inrs() {
    keep_their_laws(Kind::Inr);
}

#[test]
fn symmetries() {
    keep_their_laws(Kind::Symmetry);
}

#[test]
fn augmentations() {
    keep_their_laws(Kind::Augmentation);
}

#[test]
fn deformations() {
    keep_their_laws(Kind::Deformation);
}

#[test]
fn encoders() {
    keep_their_laws(Kind::Encoder);
}

#[test]
fn objectives() {
    keep_their_laws(Kind::Objective);
}

#[test]
fn generators() {
    keep_their_laws(Kind::Generator);
}

#[test]
fn disturbances() {
    keep_their_laws(Kind::Disturbance);
}

#[test]
fn metrics() {
    keep_their_laws(Kind::Metric);
}

#[test]
fn the_other_kinds_have_no_laws_because_they_are_tested_on_data() {
    let registry = registry();
    for kind in [Kind::Signals, Kind::Fitter, Kind::Judge] {
        for record in registry.of(kind) {
            let outcomes = check(record, &registry, &[], EFFORT).expect("nothing is tried");
            assert!(outcomes.is_empty(), "{} `{}` has laws: give its kind a test here", kind.name(), record.name);
        }
    }
}

/// Stacks of any depth, width and activations, not only those of the registered families.
#[test]
fn random_stacks_keep_the_laws_of_networks() {
    let laws = [
        Law::new("fused equals plain", |case| inr::fused_equals_plain(&case.inr(), case)),
        Law::new("fused gradients equal plain", |case| inr::fused_gradients_equal_plain(&case.inr(), case)),
        Law::slow("true gradients", |case| inr::has_true_gradients(&case.inr(), case)),
    ];
    for law in laws {
        law.holds(EFFORT.cases, Some(file!())).unwrap_or_else(|broken| panic!("{}: {broken}", law.name));
    }
}
