//! Fitting: network-steps per second of the fused kernel by Adam, beside the processor's peak; and real digits to a PSNR,
//! by the default optimiser and by Adam alone.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use equigen_core::registry::{Kind, Registry};
use equigen_core::seed::Rng;
use equigen_core::{Error, FitJob, Fitted, Fitter, Inr, Result, Seed, SignalSet, Signals, device, seed};
use equigen_kernels::{Batch, Coordinates, DenseStack, FitOptions, Loss, Positional, fma_peak};

use super::{Row, median, starts};

/// Points of each network's own set, of which a step draws some.
const SET: usize = 65_536;

/// A stack, its points, networks fitted together and steps.
struct Work {
    name: &'static str,
    stack: DenseStack,
    /// Points of a step.
    points: usize,
    networks: usize,
    options: FitOptions,
}

fn works() -> [Work; 4] {
    let work = |name, stack, points, max_steps| {
        let options = FitOptions { max_steps, ..FitOptions::default() };
        Work { name, stack, points, networks: 64, options }
    };
    // Shapes: random points of each network's own at every step.
    let shape = |name, stack, loss| {
        let plain = work(name, stack, 4_096, 8);
        let batch = Some(Batch { points: plain.points, seed: 1, first: 0 });
        Work { options: FitOptions { loss, batch, ..plain.options }, ..plain }
    };
    let encoded = DenseStack::relu(&[27, 128, 128, 128, 1]).encoded(Positional { octaves: 4, include_input: true });
    let siren = DenseStack::siren(&[3, 128, 128, 128, 1], 30.0);
    [
        work("SIREN 2-32-32-1, 784 points", DenseStack::siren(&[2, 32, 32, 1], 30.0), 784, 100),
        work("SIREN 2-64-64-3, 1,024 points", DenseStack::siren(&[2, 64, 64, 3], 30.0), 1_024, 50),
        shape("ReLU 27-128-128-128-1, 4,096 random points", encoded, Loss::CrossEntropy),
        shape("SIREN 3-128-128-128-1, 4,096 random points", siren, Loss::SquaredError),
    ]
}

/// Points and values of balls, each of its own size: occupancy, or the signed distance.
fn balls(networks: usize, loss: Loss, rng: &mut Rng) -> (Vec<f32>, Vec<f32>) {
    let coordinates = seed::uniform(rng, networks * SET * 3, -1.0, 1.0);
    let radii = seed::uniform(rng, networks, 0.25, 0.75);
    let value = |(point, radius): (&[f32], f32)| {
        let distance = point.iter().map(|x| x * x).sum::<f32>().sqrt() - radius;
        if loss == Loss::CrossEntropy { f32::from(distance < 0.0) } else { distance }
    };
    let radii = radii.iter().flat_map(|radius| std::iter::repeat_n(*radius, SET));
    let values = coordinates.chunks(3).zip(radii).map(value).collect();
    (coordinates, values)
}

/// All rows; `digits` is the folder of the digits that come with the source, if it is there.
pub(crate) fn fit(repeats: usize, digits: &Path, registry: &Registry) -> Result<Vec<Row>> {
    let peak = fma_peak();
    let mut rows: Vec<Row> = works().iter().map(|work| rate(work, repeats, peak)).collect();
    if digits.join("mnist-images.idx.gz").is_file() {
        let digits = Digits::read(digits, registry)?;
        for (count, psnr) in [(256, 30.0), (256, 35.0), (256, 40.0), (10_000, 35.0), (10_000, 40.0)] {
            rows.extend(digits.to_psnr(count, psnr, if count > 1_000 { 1 } else { repeats })?);
        }
    }
    Ok(rows)
}

fn rate(work: &Work, repeats: usize, peak: f64) -> Row {
    let Work { name, stack, points, networks, options } = work;
    let mut rng = Seed::new(1).stream(0);
    let start = starts(stack, *networks, &mut rng);
    let (set, places, targets) = if options.batch.is_some() {
        let (places, targets) = balls(*networks, options.loss, &mut rng);
        (SET, places, targets)
    } else {
        let places = seed::uniform(&mut rng, points * stack.inputs(), -1.0, 1.0);
        (*points, places, seed::uniform(&mut rng, networks * points * stack.outputs(), 0.0, 1.0))
    };
    let coordinates =
        if options.batch.is_some() { Coordinates::PerNetwork(&places) } else { Coordinates::Shared(&places) };
    let seconds = median(repeats, || {
        let mut weights = start.clone();
        equigen_kernels::fit(stack, &mut weights, coordinates, set, &targets, options, &|_| ());
    });
    // After the last update values are computed once more, without gradients.
    let (forward, all) = stack.multiply_adds();
    let done = networks * points * (options.max_steps * all + forward);
    let gflops = 2.0 * done as f64 / seconds / 1e9;
    let figures = [
        ("network_steps_per_second", (networks * options.max_steps) as f64 / seconds),
        ("gflops", gflops),
        ("fma_peak_gflops", peak),
        ("share_of_peak", gflops / peak),
    ];
    Row::new(*name, &figures)
}

/// Real digits, the component `siren` at its defaults, and `fused` by each of its optimisers with what its rows add to
/// their names.
struct Digits {
    signals: SignalSet,
    inr: Box<dyn Inr>,
    fitters: [(Box<dyn Fitter>, &'static str); 2],
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
        let adam = serde_json::json!({ "type": "fused", "optimiser": { "type": "adam" } });
        let adam: Box<dyn Fitter> = serde_json::from_value(adam).map_err(|error| Error::failed(error.to_string()))?;
        Ok(Self {
            signals: signals.load()?,
            inr: registry.get(Kind::Inr, "siren")?.component()?,
            fitters: [(registry.get(Kind::Fitter, "fused")?.component()?, ""), (adam, ", by Adam")],
        })
    }

    /// Fits the first `count`, each until it reaches the PSNR, by each fitter in turn.
    fn to_psnr(&self, count: usize, psnr: f64, repeats: usize) -> Result<Vec<Row>> {
        let repeats = repeats.max(1);
        let count = count.min(self.signals.len());
        let mut timed = [vec![], vec![]];
        let mut last = [None, None];
        // One round more than repetitions warms caches; where there is only one, its work is long enough without.
        for round in 0..repeats + usize::from(repeats > 1) {
            for (i, (fitter, _)) in self.fitters.iter().enumerate() {
                let begun = Instant::now();
                last[i] = Some(self.fit(&**fitter, count, psnr)?);
                if round > 0 || repeats == 1 {
                    timed[i].push(begun.elapsed().as_secs_f64());
                }
            }
        }
        let rows = self.fitters.iter().zip(&mut timed).zip(last).filter_map(|(((_, name), timed), fitted)| {
            let fitted = fitted?;
            timed.sort_by(f64::total_cmp);
            let seconds = timed[timed.len() / 2];
            let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / count as f64;
            let figures = [
                ("networks_per_second", count as f64 / seconds),
                ("seconds", seconds),
                ("mean_steps", mean(&mut fitted.steps.iter().map(|steps| f64::from(*steps)))),
                ("mean_psnr", mean(&mut fitted.quality.iter().map(|psnr| f64::from(*psnr)))),
                ("worst_psnr", fitted.quality.iter().copied().fold(f32::INFINITY, f32::min).into()),
            ];
            Some(Row::new(format!("{count} digits, each to {psnr} dB{name}"), &figures))
        });
        Ok(rows.collect())
    }

    fn fit(&self, fitter: &dyn Fitter, count: usize, psnr: f64) -> Result<Fitted> {
        let Self { signals: digits, inr, .. } = self;
        let layout = Arc::new(inr.layout(2, 1)?);
        let start = |row| inr.initialise(&layout, &mut Seed::new(1).stream(row));
        fitter.fit(FitJob {
            inr: &**inr,
            layout: &layout,
            domain: digits.domain,
            targets: &digits.values[..count * digits.domain.points()],
            initial: (0..count as u64).flat_map(start).collect(),
            stop: psnr,
            seed: Seed::new(0),
            first: 0,
            max_steps: 1_000,
            device: device::open("flex")?,
            progress: &|_| (),
        })
    }
}
