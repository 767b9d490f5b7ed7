//! Measures fits of real digits: `cargo run --release -p equigen-fitters --example settings -- COUNT STOP_DB
//! kfac|adam|autodiff [LEARNING_RATE BETA1 BETA2 HALF_LIFE FLOOR standard|dwsnets]…`

use std::path::Path;
use std::time::Instant;

use burn::tensor::Device;
use equigen_core::{FitJob, Fitter, Inr, Seed, Signals};
use equigen_fitters::{AdamSettings, Autodiff, Fused, Optimiser};
use equigen_inrs::{Siren, Variant};
use equigen_signals::IdxImages;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [count, stop, fitter, settings @ ..] = &words[..] else {
        panic!("COUNT STOP_DB kfac|adam|autodiff [LEARNING_RATE BETA1 BETA2 HALF_LIFE FLOOR standard|dwsnets]…");
    };
    let number = |word: &String| word.parse::<f64>().expect("a number");
    let mut signals = IdxImages { images: "mnist-images.idx.gz".into(), labels: "mnist-labels.idx.gz".into() };
    signals.resolve(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data"));
    let digits = signals.load().expect("the digits of the repository");
    let n = (number(count) as usize).min(digits.len());
    for setting in settings.chunks(6) {
        let [rate, beta1, beta2, half_life, floor, variant] = setting else {
            panic!("six settings each");
        };
        let (learning_rate, beta1, beta2) = (number(rate), number(beta1), number(beta2));
        let (half_life, floor) = (number(half_life), number(floor));
        let fitter: Box<dyn Fitter> = match &fitter[..] {
            "kfac" => {
                let adam = AdamSettings { learning_rate, beta1, beta2, half_life, floor };
                Box::new(Fused { optimiser: Optimiser::Kfac { start: 0.15, damping: 0.1, adam }, batch: None })
            }
            "adam" => Box::new(Fused {
                optimiser: Optimiser::Adam { learning_rate, beta1, beta2, half_life, floor },
                batch: None,
            }),
            _ => Box::new(Autodiff { learning_rate, beta1, beta2, half_life, floor, ..Autodiff::default() }),
        };
        let variant = if variant == "dwsnets" { Variant::Dwsnets } else { Variant::Standard };
        let inr = Siren { variant, ..Siren::default() };
        let layout = inr.layout(2, 1).expect("a layout");
        let seed = Seed::new(1);
        let initial = (0..n as u64).flat_map(|row| inr.initialise(&layout, &mut seed.stream(row))).collect();
        let start = Instant::now();
        let fitted = fitter
            .fit(FitJob {
                inr: &inr,
                layout: &layout,
                domain: digits.domain,
                targets: &digits.values[..n * digits.domain.points()],
                initial,
                stop: number(stop),
                seed: Seed::new(0),
                first: 0,
                max_steps: 1000,
                device: Device::flex(),
                progress: &|_| (),
            })
            .expect("a fit");
        let seconds = start.elapsed().as_secs_f64();
        let mut steps = fitted.steps.clone();
        steps.sort_unstable();
        let mean = |values: &[f32]| values.iter().map(|value| f64::from(*value)).sum::<f64>() / n as f64;
        let failed = fitted.quality.iter().filter(|psnr| f64::from(**psnr) < number(stop) - 1e-3).count();
        println!(
            "{setting:?}: {seconds:.2} s, {:.0} networks/s; steps mean {:.1}, median {}, 99 % {}, most {}; \
             PSNR mean {:.3}, least {:.2}; not reached {failed}",
            n as f64 / seconds,
            steps.iter().map(|steps| f64::from(*steps)).sum::<f64>() / n as f64,
            steps[n / 2],
            steps[n * 99 / 100],
            steps[n - 1],
            mean(&fitted.quality),
            fitted.quality.iter().fold(f32::INFINITY, |least, psnr| least.min(*psnr)),
        );
    }
}
