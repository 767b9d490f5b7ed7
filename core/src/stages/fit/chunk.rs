//! A chunk of networks: signals that share a stream of draws, fitted and brought into their form.

use std::ops::{Deref, Range};
use std::sync::Arc;

use super::super::start::Starts;
use crate::run::{StageContext, in_signals};
use crate::{Error, FitJob, Layout, Result, Seed, SignalReader, Weights, Zoo, ZooItem};

/// Signals read at a time.
const READ: usize = 20;

/// Signals that are read in order, with gaps.
pub(super) struct Reading {
    signals: Box<dyn SignalReader>,
    /// The row that would be read next.
    next: usize,
}

impl Reading {
    pub(super) fn new(signals: Box<dyn SignalReader>) -> Self {
        Self { signals, next: 0 }
    }

    /// The signals of these rows. Where they must be computed this takes a while, so they are read some at a time.
    fn read(&mut self, context: &StageContext<'_>, rows: Range<usize>) -> Result<Vec<f32>> {
        self.signals.skip(rows.start - self.next).map_err(in_signals)?;
        let mut values = Vec::with_capacity(rows.len() * self.signals.domain().length());
        for first in rows.clone().step_by(READ) {
            let end = rows.end.min(first + READ);
            values.extend(self.signals.read(end - first).map_err(in_signals)?);
            context.progress(end - rows.start, rows.len(), "signals");
        }
        self.next = rows.end;
        Ok(values)
    }
}

impl Deref for Reading {
    type Target = dyn SignalReader;

    fn deref(&self) -> &Self::Target {
        &*self.signals
    }
}

/// A chunk to fit.
pub(super) struct Chunk<'a> {
    pub(super) context: &'a StageContext<'a>,
    /// What the networks are like.
    pub(super) none: &'a Zoo,
    pub(super) starts: &'a Starts<'a>,
    /// Row of its first signal.
    pub(super) first: usize,
    /// Told of networks done.
    pub(super) progress: &'a (dyn Fn(usize) + Sync),
}

impl Chunk<'_> {
    /// Fits the networks at these places of the chunk.
    pub(super) fn fit(&self, signals: &mut Reading, places: Range<usize>) -> Result<Zoo> {
        let Self { context, none, first, .. } = *self;
        let rows = first + places.start..first + places.end;
        let targets = signals.read(context, rows.clone())?;
        let fit = &context.pipeline.fit;
        let fitted = fit.fitter.fit(FitJob {
            inr: &*context.pipeline.inr,
            layout: &none.layout,
            domain: none.domain,
            targets: &targets,
            initial: self.starts.of(rows.clone()),
            stop: fit.stop(&none.domain, None),
            max_steps: fit.steps(None),
            seed: context.seed.split("batches").split(&first.to_string()),
            first: places.start,
            device: context.device.clone(),
            progress: self.progress,
        })?;
        if let Some(place) = fitted.quality.iter().position(|quality| quality.is_nan()) {
            let row = rows.start + place;
            return Err(Error::failed(format!("the fit of signal {row} diverged: lower the fitter's learning rate")));
        }
        let found = rows.zip(fitted.quality.into_iter().zip(fitted.steps));
        let items = found.map(|(row, (quality, steps))| ZooItem { label: signals.label(row), quality, steps });
        Ok(none.with_networks(fitted.weights, items.collect()))
    }

    /// The whole chunk under the maps of `fit.canonical`. What was decoded has its form already, and any map would spoil it.
    pub(super) fn canonical(&self, mut fitted: Zoo) -> Result<Zoo> {
        if !matches!(self.starts, Starts::Decoded(_)) {
            fitted.values = canonical(self.context, &fitted.layout, fitted.values, self.context.seed, self.first)?;
        }
        Ok(fitted)
    }
}

/// Applies the function-preserving maps of `fit.canonical` to a chunk of networks.
pub(in crate::stages) fn canonical(
    context: &StageContext<'_>,
    layout: &Arc<Layout>,
    values: Vec<f32>,
    seed: Seed,
    chunk: usize,
) -> Result<Vec<f32>> {
    let seed = seed.split("canonical");
    let mut weights = Weights::from_host(layout.clone(), values, &context.device)?;
    for (i, augmentation) in context.pipeline.fit.canonical.iter().enumerate() {
        if !augmentation.claims().contains(&crate::registry::Claim::PreservesFunction) {
            let name = augmentation.typetag_name();
            return Err(Error::config(format!("fit.canonical[{i}]: `{name}` does not preserve the function")));
        }
        let mut rng = seed.split(&i.to_string()).stream(chunk as u64);
        let draws = augmentation.draw(layout, weights.len(), &mut rng)?;
        weights = augmentation.apply(&weights, &draws);
    }
    Ok(weights.to_host())
}
