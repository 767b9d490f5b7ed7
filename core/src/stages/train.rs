//! Trains the generator on source networks; the encoder is frozen.

use burn::tensor::{Device, Tensor};
use rand::RngExt;

use super::data::{Data, Rendered};
use super::expand::{Families, Family, pick};
use crate::config::{Condition, Pipeline};
use crate::learner::Trainable;
use crate::precision::Precision;
use crate::run::{StageContext, Training, train};
use crate::seed::Rng;
use crate::{AffineMaps, EncoderModel, FeatureBank, GeneratorBatch, GeneratorModel, Result, Term, Weights, host};

pub(super) fn run(context: &StageContext<'_>) -> Result<()> {
    let (data, families) = Data::with_kin(context)?;
    let mut training = GeneratorTraining::new(context, &data, families)?;
    let curve = train(context, &context.pipeline.train.schedule, &mut training)?;
    context.save_model(&training.model.learner().parameters(), &curve)
}

/// What training and adaptation of a generator share.
pub(super) struct GeneratorTraining<'a> {
    pub(super) model: Box<dyn GeneratorModel>,
    pub(super) families: Families,
    pub(super) pipeline: &'a Pipeline,
    data: &'a Data,
    encoder: Box<dyn EncoderModel>,
    /// Features of the source networks.
    bank: FeatureBank,
    /// Features of every network of the zoo, its kin included.
    features: Features,
    rendered: Rendered,
    device: Device,
}

/// Features of every network of a zoo.
struct Features {
    dim: usize,
    /// `[n, dim]`.
    values: Vec<f32>,
    device: Device,
}

impl Features {
    /// Those of these rows, `[rows, dim]`.
    fn rows(&self, rows: &[usize]) -> Tensor<2> {
        let dim = self.dim;
        host::tensor(host::gather(&self.values, dim, rows), [rows.len(), dim], &self.device)
    }
}

/// Networks to generate and the roots of their families, as rows of the zoo, and the level at which the one is deformed kin
/// of the other.
#[derive(Default)]
pub(super) struct Pairs {
    networks: Vec<usize>,
    roots: Vec<usize>,
    levels: Vec<f32>,
}

impl Pairs {
    /// These pairs and then those.
    pub(super) fn concat(mut self, other: Self) -> Self {
        self.networks.extend(other.networks);
        self.roots.extend(other.roots);
        self.levels.extend(other.levels);
        self
    }
}

impl<'a> GeneratorTraining<'a> {
    /// A fresh generator, the frozen encoder, and the features of all networks.
    pub(super) fn new(context: &StageContext<'a>, data: &'a Data, families: Families) -> Result<Self> {
        let device = context.training_device();
        let plain = data.encoder(context, &context.device)?;
        let dim = context.pipeline.pretrain.encoder.dim();
        let all: Vec<usize> = (0..data.zoo.len()).collect();
        let values = data.encode_rows(&*plain, &all, &context.device);
        Ok(Self {
            model: data.new_generator(context.pipeline, &device, context.seed.split("generator"))?,
            encoder: data.encoder(context, &device)?,
            bank: data.bank(host::gather(&values, dim, &data.split.source), dim),
            features: Features { dim, values, device: device.clone() },
            rendered: data.rendered(&context.device, context.seed.split("truth")),
            families,
            data,
            pipeline: context.pipeline,
            device,
        })
    }

    /// Makes the model ready for a step of its stage.
    pub(super) fn prepare(&mut self, step: usize, steps: usize) {
        let Self { model, families, features, .. } = self;
        let roots = || families.source.iter().chain(&families.shots).map(|family| family.root).collect::<Vec<_>>();
        model.prepare(step, steps, &|| features.rows(&roots()));
    }

    /// A random member of each of `n` random families, and its condition.
    pub(super) fn pick(&self, families: &[Family], n: usize, rng: &mut Rng) -> Pairs {
        let mut pairs = Pairs::default();
        for family in pick(families, n, rng) {
            let (row, level) = family.member(rng);
            pairs.networks.push(row);
            pairs.roots.push(family.root);
            pairs.levels.push(level);
        }
        pairs
    }

    /// The loss on pairs.
    pub(super) fn losses_on(&self, pairs: &Pairs, rng: &mut Rng) -> Result<Vec<Term>> {
        let (n, dim) = (pairs.networks.len(), self.bank.dim);
        let (weights, maps, features) = self.networks(&pairs.networks, rng)?;
        let mut disturbed = features.clone();
        let level = match &self.pipeline.train.condition {
            Condition::Own => vec![0.0; n],
            Condition::Kin => {
                disturbed = self.features.rows(&pairs.roots);
                pairs.levels.clone()
            }
            Condition::None => {
                disturbed = disturbed * 0.0;
                vec![0.0; n]
            }
            Condition::Disturbed { disturbance } => {
                let scale = disturbance.scale() as f32;
                let level: Vec<f32> = (0..n).map(|_| rng.random::<f32>() * scale).collect();
                // A disturbance does not depend on where it starts, so it is drawn on the host from zero.
                let mut moves = vec![0.0; n * dim];
                disturbance.disturb(&mut moves, &level, &self.bank, rng)?;
                disturbed = disturbed + host::tensor(moves, [n, dim], &self.device);
                level
            }
        };
        let level = host::tensor(level, [n, 1], &self.device);
        let batch = GeneratorBatch {
            signals: self.rendered.targets(&pairs.networks, maps),
            encoder: &*self.encoder,
            weights,
            features,
            disturbed,
            level,
        };
        Ok(self.model.losses(&batch, rng))
    }

    /// Networks of the zoo after `train.augmentations`, with the maps that moved their signals and their features.
    fn networks(&self, rows: &[usize], rng: &mut Rng) -> Result<(Weights, AffineMaps, Tensor<2>)> {
        let weights = self.data.zoo.weights(rows, &self.device);
        let augmentations = &self.pipeline.train.augmentations[..];
        if augmentations.is_empty() {
            let identity = AffineMaps::identity(rows.len(), self.data.zoo.domain.dimensions());
            return Ok((weights, identity, self.features.rows(rows)));
        }
        let (weights, maps) = self.data.augment(&weights, ("train.augmentations", augmentations), rng)?;
        let features = self.encoder.pooled(&weights).detach();
        Ok((weights, maps, features))
    }
}

impl Training for GeneratorTraining<'_> {
    fn losses(&mut self, step: usize, rng: &mut Rng) -> Result<Vec<Term>> {
        let schedule = &self.pipeline.train.schedule;
        self.prepare(step, schedule.steps);
        let pairs = self.pick(&self.families.source, schedule.batch, rng);
        self.losses_on(&pairs, rng)
    }

    fn phases(&self) -> Vec<f64> {
        self.model.phases()
    }

    fn precision(&self) -> Precision {
        self.pipeline.precision
    }

    fn learners(&mut self) -> Vec<(String, &mut dyn Trainable)> {
        vec![("generator".into(), self.model.learner())]
    }
}
