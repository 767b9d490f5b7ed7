//! Trains the generator on source networks; the encoder is frozen.

use burn::tensor::Device;
use rand::RngExt;

use super::data::Data;
use crate::config::Pipeline;
use crate::learner::Trainable;
use crate::run::{StageContext, Training, train};
use crate::seed::{self, Rng};
use crate::{EncoderModel, FeatureBank, GeneratorBatch, GeneratorModel, Result, Term, Weights, host};

pub(super) fn run(context: &StageContext<'_>) -> Result<()> {
    let data = Data::load(context)?;
    let mut training = GeneratorTraining::new(context, &data)?;
    let curve = train(context, &context.pipeline.train.schedule, &mut training)?;
    context.save_model(&training.model.learner().parameters(), &curve)
}

/// What training and adaptation of a generator share.
pub(super) struct GeneratorTraining<'a> {
    pub(super) model: Box<dyn GeneratorModel>,
    pub(super) encoder: Box<dyn EncoderModel>,
    pub(super) bank: FeatureBank,
    pub(super) data: &'a Data,
    pub(super) pipeline: &'a Pipeline,
    pub(super) device: Device,
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
            data,
            pipeline: context.pipeline,
            device,
        })
    }

    /// Random source networks with their features.
    pub(super) fn source_batch(&self, n: usize, rng: &mut Rng) -> (Vec<usize>, Vec<f32>) {
        let picked = seed::indices(rng, n, self.bank.len());
        let dim = self.bank.dim;
        let features = picked
            .iter()
            .flat_map(|i| &self.bank.features[i * dim..(i + 1) * dim])
            .copied()
            .collect();
        (picked.iter().map(|i| self.data.split.source[*i]).collect(), features)
    }

    /// The loss on networks with these features, which are disturbed as `train.conditioning` says.
    pub(super) fn losses_on(
        &self,
        weights: Weights,
        features: Vec<f32>,
        progress: f64,
        rng: &mut Rng,
    ) -> Result<Vec<Term>> {
        let (n, dim) = (weights.len(), self.bank.dim);
        let mut disturbed = features.clone();
        let mut level = vec![0.0; n];
        if let Some(conditioning) = &self.pipeline.train.conditioning {
            let scale = conditioning.scale() as f32;
            level = (0..n).map(|_| rng.random::<f32>() * scale).collect();
            conditioning.disturb(&mut disturbed, &level, &self.bank, rng)?;
        }
        let batch = GeneratorBatch {
            weights,
            features: host::tensor(features, [n, dim], &self.device),
            disturbed: host::tensor(disturbed, [n, dim], &self.device),
            level: host::tensor(level, [n, 1], &self.device),
            encoder: &*self.encoder,
            progress,
        };
        Ok(self.model.losses(&batch, rng))
    }
}

impl Training for GeneratorTraining<'_> {
    fn losses(&mut self, step: usize, rng: &mut Rng) -> Result<Vec<Term>> {
        let schedule = &self.pipeline.train.schedule;
        let (rows, features) = self.source_batch(schedule.batch, rng);
        let weights = self.data.zoo.weights(&rows, &self.device);
        self.losses_on(weights, features, step as f64 / schedule.steps as f64, rng)
    }

    fn learners(&mut self) -> Vec<(String, &mut dyn Trainable)> {
        vec![("generator".into(), self.model.learner())]
    }
}
