//! Trains the generator on source networks; the encoder is frozen.

use burn::tensor::{Device, Tensor};
use rand::RngExt;

use super::data::{Data, Rendered};
use super::expand::Families;
use crate::config::Pipeline;
use crate::learner::Trainable;
use crate::run::{StageContext, Training, train};
use crate::seed::{self, Rng};
use crate::{AffineMaps, EncoderModel, FeatureBank, GeneratorBatch, GeneratorModel, Result, Term, host};

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
    /// Features of every network of the zoo, its kin included, `[n, dim]`.
    features: Vec<f32>,
    rendered: Rendered,
    device: Device,
}

/// Networks to generate and the networks whose features are the condition, as rows of the zoo.
pub(super) struct Pairs {
    networks: Vec<usize>,
    conditions: Vec<usize>,
}

impl Pairs {
    /// These pairs and then those.
    pub(super) fn concat(mut self, other: Self) -> Self {
        self.networks.extend(other.networks);
        self.conditions.extend(other.conditions);
        self
    }
}

impl<'a> GeneratorTraining<'a> {
    /// A fresh generator, the frozen encoder, and the features of all networks.
    pub(super) fn new(context: &StageContext<'a>, data: &'a Data, families: Families) -> Result<Self> {
        let device = context.training_device();
        let plain = data.encoder(context, &context.device)?;
        let all: Vec<usize> = (0..data.zoo.len()).collect();
        Ok(Self {
            model: data.new_generator(context.pipeline, &device, context.seed.split("generator"))?,
            encoder: data.encoder(context, &device)?,
            bank: data.bank(&*plain, context.pipeline.pretrain.encoder.dim(), &context.device),
            features: data.encode_rows(&*plain, &all, &context.device),
            rendered: data.rendered(&context.device),
            families,
            data,
            pipeline: context.pipeline,
            device,
        })
    }

    /// A random member of each of `n` random families, and its condition: itself, or another member (`train.kin`).
    pub(super) fn pick(&self, families: &[Vec<usize>], n: usize, rng: &mut Rng) -> Pairs {
        let picked = seed::indices(rng, n, families.len());
        let mut member = |i: &usize| families[*i][seed::indices(rng, 1, families[*i].len())[0]];
        let networks: Vec<usize> = picked.iter().map(&mut member).collect();
        let conditions = if self.pipeline.train.kin { picked.iter().map(member).collect() } else { networks.clone() };
        Pairs { networks, conditions }
    }

    /// Features of rows of the zoo, `[rows, dim]`.
    fn features_of(&self, rows: &[usize]) -> Tensor<2> {
        let dim = self.bank.dim;
        let values = rows.iter().flat_map(|row| &self.features[row * dim..(row + 1) * dim]).copied().collect();
        host::tensor(values, [rows.len(), dim], &self.device)
    }

    /// The loss on pairs; conditions are disturbed as `train.conditioning` says.
    pub(super) fn losses_on(&self, pairs: &Pairs, progress: f64, rng: &mut Rng) -> Result<Vec<Term>> {
        let (n, dim) = (pairs.networks.len(), self.bank.dim);
        let mut disturbed = self.features_of(&pairs.conditions);
        let mut level = vec![0.0; n];
        if let Some(conditioning) = &self.pipeline.train.conditioning {
            let scale = conditioning.scale() as f32;
            level = (0..n).map(|_| rng.random::<f32>() * scale).collect();
            // A disturbance is a move that does not depend on where it starts, so it is drawn on the host from zero.
            let mut moves = vec![0.0; n * dim];
            conditioning.disturb(&mut moves, &level, &self.bank, rng)?;
            disturbed = disturbed + host::tensor(moves, [n, dim], &self.device);
        }
        let level = host::tensor(level, [n, 1], &self.device);
        let weights = self.data.zoo.weights(&pairs.networks, &self.device);
        let identity = AffineMaps::identity(n, self.data.zoo.domain.dimensions());
        let batch = GeneratorBatch {
            signals: self.rendered.targets(&pairs.networks, identity),
            features: self.features_of(&pairs.networks),
            encoder: &*self.encoder,
            weights,
            disturbed,
            level,
            progress,
        };
        Ok(self.model.losses(&batch, rng))
    }
}

impl Training for GeneratorTraining<'_> {
    fn losses(&mut self, step: usize, rng: &mut Rng) -> Result<Vec<Term>> {
        let schedule = &self.pipeline.train.schedule;
        let pairs = self.pick(&self.families.source, schedule.batch, rng);
        self.losses_on(&pairs, step as f64 / schedule.steps as f64, rng)
    }

    fn learners(&mut self) -> Vec<(String, &mut dyn Trainable)> {
        vec![("generator".into(), self.model.learner())]
    }
}
