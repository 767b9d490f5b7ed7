use burn::tensor::Device;
use equigen_core::action;
use equigen_core::laws::{Case, Law, Verdict, augmentation::laws, difference};
use equigen_core::{Activation, Augmentation, Axis, Draws, Hidden, Seed, Weights};

use crate::{
    Align, Dropout, Mixup, Noise, Permute, PositiveScale, QuantileDropout, Rotate, Shear, SignFlip, Smooth, Translate,
    Zoom,
};

#[test]
fn laws_hold() {
    let all: [Box<dyn Augmentation>; 13] = [
        Box::new(Align::default()),
        Box::new(Dropout { probability: 0.2 }),
        Box::new(Mixup::default()),
        Box::new(Noise::default()),
        Box::new(Permute {}),
        Box::new(PositiveScale::default()),
        Box::new(QuantileDropout::default()),
        Box::new(Rotate::default()),
        Box::new(Shear::default()),
        Box::new(SignFlip {}),
        Box::new(Smooth {}),
        Box::new(Translate::default()),
        Box::new(Zoom::default()),
    ];
    for augmentation in all {
        for law in laws(&*augmentation) {
            law.holds(256, Some(file!())).unwrap_or_else(|broken| panic!("{augmentation:?}: {}: {broken}", law.name));
        }
    }
}

fn applied(augmentation: &dyn Augmentation, weights: &Weights) -> Weights {
    let draws = augmentation.draw(weights.layout(), weights.len(), &mut Seed::new(3).stream(0)).unwrap();
    augmentation.apply(weights, &draws)
}

fn case(networks: usize) -> Case {
    let hidden = [10, 8].map(|width| Hidden { width, activation: Activation::Sine { omega: 3.0 } }).to_vec();
    Case { input: Axis::Coordinates(2), hidden, channels: 1, networks, seed: 5 }
}

/// What acts on some activations only says so where there are none of them.
#[test]
fn layouts_without_such_neurons_are_refused_by_name() {
    let refusal = |augmentation: &dyn Augmentation, activation: Activation| {
        let hidden = vec![Hidden { width: 4, activation }];
        let layout = Case { hidden, ..case(1) }.layout();
        augmentation.draw(&layout, 1, &mut Seed::new(3).stream(0)).unwrap_err().to_string()
    };
    let gabor = Activation::Gabor { omega: 10.0, scale: 5.0 };
    assert!(refusal(&SignFlip {}, Activation::Relu).contains("sign-flip: networks 2-4-1"));
    assert!(refusal(&SignFlip {}, gabor).contains("no sine or FINER layer"));
    let sine = Activation::Sine { omega: 3.0 };
    assert!(refusal(&PositiveScale::default(), sine).contains("positive-scale: networks 2-4-1"));
    assert!(refusal(&PositiveScale { range: 1.0 }, Activation::Relu).contains("`range` = 1"));
}

#[test]
fn alignment_undoes_permutations_and_signs() {
    let weights = case(6).weights(&Device::flex());
    let aligned = applied(&Align::default(), &weights);
    let moved = applied(&SignFlip {}, &applied(&Permute {}, &weights));
    assert!(difference(&moved.to_host(), &weights.to_host(), 1e-3).is_some());
    assert_eq!(difference(&applied(&Align::default(), &moved).to_host(), &aligned.to_host(), 1e-5), None);
}

#[test]
fn matching_finds_a_planted_element() {
    let law = Law::new("matching", |case: &Case| {
        if case.hidden.iter().any(|hidden| hidden.width < 4) {
            return Verdict::Refused;
        }
        let one = Case { networks: 1, ..case.clone() };
        let (weights, layout) = (one.weights(&Device::flex()), one.layout());
        let moved = applied(&Permute {}, &weights);
        let element = crate::matching::match_to(&layout, &weights.to_host(), &moved.to_host());
        let back = action::apply(&[element], &moved);
        let points = one.points();
        let value = |weights: &Weights| one.values_at(weights, &points);
        Verdict::of(difference(&value(&back), &value(&weights), 1e-4))
    });
    law.holds(48, Some(file!())).unwrap_or_else(|broken| panic!("{broken}"));
}

#[test]
fn no_share_of_the_other_changes_nothing_and_its_own_alignment_neither() {
    let weights = case(4).weights(&Device::flex());
    let values = weights.to_host();
    let mixed = |row: [f32; 2]| {
        let draws = Draws { columns: 2, values: row.repeat(4) };
        Mixup { share: 0.5 }.apply(&weights, &draws).to_host()
    };
    assert!(difference(&mixed([0.0, 0.9]), &values, 1e-6).is_none());
    // Every network mixes with the first: that one with itself.
    let with_first = mixed([1.0, 0.0]);
    let own = weights.layout().parameters();
    assert!(difference(&with_first[..own], &values[..own], 1e-5).is_none());
    assert!(difference(&with_first[own..], &values[own..], 1e-2).is_some());
}

#[test]
fn the_smallest_weights_are_dropped() {
    let weights = case(1).weights(&Device::flex());
    let dropped = QuantileDropout { share: 0.5 }.apply(&weights, &Draws { columns: 1, values: vec![0.5] }).to_host();
    for tensor in weights.layout().tensors() {
        let (before, after) = (&weights.to_host()[tensor.range()], &dropped[tensor.range()]);
        let zeros = after.iter().filter(|w| **w == 0.0).count();
        assert_eq!(zeros, tensor.len() / 2, "{}", tensor.name);
        let largest_gone =
            before.iter().zip(after).filter(|(_, a)| **a == 0.0).map(|(b, _)| b.abs()).fold(0.0, f32::max);
        let smallest_left = after.iter().filter(|w| **w != 0.0).map(|w| w.abs()).fold(f32::INFINITY, f32::min);
        assert!(largest_gone <= smallest_left);
    }
}
