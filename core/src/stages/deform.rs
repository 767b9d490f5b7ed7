//! Networks of deformed signals: rendered on the grid, deformed, fitted anew.

use crate::run::StageContext;
use crate::seed::Rng;
use crate::{CoordinateMap, Deformation, FitJob, Result, Seed, Zoo, ZooItem, picture};

/// Networks fitted at a time.
const CHUNK: usize = 500;

/// One deformed network for each of `rows` of a zoo (a row may stand there many times). `seed` gives each its own
/// deformation and start; `progress` is told of networks done.
pub(super) fn deformed(
    context: &StageContext<'_>,
    zoo: &Zoo,
    rows: &[usize],
    deformations: &[Box<dyn Deformation>],
    seed: Seed,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Zoo> {
    let fit = &context.pipeline.fit;
    let grid = zoo.domain.grid();
    let length = zoo.domain.points() * zoo.domain.channels();
    let mut out = Zoo { values: Vec::new(), items: Vec::new(), ..zoo.clone() };
    for (chunk, rows) in rows.chunks(CHUNK).enumerate() {
        let signals = picture::render(zoo, rows, &grid, &context.device);
        let (mut targets, mut initial) = (Vec::with_capacity(signals.len()), Vec::new());
        for (i, signal) in signals.chunks(length).enumerate() {
            let mut rng = seed.stream((chunk * CHUNK + i) as u64);
            targets.extend(deform(zoo, signal, &grid, deformations, &mut rng)?);
            initial.extend(zoo.inr.initialise(&zoo.layout, &mut rng));
        }
        let fitted = fit.fitter.fit(FitJob {
            inr: &*zoo.inr,
            layout: &zoo.layout,
            domain: zoo.domain,
            targets: &targets,
            initial,
            stop_psnr: fit.stop_psnr,
            max_steps: fit.max_steps,
            device: context.device.clone(),
            progress,
        })?;
        out.values.extend(super::fit::canonical(context, &zoo.layout, fitted.weights, seed, chunk)?);
        out.items.extend(rows.iter().zip(fitted.psnr.iter().zip(fitted.steps)).map(|(row, (psnr, steps))| {
            ZooItem { label: zoo.items[*row].label.clone(), psnr: *psnr, steps }
        }));
    }
    Ok(out)
}

/// The signal `f ∘ φ` on the grid, φ being all deformations in order.
fn deform(
    zoo: &Zoo,
    signal: &[f32],
    grid: &[f32],
    deformations: &[Box<dyn Deformation>],
    rng: &mut Rng,
) -> Result<Vec<f32>> {
    let (d, channels) = (zoo.domain.dimensions(), zoo.domain.channels());
    let maps = deformations.iter().map(|deformation| deformation.draw(d, rng)).collect::<Result<Vec<CoordinateMap>>>()?;
    let mut out = vec![0.0; signal.len()];
    for (point, value) in grid.chunks(d).zip(out.chunks_mut(channels)) {
        let mut point = point.to_vec();
        maps.iter().for_each(|map| map(&mut point));
        zoo.domain.interpolate(signal, &point, value);
    }
    Ok(out)
}
