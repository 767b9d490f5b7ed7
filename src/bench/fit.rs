//! Fitting: network-steps per second of the fused kernel, beside the processor's peak; and real digits to a PSNR.

use std::path::Path;
use std::sync::Arc;

use equigen_core::registry::{Kind, Registry};
use equigen_core::{Error, FitJob, Fitter, Inr, Result, Seed, SignalSet, Signals, device, seed};
use equigen_kernels::{Adam, Coordinates, DenseStack, FitOptions, fma_peak};

use super::{Row, median, starts};

/// A stack, its points, networks fitted together and steps.
struct Work {
    name: &'static str,
    stack: DenseStack,
    points: usize,
    networks: usize,
    steps: usize,
}

fn works() -> [Work; 4] {
    let work = |name, stack, points, networks, steps| Work { name, stack, points, networks, steps };
    [
        work("SIREN 2-32-32-1, 784 points", DenseStack::siren(&[2, 32, 32, 1], 30.0), 784, 64, 100),
        work("SIREN 2-64-64-3, 1,024 points", DenseStack::siren(&[2, 64, 64, 3], 30.0), 1_024, 64, 20),
        work("ReLU 27-128-128-128-1, 4,096 points", DenseStack::relu(&[27, 128, 128, 128, 1]), 4_096, 64, 2),
        work("SIREN 3-128-128-128-1, 4,096 points", DenseStack::siren(&[3, 128, 128, 128, 1], 30.0), 4_096, 64, 2),
    ]
}

/// All rows; `digits` is the folder of the digits that come with the source, if it is there.
pub(crate) fn fit(repeats: usize, digits: &Path, registry: &Registry) -> Result<Vec<Row>> {
    let peak = fma_peak();
    let mut rows: Vec<Row> = works().iter().map(|work| rate(work, repeats, peak)).collect();
    if digits.join("mnist-images.idx.gz").is_file() {
        let digits = Digits::read(digits, registry)?;
        for (count, psnr) in [(256, 30.0), (256, 35.0), (10_000, 35.0), (10_000, 40.0)] {
            rows.push(digits.to_psnr(count, psnr, if count > 1_000 { 1 } else { repeats })?);
        }
    }
    Ok(rows)
}

fn rate(work: &Work, repeats: usize, peak: f64) -> Row {
    let Work { name, stack, points, networks, steps } = work;
    let mut rng = Seed::new(1).stream(0);
    let start = starts(stack, *networks, &mut rng);
    let coordinates = seed::uniform(&mut rng, points * stack.inputs(), -1.0, 1.0);
    let targets = seed::uniform(&mut rng, networks * points * stack.outputs(), 0.0, 1.0);
    let options = FitOptions { adam: Adam::default(), max_steps: *steps, stop_psnr: None, decay: None };
    let seconds = median(repeats, || {
        let mut weights = start.clone();
        equigen_kernels::fit(
            stack,
            &mut weights,
            Coordinates::Shared(&coordinates),
            *points,
            &targets,
            &options,
            &|_| (),
        );
    });
    // The last evaluation makes no update.
    let rate = (networks * (steps + 1)) as f64 / seconds;
    let gflops = rate * 2.0 * (stack.multiply_adds().1 * points) as f64 / 1e9;
    let figures = [
        ("network_steps_per_second", rate),
        ("gflops", gflops),
        ("fma_peak_gflops", peak),
        ("share_of_peak", gflops / peak),
    ];
    Row::new(*name, &figures)
}

/// Real digits, and the components `siren` and `fused` at their defaults.
struct Digits {
    signals: SignalSet,
    inr: Box<dyn Inr>,
    fitter: Box<dyn Fitter>,
}

impl Digits {
    fn read(folder: &Path, registry: &Registry) -> Result<Self> {
        // Asked for by name first, so that an unknown one is answered as everywhere.
        registry.get(Kind::Signals, "idx-images")?;
        let config = serde_json::json!({
            "type": "idx-images",
            "images": folder.join("mnist-images.idx.gz"),
            "labels": folder.join("mnist-labels.idx.gz"),
        });
        let signals: Box<dyn Signals> =
            serde_json::from_value(config).map_err(|error| Error::failed(error.to_string()))?;
        Ok(Self {
            signals: signals.load()?,
            inr: registry.get(Kind::Inr, "siren")?.component()?,
            fitter: registry.get(Kind::Fitter, "fused")?.component()?,
        })
    }

    /// Fits the first `count`, each until it reaches the PSNR.
    fn to_psnr(&self, count: usize, psnr: f64, repeats: usize) -> Result<Row> {
        let Self { signals: digits, inr, fitter } = self;
        let count = count.min(digits.len());
        let layout = Arc::new(inr.layout(2, 1)?);
        let device = device::open("flex")?;
        let (mut steps, mut mean, mut worst) = (0.0, 0.0, 0.0);
        let mut failed = None;
        let seconds = median(repeats, || {
            let initial =
                (0..count as u64).flat_map(|row| inr.initialise(&layout, &mut Seed::new(1).stream(row))).collect();
            let fitted = fitter.fit(FitJob {
                inr: &**inr,
                layout: &layout,
                domain: digits.domain,
                targets: &digits.values[..count * digits.domain.points()],
                initial,
                stop_psnr: psnr,
                max_steps: 1_000,
                device: device.clone(),
                progress: &|_| (),
            });
            match fitted {
                Ok(fitted) => {
                    steps = fitted.steps.iter().map(|steps| f64::from(*steps)).sum::<f64>() / count as f64;
                    mean = fitted.psnr.iter().map(|psnr| f64::from(*psnr)).sum::<f64>() / count as f64;
                    worst = fitted.psnr.iter().copied().fold(f32::INFINITY, f32::min).into();
                }
                Err(error) => failed = Some(error),
            }
        });
        if let Some(error) = failed {
            return Err(error);
        }
        let figures = [
            ("networks_per_second", count as f64 / seconds),
            ("seconds", seconds),
            ("mean_steps", steps),
            ("mean_psnr", mean),
            ("worst_psnr", worst),
        ];
        Ok(Row::new(format!("{count} digits, each to {psnr} dB"), &figures))
    }
}
