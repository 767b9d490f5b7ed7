//! Networks of deformed signals: rendered, deformed, fitted anew.

use std::ops::Range;

use burn::tensor::Device;
use rayon::prelude::*;

use super::data::NEAR;
use super::pieces::Pieces;
use crate::run::StageContext;
use crate::seed::Rng;
use crate::{CoordinateMap, Deformation, Domain, FitJob, Result, Seed, Zoo, ZooItem, picture, solid};

/// Networks that share the draws of a fitter and of the maps of `fit.canonical`.
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

/// Makes deformed networks.
pub(super) struct Deforming<'a> {
    pub(super) context: &'a StageContext<'a>,
    /// The networks whose signals are deformed.
    pub(super) zoo: &'a Zoo,
    /// Deformations that make new classes.
    pub(super) classes: &'a [Box<dyn Deformation>],
    /// Deformations that make kin.
    pub(super) kin: &'a [Box<dyn Deformation>],
    /// Gives each network its own deformation and start.
    pub(super) seed: Seed,
    /// Told of networks done.
    pub(super) progress: &'a (dyn Fn(usize) + Sync),
}

impl Deforming<'_> {
    /// One network per job. Finished pieces of a chunk lie where `pieces` says, which is told the chunk's number.
    pub(super) fn all(&self, jobs: &[Deformed], pieces: &dyn Fn(usize) -> Pieces) -> Result<Zoo> {
        let zoo = self.zoo;
        let mut out = zoo.with_networks(Vec::new(), Vec::new());
        for (chunk, jobs) in jobs.chunks(CHUNK).enumerate() {
            let fit = |places: Range<usize>| self.fit(chunk, places.start, &jobs[places]);
            let fitted = pieces(chunk).all(zoo, jobs.len(), self.progress, fit)?;
            out.values.extend(super::fit::canonical(self.context, &zoo.layout, fitted.values, self.seed, chunk)?);
            out.items.extend(fitted.items);
        }
        Ok(out)
    }

    /// The networks of a chunk from place `first` on.
    fn fit(&self, chunk: usize, first: usize, jobs: &[Deformed]) -> Result<Zoo> {
        let Self { context, zoo, seed, .. } = *self;
        let (fit, expand) = (&context.pipeline.fit, &context.pipeline.expand);
        let class_seed = context.seed.split("classes");
        let rows: Vec<usize> = jobs.iter().map(|job| job.row).collect();
        let source = Source::new(context, zoo, &rows);
        let make = |(i, job): (usize, &Deformed)| -> Result<_> {
            let mut rng = seed.stream((chunk * CHUNK + first + i) as u64);
            let mut drawn = draw(zoo, self.kin, f64::from(job.level), &mut rng)?;
            if job.new_class {
                // A point of the new signal is first deformed, then taken to the old class.
                let mut class_rng = class_seed.stream(job.class);
                drawn.extend(draw(zoo, self.classes, 1.0, &mut class_rng)?);
            }
            let signal = source.deformed(i, &drawn, &mut rng);
            Ok((signal, zoo.inr.initialise(&zoo.layout, &mut rng)))
        };
        let made = jobs.par_iter().enumerate().map(make);
        let (targets, initial): (Vec<_>, Vec<_>) = made.collect::<Result<Vec<_>>>()?.into_iter().unzip();
        let fitted = fit.fitter.fit(FitJob {
            inr: &*zoo.inr,
            layout: &zoo.layout,
            domain: zoo.domain,
            targets: &targets.concat(),
            initial: initial.concat(),
            stop: fit.stop(&zoo.domain, Some(expand)),
            max_steps: fit.steps(Some(expand)),
            seed: seed.split("batches").split(&chunk.to_string()),
            first,
            device: context.device.clone(),
            progress: self.progress,
        })?;
        let found = rows.iter().zip(fitted.quality.into_iter().zip(fitted.steps));
        let items = found.map(|(row, (quality, steps))| {
            let label = zoo.items[*row].label.clone();
            ZooItem { label, quality, steps }
        });
        Ok(zoo.with_networks(fitted.weights, items.collect()))
    }
}

fn draw(zoo: &Zoo, deformations: &[Box<dyn Deformation>], level: f64, rng: &mut Rng) -> Result<Vec<CoordinateMap>> {
    deformations.iter().map(|deformation| deformation.draw(zoo.domain.dimensions(), level, rng)).collect()
}

/// The signals of some networks, to be deformed.
struct Source<'a> {
    zoo: &'a Zoo,
    rows: &'a [usize],
    grid: Vec<f32>,
    /// `[rows, points, channels]` on the grid, where signals have one.
    rendered: Vec<f32>,
}

impl<'a> Source<'a> {
    fn new(context: &StageContext<'_>, zoo: &'a Zoo, rows: &'a [usize]) -> Self {
        let grid = zoo.domain.grid();
        let rendered = if grid.is_empty() { Vec::new() } else { picture::render(zoo, rows, &grid, &context.device) };
        Self { zoo, rows, grid, rendered }
    }

    /// The signal `f ∘ φ` of the `i`-th network, φ being all maps in order: on the grid, interpolated, or at new points of
    /// its own. A shape is empty beyond its cube.
    fn deformed(&self, i: usize, maps: &[CoordinateMap], rng: &mut Rng) -> Vec<f32> {
        let domain = &self.zoo.domain;
        let d = domain.dimensions();
        let moved = |point: &[f32]| {
            let mut point = point.to_vec();
            maps.iter().for_each(|map| map(&mut point));
            point
        };
        match *domain {
            Domain::Image { channels, .. } => {
                let signal = &self.rendered[i * domain.length()..(i + 1) * domain.length()];
                let mut out = vec![0.0; signal.len()];
                for (point, value) in self.grid.chunks(d).zip(out.chunks_mut(channels)) {
                    domain.interpolate(signal, &moved(point), value);
                }
                out
            }
            Domain::Shape { points, tested, field } => {
                let inside = |points: &[f32]| {
                    let images: Vec<f32> = points.chunks(d).flat_map(moved).collect();
                    let mut values = picture::render(self.zoo, &[self.rows[i]], &images, &Device::flex());
                    for (value, image) in values.iter_mut().zip(images.chunks(d)) {
                        if image.iter().any(|x| x.abs() > 1.0) {
                            *value = 0.0;
                        }
                    }
                    values
                };
                solid::signal((points, tested), field, NEAR, &inside, rng)
            }
        }
    }
}
