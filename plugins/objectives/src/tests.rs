use burn::tensor::{Device, Tensor};
use equigen_core::laws::objective::laws;
use equigen_core::{Objective, Seed, host, seed};

use crate::testing::{DIM, losses, networks, views};
use crate::{NtXent, Reconstruction, VicReg};

fn reconstruction() -> Reconstruction {
    Reconstruction { hidden: 32, points: 64, ..Reconstruction::default() }
}

fn contrast() -> NtXent {
    NtXent { hidden: 16, out: 8, ..NtXent::default() }
}

/// With less invariance than by default: the views of these tests are unrelated, and agree least where they vary most.
fn vicreg() -> VicReg {
    VicReg { invariance: 2.0, hidden: 16, out: 8, ..VicReg::default() }
}

#[test]
fn laws_hold() {
    let all: [&dyn Objective; 5] = [
        &contrast(),
        &NtXent { hidden: 0, entries: 5, ..contrast() },
        &reconstruction(),
        &vicreg(),
        &VicReg { hidden: 0, entries: 5, ..vicreg() },
    ];
    for objective in all {
        for law in laws(objective) {
            law.holds(16, Some(file!())).unwrap_or_else(|broken| panic!("{objective:?}: {}: {broken}", law.name));
        }
    }
}

#[test]
fn losses_fall_on_a_fixed_batch() {
    let all: [&dyn Objective; 3] = [&contrast(), &reconstruction(), &vicreg()];
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
    let half = loss(&VicReg { weight: 0.5, ..vicreg() });
    assert!((half - 0.5 * loss(&vicreg())).abs() < 1e-4);
}

#[test]
fn entries_that_are_not_compared_do_not_count() {
    let (context, weights) = networks(4);
    let loss = |features: &[f32], objective: &dyn Objective| {
        let views = views(&weights, 0.1, host::tensor(features.to_vec(), [8, DIM], &context.device));
        let model = objective.build(&context).unwrap();
        host::scalar(model.loss(&views, &mut Seed::new(2).stream(0)).1)
    };
    let features = seed::normal(&mut Seed::new(1).stream(0), 8 * DIM);
    let mut other = features.clone();
    // Not a shift of all alike, which no variance would notice.
    other.chunks_mut(DIM).enumerate().for_each(|(i, row)| row[DIM - 1] += i as f32);
    let some: [&dyn Objective; 2] =
        [&NtXent { entries: DIM - 1, ..contrast() }, &VicReg { entries: DIM - 1, ..vicreg() }];
    let all: [&dyn Objective; 2] = [&contrast(), &vicreg()];
    for (some, all) in some.into_iter().zip(all) {
        assert_eq!(some.compares(DIM), Some(0..DIM - 1));
        assert_eq!(loss(&features, some), loss(&other, some));
        assert_eq!(all.compares(DIM), Some(0..DIM));
        assert_ne!(loss(&features, all), loss(&other, all));
    }
}

#[test]
fn bad_settings_are_named() {
    let (context, _) = networks(2);
    let cases: [(&str, &dyn Objective); 9] = [
        ("entries: 9 ", &NtXent { entries: 9, ..contrast() }),
        ("temperature: 0 ", &NtXent { temperature: 0.0, ..contrast() }),
        ("out: ", &NtXent { out: 0, ..contrast() }),
        ("weight: NaN ", &NtXent { weight: f64::NAN, ..contrast() }),
        ("points: ", &Reconstruction { points: 0, ..reconstruction() }),
        ("feature_noise: -1 ", &Reconstruction { feature_noise: -1.0, ..reconstruction() }),
        ("covariance: -1 ", &VicReg { covariance: -1.0, ..vicreg() }),
        ("entries: 9 ", &VicReg { entries: 9, ..vicreg() }),
        ("out: ", &VicReg { out: 0, ..vicreg() }),
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

#[test]
fn vicreg_equals_the_naive_formula() {
    let (n, width, factors) = (7, 4, [25.0, 10.0, 2.0_f64]);
    // Small, so that the hinge counts, and wider from entry to entry, so that it does not count everywhere.
    let mut values = seed::normal(&mut Seed::new(1).stream(0), 2 * n * width);
    values.iter_mut().enumerate().for_each(|(k, value)| *value *= 0.5 * (k % width) as f32 + 0.1);
    let tensor: Tensor<2> = host::tensor(values.clone(), [2 * n, width], &Device::flex());
    let got = f64::from(host::scalar(crate::vicreg::regularised(tensor, factors)));

    let value = |view: usize, i: usize, j: usize| f64::from(values[(view * n + i) * width + j]);
    let mean = |view, j| (0..n).map(|i| value(view, i, j)).sum::<f64>() / n as f64;
    let covariance = |view, j, k| {
        let products = (0..n).map(|i| (value(view, i, j) - mean(view, j)) * (value(view, i, k) - mean(view, k)));
        products.sum::<f64>() / (n - 1) as f64
    };
    let pairs = || (0..width).flat_map(move |j| (0..width).map(move |k| (j, k)));
    let apart = (0..n * width).map(|k| (value(0, 0, k) - value(1, 0, k)).powi(2)).sum::<f64>() / (n * width) as f64;
    let narrow = |view| (0..width).map(|j| (1.0 - (covariance(view, j, j) + 1e-4).sqrt()).max(0.0)).sum::<f64>();
    let tied = |view| pairs().filter(|(j, k)| j != k).map(|(j, k)| covariance(view, j, k).powi(2)).sum::<f64>();
    let (narrow, tied) = ((narrow(0) + narrow(1)) / width as f64, (tied(0) + tied(1)) / width as f64);
    let expected = factors[0] * apart + factors[1] * narrow / 2.0 + factors[2] * tied;
    assert!((got - expected).abs() < 1e-4 * expected, "{got}, expected {expected}");
}
