//! Signals to networks: one fit per signal, in chunks that a resumed run does not repeat and shards share out.
//!
//! Signals are read a chunk at a time, and the chunks' files are joined by copying bytes. So memory does not grow with
//! the data set, but for what its reader keeps of the labels.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

mod summary;

pub use summary::FitSummary;

use self::summary::summary;
use super::start::Starts;
use crate::config::Init;
use crate::run::{Shard, ShardRecord, StageContext, in_signals};
use crate::{Error, FitJob, Fitted, Layout, Result, Seed, SignalReader, Weights, Zoo, ZooItem, device, files, tensors};

/// Networks per chunk on the processor: what a kill loses at most. A chunk has a stream of draws of its own, so it is never
/// divided.
const CHUNK: usize = 500;
/// Networks per chunk on a GPU, which fits thousands at once by `autodiff`. The kind of device stands in the stage's key.
const GPU_CHUNK: usize = 4_000;
/// Signals read at a time.
const READ: usize = 20;
/// Folder of the chunks while the stage is made.
const CHUNKS: &str = "chunks";
const ZOO: &str = "zoo.safetensors";
const SUMMARY: &str = "summary.json";

pub(super) fn run(context: &StageContext<'_>) -> Result<()> {
    once(context, || {
        let none = no_networks(context)?;
        let source = match context.pipeline.data.signals.networks().map_err(in_signals)? {
            Some(given) => {
                check_given(&given, &none)?;
                Source::Given(given)
            }
            None => Source::Fits(Starts::new(context, &none)?),
        };
        fit(context, &none, &source)
    })
}

/// Does the work of the stage, unless that was done and a kill has left nothing to do but to remove chunks.
pub(super) fn once(context: &StageContext<'_>, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let last = match context.part {
        Some(_) => ShardRecord::path(context.folder),
        None => context.folder.join(SUMMARY),
    };
    if !last.exists() {
        work()?;
    }
    remove_chunks(context.folder)
}

/// Writes the networks of parts, in their order, and the summary: the output of the stage.
pub(crate) fn join_fits(
    parts: &[PathBuf],
    folder: &Path,
    layout: &str,
    init: Option<Init>,
    left_out: Vec<String>,
) -> Result<()> {
    tensors::join(parts, &folder.join(ZOO))?;
    let summary = FitSummary { left_out, ..summary(parts, layout, init)? };
    files::write_json(&folder.join(SUMMARY), &summary)?;
    // Of a run that was stopped before its fit was joined from shards.
    remove_chunks(folder)
}

fn remove_chunks(folder: &Path) -> Result<()> {
    let chunks = folder.join(CHUNKS);
    if chunks.exists() {
        fs_err::remove_dir_all(chunks)?;
    }
    Ok(())
}

/// A zoo of the pipeline's signals and family, without networks.
pub(super) fn no_networks(context: &StageContext<'_>) -> Result<Zoo> {
    let (signals, count) = context.open_signals()?;
    if count == 0 {
        return Err(in_signals(Error::failed("there is no signal")));
    }
    let domain = signals.domain();
    let inr = &context.pipeline.inr;
    let layout = Arc::new(inr.layout(domain.dimensions(), domain.channels()).map_err(|error| error.within("inr"))?);
    Ok(Zoo { inr: clone_inr(context)?, layout, domain, values: Vec::new(), items: Vec::new() })
}

/// Networks like those of `none` for all signals.
pub(super) fn fit(context: &StageContext<'_>, none: &Zoo, source: &Source<'_>) -> Result<()> {
    let (mut signals, count) = context.open_signals()?;
    let labels: BTreeSet<String> = (0..count).map(|row| signals.label(row)).collect();
    let labels: Vec<String> = labels.into_iter().collect();
    let at_once = if device::is_gpu(&context.device) { GPU_CHUNK } else { CHUNK };
    let rows = context.part.as_ref().map_or(0..count, |part| rows_of(part.shard, count, at_once));
    let chunks = context.folder.join(CHUNKS);
    fs_err::create_dir_all(&chunks)?;

    signals.skip(rows.start).map_err(in_signals)?;
    let mut parts = Vec::new();
    for first in rows.clone().step_by(at_once) {
        let chunk = first..(first + at_once).min(rows.end);
        let path = chunks.join(format!("zoo-{first:08}.safetensors"));
        if path.exists() {
            signals.skip(chunk.len()).map_err(in_signals)?;
        } else {
            let done = AtomicUsize::new(first - rows.start);
            let progress = |more: usize| {
                context.progress(done.fetch_add(more, Ordering::Relaxed) + more, rows.len(), "networks");
            };
            let fitted = match source {
                Source::Given(given) => take(context, given, chunk.clone())?,
                Source::Fits(starts) => {
                    let targets = read(context, &mut *signals, chunk.len())?;
                    fit_chunk(context, none, starts, chunk.clone(), &targets, &progress)?
                }
            };
            let found = chunk.clone().zip(fitted.quality.iter().zip(&fitted.steps));
            let item = |(row, (quality, steps)): (usize, (&f32, &u32))| ZooItem {
                label: signals.label(row),
                quality: *quality,
                steps: *steps,
            };
            let items = found.map(item).collect();
            none.with_networks(fitted.weights, items).save_part(&path, &labels)?;
        }
        context.progress(chunk.end - rows.start, rows.len(), "networks");
        parts.push(path);
    }
    if parts.is_empty() {
        // There are more shards than chunks.
        parts.push(chunks.join("zoo-none.safetensors"));
        none.save_part(&parts[0], &labels)?;
    }

    let (layout, init) = (none.layout.to_string(), source.init(context));
    let Some(part) = &context.part else {
        return join_fits(&parts, context.folder, &layout, init, signals.left_out().to_vec());
    };
    tensors::join(&parts, &context.folder.join(ZOO))?;
    let (shard, fit, seed) = (part.shard, part.whole.clone(), context.pipeline.seed);
    files::write_json(&ShardRecord::path(context.folder), &ShardRecord { shard, fit, seed, layout, init })
}

/// Where networks come from.
pub(super) enum Source<'a> {
    /// They are there.
    Given(Zoo),
    /// They are fitted, from these starts.
    Fits(Starts<'a>),
}

impl Source<'_> {
    fn init(&self, context: &StageContext<'_>) -> Option<Init> {
        match self {
            Self::Given(_) | Self::Fits(Starts::Decoded(_)) => None,
            Self::Fits(_) => Some(context.pipeline.fit.init),
        }
    }
}

/// The next signals. Where they must be computed this takes a while, so they are read some at a time.
fn read(context: &StageContext<'_>, signals: &mut dyn SignalReader, count: usize) -> Result<Vec<f32>> {
    let mut values = Vec::with_capacity(count * signals.domain().length());
    for first in (0..count).step_by(READ) {
        let more = READ.min(count - first);
        values.extend(signals.read(more).map_err(in_signals)?);
        context.progress(first + more, count, "signals");
    }
    Ok(values)
}

/// The rows of a shard's signals: whole chunks, so that each network is drawn and fitted as in one run.
fn rows_of(shard: Shard, signals: usize, chunk: usize) -> Range<usize> {
    let chunks = shard.share(signals.div_ceil(chunk));
    chunks.start * chunk..(chunks.end * chunk).min(signals)
}

fn clone_inr(context: &StageContext<'_>) -> Result<Arc<dyn crate::Inr>> {
    let value = serde_json::to_value(&context.pipeline.inr).map_err(|error| Error::failed(error.to_string()))?;
    let inr: Box<dyn crate::Inr> = serde_json::from_value(value).map_err(|error| Error::failed(error.to_string()))?;
    Ok(inr.into())
}

/// Refuses given networks that are not like those of `none`, which the pipeline describes.
fn check_given(given: &Zoo, none: &Zoo) -> Result<()> {
    let text = |zoo: &Zoo| serde_json::to_value(&zoo.inr).map_err(|error| Error::failed(error.to_string()));
    let (found, wanted) = (text(given)?, text(none)?);
    if found != wanted || given.layout != none.layout {
        let text = format!("inr: the given networks are {} of {found}, not {} of {wanted}", given.layout, none.layout);
        return Err(Error::config(format!("{text}; write their settings there")));
    }
    Ok(())
}

/// Given networks at these rows, as they are but for the maps of `fit.canonical`.
fn take(context: &StageContext<'_>, given: &Zoo, rows: Range<usize>) -> Result<Fitted> {
    let values = rows.clone().flat_map(|row| given.network(row)).copied().collect();
    let items = &given.items[rows.clone()];
    Ok(Fitted {
        weights: canonical(context, &given.layout, values, context.seed, rows.start)?,
        quality: items.iter().map(|item| item.quality).collect(),
        steps: items.iter().map(|item| item.steps).collect(),
    })
}

/// Fits networks like those of `none` to the signals of these rows, `targets [rows, points, columns]`.
fn fit_chunk(
    context: &StageContext<'_>,
    none: &Zoo,
    starts: &Starts<'_>,
    rows: Range<usize>,
    targets: &[f32],
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Fitted> {
    let fit = &context.pipeline.fit;
    let (inr, layout) = (&*context.pipeline.inr, &none.layout);
    let mut fitted = fit.fitter.fit(FitJob {
        inr,
        layout,
        domain: none.domain,
        targets,
        initial: starts.of(rows.clone()),
        stop: fit.stop(&none.domain, None),
        max_steps: fit.steps(None),
        seed: context.seed.split("batches").split(&rows.start.to_string()),
        device: context.device.clone(),
        progress,
    })?;
    if let Some(row) = fitted.quality.iter().position(|quality| quality.is_nan()) {
        let row = rows.start + row;
        return Err(Error::failed(format!("the fit of signal {row} diverged: lower the fitter's learning rate")));
    }
    // What was decoded has its form already, and any map would spoil it.
    if !matches!(starts, Starts::Decoded(_)) {
        fitted.weights = canonical(context, layout, fitted.weights, context.seed, rows.start)?;
    }
    Ok(fitted)
}

/// Applies the function-preserving maps of `fit.canonical` to a chunk of networks.
pub(super) fn canonical(
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
