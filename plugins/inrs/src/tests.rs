//! What is the same for all families: laws at other settings than the defaults, refusals, and who may act on them.

use std::sync::Arc;

use burn::tensor::Device;
use equigen_augmentations::{Rotate, Shear, Translate, Zoom};
use equigen_core::action::apply;
use equigen_core::dense::Points;
use equigen_core::laws::{difference, inr::laws};
use equigen_core::{Augmentation, Inr, Seed, Symmetry, Weights, host, seed};
use equigen_symmetries::{Permutation, PhaseShift, PositiveScale, SignFlip};

use crate::{Finer, FourierFeatures, ReluPe, Siren, Variant, Wire};

/// Every family, small and of unequal widths.
fn all() -> Vec<Box<dyn Inr>> {
    let hidden = vec![9, 6];
    vec![
        Box::new(Siren { hidden: hidden.clone(), omega: 10.0, variant: Variant::Dwsnets }),
        Box::new(ReluPe { hidden: hidden.clone(), octaves: 3, include_input: false }),
        Box::new(FourierFeatures { hidden: hidden.clone(), frequencies: 5, sigma: 0.7, seed: 4 }),
        Box::new(Wire { hidden: hidden.clone(), omega: 5.0, scale: 2.0 }),
        Box::new(Finer { hidden, omega: 5.0, bias: 0.5 }),
    ]
}

fn networks(inr: &dyn Inr, n: u64, device: &Device) -> Weights {
    let layout = Arc::new(inr.layout(2, 3).unwrap());
    let values = (0..n).flat_map(|row| inr.initialise(&layout, &mut Seed::new(3).stream(row))).collect();
    Weights::from_host(layout.clone(), values, device).unwrap()
}

fn points(count: usize, device: &Device) -> burn::tensor::Tensor<2> {
    host::tensor(seed::uniform(&mut Seed::new(5).stream(0), 2 * count, -1.0, 1.0), [count, 2], device)
}

#[test]
fn laws_hold() {
    for inr in all() {
        for law in laws(&*inr) {
            let cases = if law.slow { 8 } else { 48 };
            law.holds(cases, None).unwrap_or_else(|broken| panic!("{inr:?}: {}: {broken}", law.name));
        }
    }
}

/// Probes move in the coordinates of a network: gradients go through every encoding.
#[test]
fn gradients_reach_the_coordinates_and_points_may_be_each_networks_own() {
    let device = Device::flex().autodiff();
    for inr in all() {
        let weights = networks(&*inr, 2, &device);
        let at = points(7, &device).require_grad();
        let values = inr.forward(&weights, &Points::Shared(at.clone()));
        let twice = Points::PerNetwork(Points::Shared(at.clone()).expand(2));
        let own = host::read(inr.forward(&weights, &twice));
        assert_eq!(difference(&own, &host::read(values.clone()), 1e-6), None, "{inr:?}");
        let gradient = host::read(at.grad(&values.square().sum().backward()).expect("a gradient"));
        // All points moved along the first axis: central differences, some step of which passes every kink of ReLU.
        let value = |step: f32| {
            let moved = at.clone().inner() + host::tensor([step, 0.0].repeat(7), [7, 2], &Device::flex());
            let weights = networks(&*inr, 2, &Device::flex());
            host::scalar(inr.forward(&weights, &Points::Shared(moved)).square().sum())
        };
        let slope: f32 = gradient.iter().step_by(2).sum();
        let differences: Vec<f32> = [1e-3, 3e-4, 1e-4].map(|step| (value(step) - value(-step)) / (2.0 * step)).to_vec();
        let near = |difference: &f32| (difference - slope).abs() < 0.03 * (1.0 + slope.abs());
        assert!(differences.iter().any(near), "{inr:?}: {slope}, differences say {differences:?}");
    }
}

/// A symmetry acts on a family just where it preserves its networks' functions.
#[test]
fn symmetries_act_where_they_preserve_the_function() {
    let symmetries: [Box<dyn Symmetry>; 4] = [
        Box::new(Permutation {}),
        Box::new(SignFlip {}),
        Box::new(PhaseShift::default()),
        Box::new(PositiveScale::default()),
    ];
    let expected = [
        ("siren", [true, true, true, false]),
        ("relu-pe", [true, false, false, true]),
        ("fourier-features", [true, false, false, true]),
        ("wire", [true, false, false, false]),
        ("finer", [true, true, false, false]),
    ];
    let device = Device::flex();
    for (inr, (name, acts)) in all().iter().zip(expected) {
        assert_eq!(inr.typetag_name(), name);
        let weights = networks(&**inr, 1, &device);
        let values = |weights: &Weights| host::read(inr.forward(weights, &Points::Shared(points(20, &device))));
        for (symmetry, acts) in symmetries.iter().zip(acts) {
            let element = symmetry.sample(weights.layout(), &mut Seed::new(2).stream(0));
            assert_eq!(element.is_ok(), acts, "{} on {name}", symmetry.typetag_name());
            let Ok(element) = element else { continue };
            let moved = apply(&[element], &weights);
            assert!(difference(&moved.to_host(), &weights.to_host(), 1e-3).is_some());
            let wrong = difference(&values(&moved), &values(&weights), 1e-3);
            assert_eq!(wrong, None, "{} on {name}", symmetry.typetag_name());
        }
    }
}

#[test]
fn what_moves_the_signal_is_refused_by_name_after_an_encoding() {
    let augmentations: [Box<dyn Augmentation>; 4] = [
        Box::new(Translate::default()),
        Box::new(Rotate::default()),
        Box::new(Zoom::default()),
        Box::new(Shear::default()),
    ];
    for inr in all() {
        let encoded = ["relu-pe", "fourier-features"].contains(&inr.typetag_name());
        for augmentation in &augmentations {
            let drawn = augmentation.draw(&inr.layout(2, 1).unwrap(), 1, &mut Seed::new(1).stream(0));
            match drawn {
                Ok(_) => assert!(!encoded, "{} on {inr:?}", augmentation.typetag_name()),
                Err(error) => {
                    let message = error.to_string();
                    assert!(encoded && message.starts_with(augmentation.typetag_name()), "{message}");
                    assert!(message.contains("encoded coordinates"), "{message}");
                }
            }
        }
    }
}

#[test]
fn the_defaults_of_relu_pe_are_hyperdiffusions_network() {
    let layout = ReluPe::default().layout(3, 1).unwrap();
    assert_eq!((layout.widths(), layout.parameters()), (vec![27, 128, 128, 128, 1], 36_737));
}

#[test]
fn fourier_features_are_cosines_and_sines_at_frequencies_of_their_seed() {
    let device = Device::flex();
    let of = |inr: &FourierFeatures, at: [f32; 2]| {
        let points = Points::Shared(host::tensor(at.to_vec(), [1, 2], &device));
        let Points::Shared(features) = inr.encode(points) else { panic!("shared points stay shared") };
        host::read(features)
    };
    let inr = FourierFeatures { frequencies: 3, ..FourierFeatures::default() };
    assert_eq!(of(&inr, [0.0, 0.0]), [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
    let (once, twice) = (of(&inr, [0.02, -0.01]), of(&inr, [0.04, -0.02]));
    for i in 0..3 {
        let angle = once[3 + i].atan2(once[i]);
        assert!((twice[3 + i] - (2.0 * angle).sin()).abs() < 1e-5, "{once:?} {twice:?}");
    }
    assert_eq!(of(&inr.clone(), [0.3, 0.4]), of(&inr, [0.3, 0.4]));
    assert_ne!(of(&FourierFeatures { seed: 1, ..inr.clone() }, [0.3, 0.4]), of(&inr, [0.3, 0.4]));
    // Their spread is sigma, in periods.
    let many = FourierFeatures { frequencies: 4000, sigma: 2.0, ..inr };
    let step = 1e-3;
    let features = of(&many, [step, 0.0]);
    let square: f32 = features[4000..].iter().map(|sine| (sine / step / std::f32::consts::TAU).powi(2)).sum();
    assert!(((square / 4000.0).sqrt() - 2.0).abs() < 0.1, "{}", (square / 4000.0).sqrt());
}

#[test]
fn starts_fill_their_bounds() {
    let finer = Finer { hidden: vec![400, 300], omega: 10.0, bias: 2.0 };
    let wire = Wire { hidden: vec![400, 300], ..Wire::default() };
    let root = |n: f32| n.sqrt().recip();
    let sine = |n: f32| (6.0 / n).sqrt() / 10.0;
    let cases: [(&dyn Inr, [f32; 6]); 2] = [
        (&finer, [0.5, 2.0, sine(400.0), root(400.0), sine(300.0), 0.0]),
        (&wire, [root(2.0), root(2.0), root(400.0), root(400.0), root(300.0), 0.0]),
    ];
    for (inr, bounds) in cases {
        let layout = inr.layout(2, 3).unwrap();
        let network = inr.initialise(&layout, &mut Seed::new(1).stream(0));
        for (tensor, bound) in layout.tensors().iter().zip(bounds) {
            let largest = network[tensor.range()].iter().fold(0.0f32, |max, value| max.max(value.abs()));
            assert!(largest <= bound && largest >= 0.95 * bound, "{inr:?} {}: {largest}", tensor.name);
        }
    }
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let cases: [(Box<dyn Inr>, &str); 11] = [
        (Box::new(ReluPe { hidden: vec![], ..ReluPe::default() }), "relu-pe: `hidden`"),
        (Box::new(ReluPe { octaves: 17, ..ReluPe::default() }), "relu-pe: `octaves` = 17"),
        (Box::new(ReluPe { octaves: 0, include_input: false, ..ReluPe::default() }), "relu-pe: `octaves` = 0"),
        (Box::new(FourierFeatures { hidden: vec![0], ..FourierFeatures::default() }), "fourier-features: `hidden`"),
        (Box::new(FourierFeatures { frequencies: 0, ..FourierFeatures::default() }), "fourier-features: `frequencies`"),
        (Box::new(FourierFeatures { sigma: f64::NAN, ..FourierFeatures::default() }), "fourier-features: `sigma`"),
        (Box::new(Wire { omega: 0.0, ..Wire::default() }), "wire: `omega`"),
        (Box::new(Wire { scale: f64::INFINITY, ..Wire::default() }), "wire: `scale`"),
        (Box::new(Finer { omega: -1.0, ..Finer::default() }), "finer: `omega`"),
        (Box::new(Finer { bias: -1.0, ..Finer::default() }), "finer: `bias`"),
        (Box::new(Finer { hidden: vec![], ..Finer::default() }), "finer: `hidden`"),
    ];
    for (inr, text) in cases {
        let error = inr.layout(2, 1).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains(text), "{error}");
    }
    let bare = ReluPe { octaves: 0, ..ReluPe::default() };
    assert_eq!(bare.layout(2, 1).unwrap().inputs(), 2, "the coordinates alone are an encoding too");
}
