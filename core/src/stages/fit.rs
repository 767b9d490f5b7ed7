//! Signals to networks: one fit per signal, in chunks that a resumed run does not repeat.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

use crate::config::{Init, Pipeline};
use crate::run::StageContext;
use crate::tensors::Tensors;
use crate::{Error, FitJob, Layout, Result, Seed, SignalSet, Weights, Zoo, ZooItem, files};

/// Networks per chunk: what a kill loses at most.
const CHUNK: usize = 500;

/// How well the networks fit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FitSummary {
    /// Number of networks.
    pub networks: usize,
    /// Their layout, for people.
    pub layout: String,
    /// Mean PSNR in dB, peak 1.
    pub mean_psnr: f64,
    /// PSNR of the worst network.
    pub min_psnr: f64,
    /// Mean number of optimiser steps.
    pub mean_steps: f64,
    /// Where the fits started.
    pub init: Init,
}

pub(super) fn run(context: &StageContext<'_>) -> Result<()> {
    let signals = context.signals()?;
    if signals.is_empty() {
        return Err(Error::failed("data.signals: there is no signal"));
    }
    let Pipeline { inr, .. } = context.pipeline;
    let domain = signals.domain;
    let layout = Arc::new(inr.layout(domain.dimensions(), domain.channels()).map_err(|error| error.within("inr"))?);
    let done = AtomicUsize::new(0);
    let mut zoo =
        Zoo { inr: clone_inr(context)?, layout: layout.clone(), domain, values: Vec::new(), items: Vec::new() };
    let chunks = context.folder.join("chunks");
    fs_err::create_dir_all(&chunks)?;
    for first in (0..signals.len()).step_by(CHUNK) {
        let rows = first..(first + CHUNK).min(signals.len());
        let path = chunks.join(format!("{first:08}.safetensors"));
        if !path.exists() {
            fit_chunk(context, signals, &layout, rows.clone(), &path, &done)?;
        }
        done.store(rows.end, Ordering::Relaxed);
        context.progress(rows.end, signals.len(), "networks");
        let chunk = Tensors::load(&path)?;
        zoo.values.extend(&chunk.get("weights")?.values);
        let (psnr, steps) = (&chunk.get("psnr")?.values, &chunk.get("steps")?.values);
        zoo.items.extend(rows.zip(psnr.iter().zip(steps)).map(|(row, (psnr, steps))| ZooItem {
            label: signals.labels[row].clone(),
            psnr: *psnr,
            steps: *steps as u32,
        }));
    }
    zoo.save(&context.folder.join("zoo.safetensors"))?;
    files::write_json(&context.folder.join("summary.json"), &summary(&zoo, context.pipeline.fit.init))?;
    fs_err::remove_dir_all(&chunks)?;
    Ok(())
}

fn clone_inr(context: &StageContext<'_>) -> Result<Arc<dyn crate::Inr>> {
    let value = serde_json::to_value(&context.pipeline.inr).map_err(|error| Error::failed(error.to_string()))?;
    let inr: Box<dyn crate::Inr> = serde_json::from_value(value).map_err(|error| Error::failed(error.to_string()))?;
    Ok(inr.into())
}

fn fit_chunk(
    context: &StageContext<'_>,
    signals: &SignalSet,
    layout: &Arc<Layout>,
    rows: std::ops::Range<usize>,
    path: &Path,
    done: &AtomicUsize,
) -> Result<()> {
    let fit = &context.pipeline.fit;
    let inr = &*context.pipeline.inr;
    let seed = context.seed.split("init");
    let start = |row: usize| {
        let draw = if fit.init == Init::Shared { 0 } else { row };
        inr.initialise(layout, &mut seed.stream(draw as u64))
    };
    let length = signals.domain.points() * signals.domain.channels();
    let total = signals.len();
    let fitted = fit.fitter.fit(FitJob {
        inr,
        layout,
        domain: signals.domain,
        targets: &signals.values[rows.start * length..rows.end * length],
        initial: rows.clone().flat_map(start).collect(),
        stop_psnr: fit.stop_psnr,
        max_steps: fit.max_steps,
        device: context.device.clone(),
        progress: &|count| {
            context.progress(done.fetch_add(count, Ordering::Relaxed) + count, total, "networks");
        },
    })?;
    if let Some(row) = fitted.psnr.iter().position(|psnr| psnr.is_nan()) {
        let row = rows.start + row;
        return Err(Error::failed(format!("the fit of signal {row} diverged: lower the fitter's learning rate")));
    }
    let weights = canonical(context, layout, fitted.weights, context.seed, rows.start)?;
    let mut chunk = Tensors::default();
    chunk.insert("weights", &[rows.len(), layout.parameters()], weights);
    chunk.insert("psnr", &[rows.len()], fitted.psnr);
    chunk.insert("steps", &[rows.len()], fitted.steps.iter().map(|steps| *steps as f32).collect());
    chunk.save(path)
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

fn summary(zoo: &Zoo, init: Init) -> FitSummary {
    let mean = |of: &dyn Fn(&ZooItem) -> f64| zoo.items.iter().map(of).sum::<f64>() / zoo.len() as f64;
    FitSummary {
        networks: zoo.len(),
        layout: zoo.layout.to_string(),
        mean_psnr: mean(&|item| f64::from(item.psnr)),
        min_psnr: zoo.items.iter().map(|item| f64::from(item.psnr)).fold(f64::INFINITY, f64::min),
        mean_steps: mean(&|item| f64::from(item.steps)),
        init,
    }
}
