use burn::tensor::Device;
use equigen_core::laws::encoder::laws;
use equigen_core::registry::Claim;
use equigen_core::{Encoder, Symmetry};
use equigen_symmetries::{Permutation, PhaseShift, PositiveScale, Product, SignFlip};

use crate::testing::{context, uses_every_parameter};
use crate::{DeepSets, Dws, Mlp, NeuralGraph, Probe, Reduction, ScaleGmn};

fn probe() -> Probe {
    Probe { dim: 12, hidden: 24, side: 5, sigmoid: false }
}

fn dws(reduction: Reduction) -> Dws {
    Dws { dim: 12, width: 6, layers: 3, reduction }
}

fn neural_graph() -> NeuralGraph {
    NeuralGraph { dim: 12, width: 8, edge: 4, rounds: 2 }
}

fn mlp() -> Mlp {
    Mlp { dim: 12, hidden: 24 }
}

/// Every encoder, small.
fn all() -> Vec<Box<dyn Encoder>> {
    vec![
        Box::new(probe()),
        Box::new(dws(Reduction::Max)),
        Box::new(dws(Reduction::Mean)),
        Box::new(DeepSets { dim: 12, width: 8, embedding: 4 }),
        Box::new(neural_graph()),
        Box::new(ScaleGmn { dim: 12, width: 6 }),
        Box::new(mlp()),
    ]
}

/// The symmetries that an encoder claims to respect, at their defaults.
fn claimed(encoder: &dyn Encoder) -> Vec<(String, Box<dyn Symmetry>)> {
    let symmetries: [Box<dyn Symmetry>; 5] = [
        Box::new(Permutation::default()),
        Box::new(SignFlip::default()),
        Box::new(PhaseShift::default()),
        Box::new(PositiveScale::default()),
        Box::new(Product::default()),
    ];
    let claims = encoder.claims();
    let named = symmetries.into_iter().map(|symmetry| (symmetry.typetag_name().to_owned(), symmetry));
    let claimed: Vec<(String, Box<dyn Symmetry>)> =
        named.filter(|(_, symmetry)| claims.contains(&Claim::Respects(symmetry.typetag_name()))).collect();
    assert_eq!(claimed.len(), claims.len(), "{encoder:?} claims what no symmetry here stands for");
    claimed
}

/// In fewer cases than tests/laws tries at their defaults.
#[test]
fn laws_hold() {
    for encoder in all() {
        let symmetries = claimed(&*encoder);
        for law in laws(&*encoder, &symmetries) {
            let cases = if law.slow { 8 } else { 64 };
            law.holds(cases, Some(file!())).unwrap_or_else(|broken| panic!("{encoder:?}: {}: {broken}", law.name));
        }
    }
}

#[test]
fn the_control_respects_not_even_permutations() {
    let permutation: [(String, Box<dyn Symmetry>); 1] = [("permutation".to_owned(), Box::new(Permutation::default()))];
    let control = mlp();
    assert!(laws(&control, &permutation)[0].holds(64, None).is_err());
}

#[test]
fn every_parameter_learns() {
    all().iter().for_each(|encoder| uses_every_parameter(&**encoder));
}

#[test]
fn bad_settings_are_named() {
    let context = context(&Device::flex());
    let cases: [(&str, Box<dyn Encoder>); 9] = [
        ("dim: 1 ", Box::new(Probe { dim: 1, ..probe() })),
        ("side: ", Box::new(Probe { side: 0, ..probe() })),
        ("hidden: ", Box::new(Probe { hidden: 0, ..probe() })),
        ("layers: ", Box::new(Dws { layers: 0, ..Dws::default() })),
        ("width: ", Box::new(Dws { width: 0, ..Dws::default() })),
        ("embedding: ", Box::new(DeepSets { embedding: 0, ..DeepSets::default() })),
        ("rounds: ", Box::new(NeuralGraph { rounds: 0, ..neural_graph() })),
        ("width: ", Box::new(ScaleGmn { width: 0, ..ScaleGmn::default() })),
        ("hidden: ", Box::new(Mlp { hidden: 0, ..mlp() })),
    ];
    for (key, encoder) in cases {
        let error = encoder.build(&context).err().expect("refused");
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().starts_with(key), "{error}");
    }
}
