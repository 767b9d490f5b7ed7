//! Trains the generator on source networks; the encoder is frozen.

use burn::tensor::Device;
use rand::RngExt;

use super::data::{Data, Rendered, augment};
use crate::config::Pipeline;
use crate::learner::Trainable;
use crate::run::{StageContext, Training, train};
use crate::seed::{self, Rng};
use crate::{
    Augmentation, EncoderModel, FeatureBank, GeneratorBatch, GeneratorModel, Result, TargetSignals, Term, Weights, host,
};

pub(super) fn run(context: &StageContext<'_>) -> Result<()> {
    let data = Data::load(context)?;
    let mut training = GeneratorTraining::new(context, &data)?;
    let curve = train(context, &context.pipeline.train.schedule, &mut training)?;
    context.save_model(&training.model.learner().parameters(), &curve)
}

/// What training and adaptation of a generator share.
pub(super) struct GeneratorTraining<'a> {
    pub(super) model: Box<dyn GeneratorModel>,
    pub(super) data: &'a Data,
    pub(super) pipeline: &'a Pipeline,
    encoder: Box<dyn EncoderModel>,
    bank: FeatureBank,
    rendered: Rendered,
    device: Device,
}

/// Networks with what they render as.
pub(super) struct Networks {
    weights: Weights,
    signals: TargetSignals,
}

impl Networks {
    /// Two batches as one.
    pub(super) fn concat(self, other: Self) -> Self {
        Self { weights: self.weights.concat(&other.weights), signals: self.signals.concat(other.signals) }
    }
}

impl<'a> GeneratorTraining<'a> {
    /// A fresh generator, the frozen encoder, and the features of the source.
    pub(super) fn new(context: &StageContext<'a>, data: &'a Data) -> Result<Self> {
        let device = context.training_device();
        let plain = data.encoder(context, &context.device)?;
        Ok(Self {
            model: data.new_generator(context.pipeline, &device, context.seed.split("generator"))?,
            encoder: data.encoder(context, &device)?,
            bank: data.bank(&*plain, context.pipeline.pretrain.encoder.dim(), &context.device),
            rendered: data.rendered(&context.device),
            data,
            pipeline: context.pipeline,
            device,
        })
    }

    /// `n` networks picked at random among these rows of the zoo, multiplied by augmentations.
    pub(super) fn pick(
        &self,
        among: &[usize],
        n: usize,
        expand: &[Box<dyn Augmentation>],
        key: &str,
        rng: &mut Rng,
    ) -> Result<Networks> {
        let rows: Vec<usize> = seed::indices(rng, n, among.len()).iter().map(|i| among[*i]).collect();
        let (weights, maps) = augment(&self.data.zoo.weights(&rows, &self.device), expand, key, rng)?;
        Ok(Networks { weights, signals: self.rendered.targets(&rows, maps) })
    }

    /// `n` source networks, multiplied as `train.expand` says.
    pub(super) fn pick_source(&self, n: usize, rng: &mut Rng) -> Result<Networks> {
        self.pick(&self.data.split.source, n, &self.pipeline.train.expand, "train.expand", rng)
    }

    /// The loss on networks; their features are disturbed as `train.conditioning` says.
    pub(super) fn losses_on(&self, networks: Networks, progress: f64, rng: &mut Rng) -> Result<Vec<Term>> {
        let Networks { weights, signals } = networks;
        let (n, dim) = (weights.len(), self.bank.dim);
        let features = self.encoder.pooled(&weights).detach();
        let mut disturbed = features.clone();
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
        let encoder = &*self.encoder;
        let batch = GeneratorBatch { weights, features, disturbed, level, signals, encoder, progress };
        Ok(self.model.losses(&batch, rng))
    }
}

impl Training for GeneratorTraining<'_> {
    fn losses(&mut self, step: usize, rng: &mut Rng) -> Result<Vec<Term>> {
        let schedule = &self.pipeline.train.schedule;
        let networks = self.pick_source(schedule.batch, rng)?;
        self.losses_on(networks, step as f64 / schedule.steps as f64, rng)
    }

    fn learners(&mut self) -> Vec<(String, &mut dyn Trainable)> {
        vec![("generator".into(), self.model.learner())]
    }
}
