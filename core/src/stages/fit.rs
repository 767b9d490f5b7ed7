//! Signals to networks: one fit per signal, in chunks that a resumed run does not repeat and shards share out.
//!
//! Signals are read a chunk at a time, or a piece of it where they are large, and the chunks' files are joined by copying
//! bytes. So memory does not grow with the data set, but for what its reader keeps of the labels.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

mod chunk;
mod summary;

pub(super) use chunk::canonical;
pub use summary::FitSummary;

use self::chunk::{Chunk, Reading};
use self::summary::summary;
use super::pieces::Pieces;
use super::start::Starts;
use crate::config::Init;
use crate::run::{Shard, ShardRecord, StageContext, in_signals};
use crate::{Error, Result, Zoo, ZooItem, device, files, tensors};

/// Networks per chunk on the processor. A chunk has a stream of draws of its own, so shards take it whole; what a kill loses at
/// most is a piece of it ([`Pieces`]).
const CHUNK: usize = 500;
/// Networks per chunk on a GPU, which fits thousands at once by `autodiff`. The kind of device stands in the stage's key.
const GPU_CHUNK: usize = 4_000;
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
    let (signals, count) = context.open_signals()?;
    let mut signals = Reading::new(signals);
    let labels: BTreeSet<String> = (0..count).map(|row| signals.label(row)).collect();
    let labels: Vec<String> = labels.into_iter().collect();
    let at_once = if device::is_gpu(&context.device) { GPU_CHUNK } else { CHUNK };
    let rows = context.part.as_ref().map_or(0..count, |part| rows_of(part.shard, count, at_once));
    let chunks = context.folder.join(CHUNKS);
    fs_err::create_dir_all(&chunks)?;

    let mut parts = Vec::new();
    for first in rows.clone().step_by(at_once) {
        let chunk = first..(first + at_once).min(rows.end);
        let path = chunks.join(format!("zoo-{first:08}.safetensors"));
        if !path.exists() {
            let done = AtomicUsize::new(first - rows.start);
            let progress = |more: usize| {
                context.progress(done.fetch_add(more, Ordering::Relaxed) + more, rows.len(), "networks");
            };
            let pieces = Pieces::new(context, &none.domain, path.with_extension("pieces"));
            let zoo = match source {
                Source::Given(given) => take(context, none, given, &signals, chunk.clone())?,
                Source::Fits(starts) => {
                    let work = Chunk { context, none, starts, first, progress: &progress };
                    work.canonical(pieces.all(none, chunk.len(), &progress, |places| work.fit(&mut signals, places))?)?
                }
            };
            zoo.save_part(&path, &labels)?;
            pieces.remove()?;
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
fn take(context: &StageContext<'_>, none: &Zoo, given: &Zoo, signals: &Reading, rows: Range<usize>) -> Result<Zoo> {
    let values = rows.clone().flat_map(|row| given.network(row)).copied().collect();
    let values = canonical(context, &given.layout, values, context.seed, rows.start)?;
    let items = rows.map(|row| ZooItem { label: signals.label(row), ..given.items[row].clone() });
    Ok(none.with_networks(values, items.collect()))
}
