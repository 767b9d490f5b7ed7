//! Figures: the generated set and every reference row that needs no second training, through one judge.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::data::Data;
use super::figures::{Eyes, Set, Sets};
use super::sample::{Draw, Sampler};
use super::{EncoderQuality, FitSummary, JudgeReport};
use crate::run::StageContext;
use crate::tensors::Tensors;
use crate::{Domain, Judgement, Result, Seed, Zoo, ZooItem, files, picture, seed};

/// `metrics.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Evaluation {
    /// Target label.
    pub target: String,
    /// Number of shots.
    pub shots: usize,
    /// Signals in each compared set.
    pub count: usize,
    /// The generated set first, then the reference rows.
    pub rows: Vec<Row>,
    /// Metrics of which there are no figures, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_computed: Vec<String>,
    /// Mean feature distance among samples of one disturbed feature, over that among held-out items: 0 means that the
    /// generator is a function of its condition.
    pub one_condition_diversity: f64,
    /// Median over samples of total variation at 8 times the resolution over that at the native one, relative to the
    /// same of held-out fits: far above 1 is speckle between grid points. Of images only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speckle: Option<f64>,
    /// The samples of the generated set, the first ones in which the judge sees something; all of the first ones if absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compared: Vec<usize>,
    /// For each sample of the generated set the nearest shot, an index into the split's shots.
    pub nearest_shot: Vec<usize>,
    /// The fits.
    pub fit: FitSummary,
    /// The encoder.
    pub encoder: EncoderQuality,
    /// The judge.
    pub judge: JudgeReport,
}

/// One compared set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// What the set is.
    pub name: String,
    /// Figures by name.
    pub measures: BTreeMap<String, f64>,
}

impl Evaluation {
    /// Reads a finished stage's figures.
    ///
    /// # Errors
    /// If the file is missing or damaged.
    pub fn read(folder: &Path) -> Result<Self> {
        files::read_json(&folder.join("metrics.json"))
    }
}

/// Noise of the jittered shots, in standard deviations of each parameter tensor.
const JITTER: f32 = 0.05;
/// Samples of one condition, for each of so many shots.
const ONE_CONDITION: (usize, usize) = (32, 4);
/// Resolution factor of the speckle figure, and networks that it looks at.
const SPECKLE: (usize, usize) = (8, 64);

pub(super) fn run(context: &StageContext<'_>) -> Result<()> {
    let (data, families) = Data::with_kin(context)?;
    let sampler = Sampler::load(context, &data, &families)?;
    let mut judge =
        context.pipeline.judge.build(data.zoo.domain, data.split.labels.len(), &context.device, Seed::new(0))?;
    if let Some(classifier) = judge.classifier() {
        classifier.learner().set_parameters(&Tensors::load(&context.input("judge", "model.safetensors"))?)?;
    }
    let eyes = Eyes::new(context, &*judge);

    let samples = Zoo::load(&context.input("sample", "weights.safetensors"))?;
    let split = &data.split;
    let count = samples.len().min(split.reference.len());
    let first: Vec<usize> = (0..count).collect();
    let repeated: Vec<usize> = (0..count).map(|i| split.shots[i % split.shots.len()]).collect();
    // More samples than are compared make up for those in which the judge sees nothing.
    let generated = eyes.see(&samples, &(0..samples.len()).collect::<Vec<_>>())?;
    let mut compared = generated.present();
    let empty = generated.len() - compared.len();
    compared.truncate(count);
    let draw = Draw::of(context.pipeline);
    let seed = context.seed;
    let at = |draw: &Draw, name: &str| sampler.sample(count, draw, seed.split(name));
    let jittered = jittered(&data, &repeated, seed.split("jitter"));
    // The generator otherwise than the pipeline has it, where that is another.
    let mut variants = Vec::new();
    if draw.level > 0.0 {
        variants.push(("level 0", at(&Draw { level: 0.0, ..draw }, "level 0")?));
    }
    if draw.temperature > 0.0 && sampler.has_noise() {
        variants.push(("without noise", at(&Draw { temperature: 0.0, ..draw }, "noiseless")?));
    }
    if context.pipeline.sample.screen > 0.0 {
        variants.push(("without screen", at(&draw, "unscreened")?));
    }
    let set = |name, zoo, rows| Set { name, zoo, rows };
    let mut all = vec![
        set("generated", &samples, &compared),
        set("held-out items, as fitted networks", &data.zoo, &split.ceiling[..count]),
        set("shots repeated", &data.zoo, &repeated),
        set("jittered shots", &jittered, &first),
    ];
    all.extend(variants.iter().map(|(name, zoo)| set(*name, zoo, &first[..])));
    let sets = Sets {
        all: &all,
        ceiling: 1,
        repeated: 2,
        shots: set("shots", &data.zoo, &split.shots),
        reference: &split.reference[..count],
        target: split.target_class(),
    };
    let seen = sets.seen(&eyes, Some(generated.select(&compared)))?;
    let (mut rows, not_computed) = sets.measure(context, &seen)?;
    // Of the generated set all samples count, not only those that are compared.
    rows[0].measures.entry("empty".to_owned()).and_modify(|count| *count = empty as f64);
    let evaluation = Evaluation {
        target: split.target.clone(),
        shots: split.shots.len(),
        count,
        rows,
        not_computed,
        one_condition_diversity: one_condition(&eyes, &sampler, &draw, seed.split("one condition"))?
            / spread(&seen.all[sets.ceiling]),
        speckle: speckle(context, &samples, &first)
            .zip(speckle(context, &data.zoo, &split.ceiling))
            .map(|(samples, real)| samples / real),
        nearest_shot: nearest(&seen.all[0], &seen.shots),
        compared: if compared == first { Vec::new() } else { compared.clone() },
        fit: files::read_json(&context.input("fit", "summary.json"))?,
        encoder: files::read_json(&context.input("pretrain", "encoder.json"))?,
        judge: files::read_json(&context.input("judge", "judge.json"))?,
    };
    files::write_json(&context.folder.join("metrics.json"), &evaluation)
}

fn jittered(data: &Data, rows: &[usize], seed: Seed) -> Zoo {
    let Zoo { layout, .. } = &data.zoo;
    let mut rng = seed.stream(0);
    let mut values: Vec<f32> = rows.iter().flat_map(|row| data.zoo.network(*row)).copied().collect();
    for network in values.chunks_mut(layout.parameters()) {
        for (tensor, deviation) in layout.tensors().iter().zip(&data.statistics.deviation) {
            let noise = seed::normal(&mut rng, tensor.len());
            network[tensor.range()]
                .iter_mut()
                .zip(noise)
                .for_each(|(value, noise)| *value += JITTER * deviation * noise);
        }
    }
    let item = ZooItem { label: data.split.target.clone(), quality: 0.0, steps: 0 };
    data.zoo.with_networks(values, vec![item; rows.len()])
}

/// For each of a set the nearest of the shots, in the judge's features.
fn nearest(set: &Judgement, shots: &Judgement) -> Vec<usize> {
    let to = |i: usize, shot: usize| set.distance(i, shots, shot);
    let nearest = |i: usize| (0..shots.len()).min_by(|a, b| to(i, *a).total_cmp(&to(i, *b)));
    (0..set.len()).filter_map(nearest).collect()
}

/// Mean pairwise feature distance, without self-pairs.
fn spread(set: &Judgement) -> f64 {
    let set = &set.select(&set.present());
    let distance = |i: usize, j: usize| set.distance(i, set, j);
    let pairs = (0..set.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    let count = (set.len() * set.len().saturating_sub(1) / 2).max(1);
    pairs.map(|(i, j)| distance(i, j)).sum::<f64>() / count as f64
}

fn one_condition(eyes: &Eyes<'_>, sampler: &Sampler<'_>, draw: &Draw, seed: Seed) -> Result<f64> {
    let (count, most) = ONE_CONDITION;
    let shots = most.min(sampler.shots().len());
    let mut total = 0.0;
    for shot in 0..shots {
        let zoo = sampler.sample_one_condition(shot, count, draw, seed.split(&shot.to_string()))?;
        total += spread(&eyes.see(&zoo, &(0..count).collect::<Vec<_>>())?);
    }
    Ok(total / shots as f64)
}

/// Median over networks of total variation at a high resolution over that at the native one.
fn speckle(context: &StageContext<'_>, zoo: &Zoo, rows: &[usize]) -> Option<f64> {
    let [height, width, channels] = zoo.domain.image()?;
    let (factor, most) = SPECKLE;
    let rows = &rows[..rows.len().min(most)];
    let variation = |factor: usize| {
        let (height, width) = (height * factor, width * factor);
        let signals = picture::render(zoo, rows, &Domain::grid_of(height, width), &context.device);
        signals
            .chunks(height * width * channels)
            .map(|signal| total_variation(signal, width, channels))
            .collect::<Vec<_>>()
    };
    let mut ratios: Vec<f64> =
        variation(factor).iter().zip(variation(1)).map(|(fine, coarse)| fine / coarse.max(1e-12)).collect();
    ratios.sort_by(f64::total_cmp);
    Some(ratios[ratios.len() / 2] / factor as f64)
}

/// Sum of absolute differences between neighbours, in rows and in columns.
fn total_variation(signal: &[f32], width: usize, channels: usize) -> f64 {
    let line = width * channels;
    let down = signal.iter().zip(&signal[line..]).map(|(a, b)| f64::from((a - b).abs())).sum::<f64>();
    let right = |row: &[f32]| row.iter().zip(&row[channels..]).map(|(a, b)| f64::from((a - b).abs())).sum::<f64>();
    down + signal.chunks(line).map(right).sum::<f64>()
}
