//! New networks: features of the shots are moved, and the generator makes a network for each.

use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::data::{Data, ENCODE_BATCH};
use super::deform::{Deformed, Deforming};
use super::expand::Families;
use super::pieces::Pieces;
use super::screen::{Discriminant, target_rows};
use super::walk;
use crate::config::{Condition, Pipeline};
use crate::run::StageContext;
use crate::surface::Surface;
use crate::{EncoderModel, FeatureBank, GeneratorModel, Result, Seed, Zoo, ZooItem, files, host, picture};

/// Networks generated at a time.
const BATCH: usize = 64;

/// Where each sample comes from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Samples {
    /// Index into the split's shots, one per sample.
    pub shot: Vec<usize>,
    /// Level of variation that the generator was asked for.
    pub level: f64,
    /// Share of generated networks that passed the screen.
    pub accepted: f64,
}

pub(super) fn run(context: &StageContext<'_>) -> Result<()> {
    let (data, families) = Data::with_kin(context)?;
    let sampler = Sampler::load(context, &data, &families)?;
    sampler.write(context.pipeline.sample.count)?;
    walk::write(&sampler, &Draw::of(context.pipeline))
}

/// Draws `count` samples from the stages of a run into the context's folder.
///
/// # Errors
/// If a stage's files are missing.
pub fn sample_more(context: &StageContext<'_>, count: usize) -> Result<()> {
    let (data, families) = Data::with_kin(context)?;
    Sampler::load(context, &data, &families)?.write(count)
}

/// How networks are drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw {
    /// Level of variation.
    pub(super) level: f64,
    /// Scale of the generator's own noise.
    pub(super) temperature: f64,
}

impl Draw {
    /// As the pipeline says.
    pub(super) fn of(pipeline: &Pipeline) -> Self {
        let sample = &pipeline.sample;
        let level = match pipeline.train.condition {
            Condition::Kin => sample.level,
            Condition::Disturbed { .. } => sample.disturbance.as_ref().map_or(0.0, |disturbance| disturbance.scale()),
            // The generator has seen no other level.
            Condition::Own | Condition::None => 0.0,
        };
        Self { level, temperature: sample.temperature }
    }
}

/// Writes a zoo of samples with a picture of each and one of all; of shapes their surfaces too, if asked for.
fn write(zoo: &Zoo, folder: &Path, surface: &Surface) -> Result<()> {
    zoo.save(&folder.join("weights.safetensors"))?;
    let rows: Vec<usize> = (0..zoo.len()).collect();
    let (domain, pictures) = picture::look(zoo, &rows, 1, surface)?;
    for (i, picture) in pictures.chunks(domain.length()).enumerate() {
        picture::save(&domain, picture, 1, &folder.join(format!("{i:04}.png")))?;
    }
    if !surface.files.is_empty() {
        let save = |row: usize| surface.save(&surface.mesh(zoo, row)?, folder, &format!("{row:04}"));
        rows.into_par_iter().try_for_each(save)?;
    }
    picture::save(&domain, &pictures, 16, &folder.join("all.png"))
}

/// Everything that sampling needs.
pub(super) struct Sampler<'a> {
    context: &'a StageContext<'a>,
    data: &'a Data,
    encoder: Box<dyn EncoderModel>,
    generator: Box<dyn GeneratorModel>,
    bank: FeatureBank,
    discriminant: Discriminant,
}

/// Rounds of sampling after which the best of those that did not pass the screen fill up the set.
const ROUNDS: usize = 8;

impl<'a> Sampler<'a> {
    pub(super) fn load(context: &'a StageContext<'a>, data: &'a Data, families: &Families) -> Result<Self> {
        let encoder = data.encoder(context, &context.device)?;
        let source = data.encode_rows(&*encoder, &data.split.source, &context.device);
        let bank = data.bank(source, context.pipeline.pretrain.encoder.dim());
        let target = data.encode_rows(&*encoder, &target_rows(families), &context.device);
        let discriminant = Discriminant::new(&bank, &target);
        let generator = data.generator(context, "adapt", &context.device)?;
        Ok(Self { context, data, encoder, generator, bank, discriminant })
    }

    /// Draws `count` networks into the context's folder.
    fn write(&self, count: usize) -> Result<()> {
        let (zoo, samples) = self.screened(count, &Draw::of(self.context.pipeline), self.context.seed)?;
        write(&zoo, self.context.folder, &self.context.pipeline.sample.surface)?;
        files::write_json(&self.context.folder.join("samples.json"), &samples)
    }

    /// `count` networks that pass the screen, shared evenly among the shots as far as they do.
    pub(super) fn screened(&self, count: usize, draw: &Draw, seed: Seed) -> Result<(Zoo, Samples)> {
        let least = self.context.pipeline.sample.screen;
        let (mut kept, mut spare) = (Vec::new(), Vec::new());
        let mut drawn = 0;
        for round in 0..ROUNDS {
            let zoo = self.sample(count, draw, seed.split(&round.to_string()))?;
            for (i, probability) in self.probabilities(&zoo).into_iter().enumerate() {
                if kept.len() == count {
                    break;
                }
                drawn += 1;
                let sample = (probability, i % self.data.split.shots.len(), zoo.network(i).to_vec());
                if probability >= least { kept.push(sample) } else { spare.push(sample) }
            }
            if kept.len() == count {
                break;
            }
        }
        let accepted = kept.len() as f64 / drawn.max(1) as f64;
        spare.sort_by(|a, b| b.0.total_cmp(&a.0));
        kept.extend(spare.into_iter().take(count - kept.len()));
        let (shot, values): (Vec<usize>, Vec<Vec<f32>>) =
            kept.into_iter().map(|(_, shot, values)| (shot, values)).unzip();
        Ok((self.zoo(values.concat()), Samples { shot, level: draw.level, accepted }))
    }

    /// `count` networks, screened by nothing, shared evenly among the shots.
    pub(super) fn sample(&self, count: usize, draw: &Draw, seed: Seed) -> Result<Zoo> {
        let shots = &self.data.split.shots;
        let rows: Vec<usize> = (0..count).map(|i| shots[i % shots.len()]).collect();
        let features = self.features(&rows, seed.split("condition"))?;
        self.generate(features, draw, seed.split("generate"))
    }

    /// `count` networks for one and the same condition, that of one shot.
    pub(super) fn sample_one_condition(&self, shot: usize, count: usize, draw: &Draw, seed: Seed) -> Result<Zoo> {
        let one = self.features(&[self.data.split.shots[shot]], seed.split("condition"))?;
        self.generate(one.repeat(count), draw, seed.split("generate"))
    }

    /// Probability of the target class for each network, by its own features.
    fn probabilities(&self, zoo: &Zoo) -> Vec<f64> {
        let rows: Vec<usize> = (0..zoo.len()).collect();
        let features = host::read(self.encoder.pooled(&zoo.weights(&rows, &self.context.device)));
        features.chunks(self.bank.dim).map(|feature| self.discriminant.probability(feature)).collect()
    }

    fn features(&self, rows: &[usize], seed: Seed) -> Result<Vec<f32>> {
        let sample = &self.context.pipeline.sample;
        if !self.is_conditioned() {
            return Ok(vec![0.0; rows.len() * self.bank.dim]);
        }
        let features = if sample.deformations.is_empty() {
            self.augmented(&self.data.zoo, rows, seed)?
        } else {
            let job = |row: &usize| Deformed { row: *row, level: 1.0, new_class: false, class: 0 };
            let jobs: Vec<Deformed> = rows.iter().map(job).collect();
            let deforming = Deforming {
                context: self.context,
                zoo: &self.data.zoo,
                classes: &[],
                kin: &sample.deformations,
                seed: seed.split("deform"),
                progress: &|_| (),
            };
            let zoo = deforming.all(&jobs, &|_| Pieces::one())?;
            self.augmented(&zoo, &(0..rows.len()).collect::<Vec<_>>(), seed)?
        };
        self.disturbed(features, 1.0, seed)
    }

    /// Features `[rows, dim]` of rows of a zoo after `sample.augmentations`.
    fn augmented(&self, zoo: &Zoo, rows: &[usize], seed: Seed) -> Result<Vec<f32>> {
        let augmentations = ("sample.augmentations", &self.context.pipeline.sample.augmentations[..]);
        let seed = seed.split("augment");
        let mut features = Vec::new();
        for (i, rows) in rows.chunks(ENCODE_BATCH).enumerate() {
            let weights = zoo.weights(rows, &self.context.device);
            let (weights, _) = self.data.augment(&weights, augmentations, &mut seed.stream(i as u64))?;
            features.extend(host::read(self.encoder.pooled(&weights)));
        }
        Ok(features)
    }

    /// Features `[rows, dim]` of rows of the zoo.
    pub(super) fn encoded(&self, rows: &[usize]) -> Vec<f32> {
        self.data.encode_rows(&*self.encoder, rows, &self.context.device)
    }

    /// Features after the disturbance of the pipeline, if there is one, at this share of its scale.
    pub(super) fn disturbed(&self, mut features: Vec<f32>, share: f64, seed: Seed) -> Result<Vec<f32>> {
        if let Some(disturbance) = &self.context.pipeline.sample.disturbance {
            let level = vec![(share * disturbance.scale()) as f32; features.len() / self.bank.dim];
            disturbance.disturb(&mut features, &level, &self.bank, &mut seed.stream(0))?;
        }
        Ok(features)
    }

    /// A network for each of these features.
    pub(super) fn generate(&self, features: Vec<f32>, draw: &Draw, seed: Seed) -> Result<Zoo> {
        let dim = self.bank.dim;
        let total = features.len() / dim;
        let device = &self.context.device;
        let mut values = Vec::new();
        for (i, part) in features.chunks(BATCH * dim).enumerate() {
            let n = part.len() / dim;
            let condition = host::tensor(part.to_vec(), [n, dim], device);
            let level = host::tensor(vec![draw.level as f32; n], [n, 1], device);
            let rng = &mut seed.stream(i as u64);
            values.extend(self.generator.sample(condition, level, draw.temperature, rng).to_host());
            self.context.progress((i * BATCH + n).min(total), total, "networks");
        }
        Ok(self.zoo(values))
    }

    /// Generated values as a zoo of the target class.
    pub(super) fn zoo(&self, values: Vec<f32>) -> Zoo {
        let item = ZooItem { label: self.data.split.target.clone(), quality: 0.0, steps: 0 };
        let count = values.len() / self.data.zoo.layout.parameters();
        self.data.zoo.with_networks(values, vec![item; count])
    }
    /// Rows of the shots.
    pub(super) fn shots(&self) -> &[usize] {
        &self.data.split.shots
    }

    /// Parameters of one network.
    pub(super) fn parameters(&self) -> usize {
        self.data.zoo.layout.parameters()
    }

    /// Whether networks render images.
    pub(super) fn renders_images(&self) -> bool {
        self.data.zoo.domain.image().is_some()
    }

    /// Whether the generator is told of any shot.
    pub(super) fn is_conditioned(&self) -> bool {
        !matches!(self.context.pipeline.train.condition, Condition::None)
    }

    /// Whether the generator has noise of its own.
    pub(super) fn has_noise(&self) -> bool {
        self.generator.has_noise()
    }

    /// Whether features are moved by anything.
    pub(super) fn disturbs(&self) -> bool {
        self.context.pipeline.sample.disturbance.as_ref().is_some_and(|disturbance| disturbance.scale() > 0.0)
    }

    /// The context that it was loaded for.
    pub(super) fn context(&self) -> &StageContext<'a> {
        self.context
    }
}
