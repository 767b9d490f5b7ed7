//! New networks: features of the shots are moved, and the generator makes a network for each.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::data::Data;
use super::deform::deformed;
use crate::run::StageContext;
use crate::{EncoderModel, FeatureBank, GeneratorModel, Result, Seed, Weights, Zoo, ZooItem, files, host, picture};

/// Networks generated at a time.
const BATCH: usize = 64;

/// Which shot each sample started from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Samples {
    /// Index into the split's shots, one per sample.
    pub shot: Vec<usize>,
    /// Level of disturbance.
    pub level: f64,
}

pub(super) fn run(context: &StageContext<'_>) -> Result<()> {
    let data = Data::load(context)?;
    let sampler = Sampler::load(context, &data)?;
    let count = context.pipeline.sample.count;
    let level = context.pipeline.sample.disturbance.scale();
    let zoo = sampler.sample(count, level, context.pipeline.sample.temperature, context.seed)?;
    write(&zoo, context.folder)?;
    let shot = (0..count).map(|i| i % data.split.shots.len()).collect();
    files::write_json(&context.folder.join("samples.json"), &Samples { shot, level })
}

/// Writes a zoo of samples with a picture of each and one of all.
fn write(zoo: &Zoo, folder: &Path) -> Result<()> {
    zoo.save(&folder.join("weights.safetensors"))?;
    let rows: Vec<usize> = (0..zoo.len()).collect();
    let device = crate::device::open("flex")?;
    let signals = picture::render(zoo, &rows, &zoo.domain.grid(), &device);
    let length = zoo.domain.points() * zoo.domain.channels();
    for (i, signal) in signals.chunks(length).enumerate() {
        picture::save(&zoo.domain, signal, 1, &folder.join(format!("{i:04}.png")))?;
    }
    picture::save(&zoo.domain, &signals, 16, &folder.join("all.png"))
}

/// Draws `count` further samples from a finished run's stages with another seed, into `folder`.
///
/// # Errors
/// If a stage's files are missing.
pub fn sample_more(context: &StageContext<'_>, count: usize) -> Result<()> {
    let data = Data::load(context)?;
    let sample = &context.pipeline.sample;
    let sampler = Sampler::load(context, &data)?;
    write(
        &sampler.sample(count, sample.disturbance.scale(), sample.temperature, context.seed)?,
        context.folder,
    )
}

/// Everything that sampling needs.
pub(super) struct Sampler<'a> {
    context: &'a StageContext<'a>,
    data: &'a Data,
    encoder: Box<dyn EncoderModel>,
    generator: Box<dyn GeneratorModel>,
    bank: FeatureBank,
}

impl<'a> Sampler<'a> {
    pub(super) fn load(context: &'a StageContext<'a>, data: &'a Data) -> Result<Self> {
        let encoder = data.encoder(context, &context.device)?;
        let bank = data.bank(&*encoder, context.pipeline.pretrain.encoder.dim(), &context.device);
        let generator = data.generator(context, "adapt", &context.device)?;
        Ok(Self {
            context,
            data,
            encoder,
            generator,
            bank,
        })
    }

    /// `count` networks at a level of disturbance, shared evenly among the shots.
    pub(super) fn sample(&self, count: usize, level: f64, temperature: f64, seed: Seed) -> Result<Zoo> {
        let shots = &self.data.split.shots;
        let rows: Vec<usize> = (0..count).map(|i| shots[i % shots.len()]).collect();
        let features = self.features(&rows, level, seed.split("condition"))?;
        self.generate(features, level, temperature, seed.split("generate"))
    }

    /// `count` networks for one and the same disturbed feature of a shot.
    pub(super) fn sample_one_condition(&self, shot: usize, count: usize, level: f64, seed: Seed) -> Result<Zoo> {
        let one = self.features(&[self.data.split.shots[shot]], level, seed.split("condition"))?;
        let features = one.repeat(count);
        self.generate(
            features,
            level,
            self.context.pipeline.sample.temperature,
            seed.split("generate"),
        )
    }

    fn features(&self, rows: &[usize], level: f64, seed: Seed) -> Result<Vec<f32>> {
        let sample = &self.context.pipeline.sample;
        let (device, mut rng) = (&self.context.device, seed.stream(0));
        let mut features = if level > 0.0 && !sample.deformations.is_empty() {
            let zoo = deformed(self.context, &self.data.zoo, rows, &sample.deformations, seed.split("deform"), &|_| ())?;
            let all: Vec<usize> = (0..rows.len()).collect();
            host::read(self.encoder.pooled(&zoo.weights(&all, device)))
        } else {
            host::read(self.encoder.pooled(&self.data.zoo.weights(rows, device)))
        };
        sample
            .disturbance
            .disturb(&mut features, &vec![level as f32; rows.len()], &self.bank, &mut rng)?;
        Ok(features)
    }

    fn generate(&self, features: Vec<f32>, level: f64, temperature: f64, seed: Seed) -> Result<Zoo> {
        let dim = self.bank.dim;
        let total = features.len() / dim;
        let device = &self.context.device;
        let mut values = Vec::new();
        for (i, part) in features.chunks(BATCH * dim).enumerate() {
            let n = part.len() / dim;
            let condition = host::tensor(part.to_vec(), [n, dim], device);
            let level = host::tensor(vec![level as f32; n], [n, 1], device);
            let weights: Weights = self
                .generator
                .sample(condition, level, temperature, &mut seed.stream(i as u64));
            values.extend(weights.to_host());
            self.context.progress((i * BATCH + n).min(total), total, "networks");
        }
        let zoo = &self.data.zoo;
        let item = ZooItem {
            label: self.data.split.target.clone(),
            psnr: 0.0,
            steps: 0,
        };
        let (inr, layout) = (Arc::clone(&zoo.inr), zoo.layout.clone());
        Ok(Zoo {
            inr,
            layout,
            domain: zoo.domain,
            values,
            items: vec![item; total],
        })
    }
}
