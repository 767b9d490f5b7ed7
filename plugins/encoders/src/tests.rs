use equigen_core::Encoder;
use proptest::prelude::*;

use crate::testing::{self, networks};
use crate::{Dws, Probe, Reduction};

fn probe() -> Probe {
    Probe { dim: 12, hidden: 24, side: 5 }
}

fn dws(reduction: Reduction) -> Dws {
    Dws { dim: 12, width: 6, layers: 3, reduction }
}

fn all() -> [Box<dyn Encoder>; 3] {
    [Box::new(probe()), Box::new(dws(Reduction::Max)), Box::new(dws(Reduction::Mean))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn encoders_respect_permutations(shape in testing::shapes()) {
        for encoder in all() {
            testing::respects_permutations(&*encoder, shape.clone());
        }
    }
}

#[test]
fn features_depend_on_their_network_alone() {
    all().iter().for_each(|encoder| testing::looks_at_each_network_alone(&**encoder));
}

#[test]
fn gradients_agree_with_finite_differences() {
    all().iter().for_each(|encoder| testing::has_true_gradients(&**encoder));
}

#[test]
fn encoders_are_their_parameters() {
    all().iter().for_each(|encoder| testing::is_its_parameters(&**encoder));
}

#[test]
fn every_parameter_learns() {
    all().iter().for_each(|encoder| testing::uses_every_parameter(&**encoder));
}

#[test]
fn bad_settings_are_named() {
    let (context, _) = networks(&[4], 2, 1, 2, &burn::tensor::Device::flex());
    let cases: [(&str, Box<dyn Encoder>); 5] = [
        ("dim: 1 ", Box::new(Probe { dim: 1, ..probe() })),
        ("side: ", Box::new(Probe { side: 0, ..probe() })),
        ("hidden: ", Box::new(Probe { hidden: 0, ..probe() })),
        ("layers: ", Box::new(Dws { layers: 0, ..Dws::default() })),
        ("width: ", Box::new(Dws { width: 0, ..Dws::default() })),
    ];
    for (key, encoder) in cases {
        let error = encoder.build(&context).err().expect("refused");
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().starts_with(key), "{error}");
    }
}
