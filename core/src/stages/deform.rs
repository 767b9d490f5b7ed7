//! Networks of deformed signals: rendered on the grid, deformed, fitted anew.

use rayon::prelude::*;

use crate::run::StageContext;
use crate::{CoordinateMap, Deformation, FitJob, Result, Seed, Zoo, ZooItem, picture};

/// Networks fitted at a time.
const CHUNK: usize = 500;

/// A deformed network to make.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Deformed {
    /// The network whose signal is deformed.
    pub(super) row: usize,
    /// How strongly.
    pub(super) level: f32,
    /// Whether the signal first becomes one of a new class.
    pub(super) new_class: bool,
    /// Number of that class: the same number draws the same map.
    pub(super) class: u64,
}

/// The deformations that make new classes, and those that make kin.
pub(super) type Maps<'a> = (&'a [Box<dyn Deformation>], &'a [Box<dyn Deformation>]);

/// One network per job. `seed` gives each its own deformation and start; `progress` is told of networks done.
pub(super) fn deformed(
    context: &StageContext<'_>,
    zoo: &Zoo,
    jobs: &[Deformed],
    maps: Maps<'_>,
    seed: Seed,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Zoo> {
    let fit = &context.pipeline.fit;
    let grid = zoo.domain.grid();
    let length = zoo.domain.points() * zoo.domain.channels();
    let class_seed = context.seed.split("classes");
    let mut out = zoo.with_networks(Vec::new(), Vec::new());
    for (chunk, jobs) in jobs.chunks(CHUNK).enumerate() {
        let rows: Vec<usize> = jobs.iter().map(|job| job.row).collect();
        let signals = picture::render(zoo, &rows, &grid, &context.device);
        let make = |(i, (job, signal)): (usize, (&Deformed, &[f32]))| -> Result<_> {
            let mut rng = seed.stream((chunk * CHUNK + i) as u64);
            let mut drawn = draw(zoo, maps.1, f64::from(job.level), &mut rng)?;
            if job.new_class {
                // A point of the new signal is first deformed, then taken to the old class.
                let mut class_rng = class_seed.stream(job.class);
                drawn.extend(draw(zoo, maps.0, 1.0, &mut class_rng)?);
            }
            Ok((deform(zoo, signal, &grid, &drawn), zoo.inr.initialise(&zoo.layout, &mut rng)))
        };
        let made = jobs.par_iter().zip(signals.par_chunks(length)).enumerate().map(make);
        let (targets, initial): (Vec<_>, Vec<_>) = made.collect::<Result<Vec<_>>>()?.into_iter().unzip();
        let fitted = fit.fitter.fit(FitJob {
            inr: &*zoo.inr,
            layout: &zoo.layout,
            domain: zoo.domain,
            targets: &targets.concat(),
            initial: initial.concat(),
            stop_psnr: context.pipeline.expand.stop_psnr.unwrap_or(fit.stop_psnr),
            max_steps: fit.max_steps,
            device: context.device.clone(),
            progress,
        })?;
        out.values.extend(super::fit::canonical(context, &zoo.layout, fitted.weights, seed, chunk)?);
        out.items.extend(rows.iter().zip(fitted.psnr.iter().zip(fitted.steps)).map(|(row, (psnr, steps))| ZooItem {
            label: zoo.items[*row].label.clone(),
            psnr: *psnr,
            steps,
        }));
    }
    Ok(out)
}

fn draw(
    zoo: &Zoo,
    deformations: &[Box<dyn Deformation>],
    level: f64,
    rng: &mut crate::seed::Rng,
) -> Result<Vec<CoordinateMap>> {
    deformations.iter().map(|deformation| deformation.draw(zoo.domain.dimensions(), level, rng)).collect()
}

/// The signal `f ∘ φ` on the grid, φ being all maps in order.
fn deform(zoo: &Zoo, signal: &[f32], grid: &[f32], maps: &[CoordinateMap]) -> Vec<f32> {
    let (d, channels) = (zoo.domain.dimensions(), zoo.domain.channels());
    let mut out = vec![0.0; signal.len()];
    for (point, value) in grid.chunks(d).zip(out.chunks_mut(channels)) {
        let mut point = point.to_vec();
        maps.iter().for_each(|map| map(&mut point));
        zoo.domain.interpolate(signal, &point, value);
    }
    out
}
