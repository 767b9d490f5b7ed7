//! `smooth` on networks fitted to real digits from `examples/data`.
//!
//! `DIGITS=10000 cargo nextest run --release -p equigen-augmentations --test digits --no-capture` measures more of them.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use burn::tensor::Device;
use equigen_augmentations::{Smooth, total_variation};
use equigen_core::dense::Points;
use equigen_core::{Augmentation, FitJob, Fitter, Inr, Layout, Seed, SignalSet, Signals, Weights, host};
use equigen_fitters::Fused;
use equigen_inrs::Siren;
use equigen_signals::IdxImages;

fn digits() -> SignalSet {
    let mut signals = IdxImages { images: "mnist-images.idx.gz".into(), labels: "mnist-labels.idx.gz".into() };
    signals.resolve(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data"));
    signals.load().unwrap()
}

/// The first `n` digits as networks.
fn fitted(digits: &SignalSet, inr: &Siren, layout: &Arc<Layout>, n: usize) -> Weights {
    let seed = Seed::new(1);
    let initial = (0..n as u64).flat_map(|row| inr.initialise(layout, &mut seed.stream(row))).collect();
    let job = FitJob {
        inr,
        layout,
        domain: digits.domain,
        targets: &digits.values[..n * digits.domain.points()],
        initial,
        stop: 38.0,
        seed: Seed::new(0),
        first: 0,
        max_steps: 300,
        device: Device::flex(),
        progress: &|_| (),
    };
    let values = Fused::default().fit(job).unwrap().weights;
    Weights::from_host(layout.clone(), values, &Device::flex()).unwrap()
}

#[test]
fn smoothing_fitted_digits_changes_no_pixel_and_lowers_every_total_variation() {
    let n = std::env::var("DIGITS").map_or(48, |count| count.parse().expect("DIGITS is a number"));
    let (digits, inr) = (digits(), Siren::default());
    let layout = Arc::new(inr.layout(2, 1).unwrap());
    let weights = fitted(&digits, &inr, &layout, n.min(digits.len()));
    let smooth = Smooth {};
    let draws = smooth.draw(&layout, n, &mut Seed::new(0).stream(0)).unwrap();
    let start = Instant::now();
    let smoothed = smooth.apply(&weights, &draws);
    let seconds = start.elapsed().as_secs_f64();

    let grid = host::tensor(digits.domain.grid(), [digits.domain.points(), 2], &Device::flex());
    let render = |weights: &Weights| host::read(inr.forward(weights, &Points::Shared(grid.clone())));
    let pixels = render(&smoothed).iter().zip(&render(&weights)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(pixels <= 1e-4, "a pixel changed by {pixels}");

    let (before, after) = (weights.to_host(), smoothed.to_host());
    let variation = |network: &[f32]| total_variation(&layout, network);
    let ratios: Vec<f64> = before
        .chunks(layout.parameters())
        .zip(after.chunks(layout.parameters()))
        .map(|(before, after)| variation(after) / variation(before))
        .collect();
    let most = ratios.iter().copied().fold(0.0, f64::max);
    assert!(most < 0.95, "total variation of some network fell only to {most}");
    let mean = ratios.iter().sum::<f64>() / n as f64;
    println!(
        "{n} networks smoothed in {seconds:.3} s; total variation: {mean:.3} of before, at most {most:.3}; \
         largest change of a pixel {pixels:.1e}"
    );
}
