use burn::tensor::{Device, Tensor};
use equigen_core::{Objective, Seed, host, seed};

use crate::testing::{DIM, losses, networks, views};
use crate::{NtXent, Reconstruction};

fn reconstruction() -> Reconstruction {
    Reconstruction { hidden: 32, points: 64, ..Reconstruction::default() }
}

fn contrast() -> NtXent {
    NtXent { hidden: 16, out: 8, ..NtXent::default() }
}

#[test]
fn losses_fall_on_a_fixed_batch() {
    let all: [&dyn Objective; 2] = [&contrast(), &reconstruction()];
    for objective in all {
        let (before, after) = losses(objective);
        assert!(after < 0.9 * before, "{}: {before} to {after}", objective.typetag_name());
    }
}

#[test]
fn weights_scale_losses() {
    let (context, weights) = networks(4);
    let features = host::tensor(seed::normal(&mut Seed::new(1).stream(0), 8 * DIM), [8, DIM], &context.device);
    let views = views(&weights, 0.1, features);
    let loss = |objective: &dyn Objective| {
        let model = objective.build(&context).unwrap();
        host::scalar(model.loss(&views, &mut Seed::new(2).stream(0)).1)
    };
    let twice = loss(&NtXent { weight: 2.0, ..contrast() });
    assert!((twice - 2.0 * loss(&contrast())).abs() < 1e-4);
    let half = loss(&Reconstruction { weight: 0.5, ..reconstruction() });
    assert!((half - 0.5 * loss(&reconstruction())).abs() < 1e-4);
}

#[test]
fn entries_that_are_not_compared_do_not_count() {
    let (context, weights) = networks(4);
    let loss = |features: Vec<f32>, entries: usize| {
        let views = views(&weights, 0.1, host::tensor(features, [8, DIM], &context.device));
        let model = NtXent { entries, ..contrast() }.build(&context).unwrap();
        host::scalar(model.loss(&views, &mut Seed::new(2).stream(0)).1)
    };
    let features = seed::normal(&mut Seed::new(1).stream(0), 8 * DIM);
    let mut other = features.clone();
    other.chunks_mut(DIM).for_each(|row| row[DIM - 1] += 1.0);
    assert_eq!(loss(features.clone(), DIM - 1), loss(other.clone(), DIM - 1));
    assert_ne!(loss(features, 0), loss(other, 0));
}

#[test]
fn bad_settings_are_named() {
    let (context, _) = networks(2);
    let cases: [(&str, &dyn Objective); 6] = [
        ("entries: 9 ", &NtXent { entries: 9, ..contrast() }),
        ("temperature: 0 ", &NtXent { temperature: 0.0, ..contrast() }),
        ("out: ", &NtXent { out: 0, ..contrast() }),
        ("weight: NaN ", &NtXent { weight: f64::NAN, ..contrast() }),
        ("points: ", &Reconstruction { points: 0, ..reconstruction() }),
        ("feature_noise: -1 ", &Reconstruction { feature_noise: -1.0, ..reconstruction() }),
    ];
    for (key, objective) in cases {
        let error = objective.build(&context).err().expect("refused");
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().starts_with(key), "{error}");
    }
}

#[test]
fn contrast_equals_the_naive_formula() {
    let (rows, width, temperature) = (10, 4, 0.3_f64);
    let values = seed::normal(&mut Seed::new(1).stream(0), rows * width);
    let tensor: Tensor<2> = host::tensor(values.clone(), [rows, width], &Device::flex());
    let got = f64::from(host::scalar(crate::nt_xent::contrast(tensor, temperature)));

    let row = |i: usize| values[i * width..(i + 1) * width].iter().map(|v| f64::from(*v));
    let dot = |i, j| row(i).zip(row(j)).map(|(a, b)| a * b).sum::<f64>();
    let score = |i: usize, j: usize| (dot(i, j) / (dot(i, i) * dot(j, j)).sqrt() / temperature).exp();
    let loss = |i: usize| {
        let others: f64 = (0..rows).filter(|j| *j != i).map(|j| score(i, j)).sum();
        -(score(i, (i + rows / 2) % rows) / others).ln()
    };
    let expected = (0..rows).map(loss).sum::<f64>() / rows as f64;
    assert!((got - expected).abs() < 1e-5, "{got}, expected {expected}");
}
