use equigen_core::laws::symmetry::laws;
use equigen_core::{Activation, Axis, Hidden, Layout, Seed, Symmetry};

use crate::{Permutation, PhaseShift, PositiveScale, Product, SignFlip};

fn all() -> Vec<Box<dyn Symmetry>> {
    vec![
        Box::new(Permutation {}),
        Box::new(SignFlip {}),
        Box::new(PhaseShift::default()),
        Box::new(PositiveScale::default()),
        Box::new(Product::default()),
        Box::new(Product { factors: vec![Box::new(Permutation {}), Box::new(PositiveScale::default())] }),
    ]
}

#[test]
fn laws_hold() {
    for symmetry in all() {
        for law in laws(&*symmetry) {
            law.holds(256, Some(file!())).unwrap_or_else(|broken| panic!("{symmetry:?}: {}: {broken}", law.name));
        }
    }
}

fn layout(width: usize, activation: Activation) -> Layout {
    Layout::dense(Axis::Coordinates(2), &[Hidden { width, activation }], 1)
}

#[test]
fn every_neuron_is_moved_by_some_element() {
    for symmetry in all() {
        for activation in [Activation::Sine { omega: 30.0 }, Activation::Relu, Activation::Finer { omega: 30.0 }] {
            let layout = layout(8, activation);
            if !symmetry.acts_on(&layout.hidden()[0]) {
                continue;
            }
            let mut still = [true; 8];
            for i in 0..100 {
                let map = &symmetry.sample(&layout, &mut Seed::new(4).stream(i)).unwrap().0[0];
                let moves = |j: usize| map.source[j] != j || map.incoming[j] != 1.0 || map.shift[j] != 0.0;
                (0..8).filter(|j| moves(*j)).for_each(|j| still[j] = false);
            }
            assert_eq!(still, [false; 8], "{symmetry:?}");
        }
    }
}

#[test]
fn layouts_and_settings_without_sense_are_refused() {
    let rng = || Seed::new(1).stream(0);
    let refusal =
        |symmetry: &dyn Symmetry, layout: &Layout| symmetry.sample(layout, &mut rng()).unwrap_err().to_string();
    let none = Layout::dense(Axis::Coordinates(2), &[], 1);
    assert!(refusal(&Permutation {}, &none).contains("no hidden layer"));
    assert!(refusal(&SignFlip {}, &layout(3, Activation::Relu)).contains("no sine or FINER layer"));
    let finer = layout(3, Activation::Finer { omega: 30.0 });
    assert!(refusal(&PhaseShift::default(), &finer).contains("no sine layer"));
    assert!(refusal(&SignFlip {}, &layout(3, Activation::Gabor { omega: 10.0, scale: 5.0 })).contains("no sine"));
    let sine = layout(3, Activation::Sine { omega: 30.0 });
    assert!(refusal(&PositiveScale::default(), &sine).contains("no ReLU layer"));
    assert!(refusal(&PhaseShift { range: 0 }, &sine).contains("`range` = 0"));
    assert!(refusal(&PositiveScale { range: 1.0 }, &layout(3, Activation::Relu)).contains("`range` = 1"));
    assert!(refusal(&Product { factors: Vec::new() }, &sine).contains("no factor"));
}
