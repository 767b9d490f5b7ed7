//! The generator meets the shots: it is tuned on them, multiplied by exact augmentations, with source networks mixed in.

use super::data::{Data, augment};
use super::train::GeneratorTraining;
use crate::learner::Trainable;
use crate::run::{StageContext, Training, train};
use crate::seed::{self, Rng};
use crate::tensors::Tensors;
use crate::{Result, Term, Weights, host};
use burn::tensor::Tensor;

pub(super) fn run(context: &StageContext<'_>) -> Result<()> {
    let data = Data::load(context)?;
    let mut training = AdaptTraining(GeneratorTraining::new(context, &data)?);
    let trained = Tensors::load(&context.input("train", "model.safetensors"))?;
    training.0.model.learner().set_parameters(&trained)?;
    let curve = train(context, &context.pipeline.adapt.schedule, &mut training)?;
    context.save_model(&training.0.model.learner().parameters(), &curve)
}

struct AdaptTraining<'a>(GeneratorTraining<'a>);

impl Training for AdaptTraining<'_> {
    fn losses(&mut self, _: usize, rng: &mut Rng) -> Result<Vec<Term>> {
        let Self(training) = self;
        let adapt = &training.pipeline.adapt;
        let shots = &training.data.split.shots;
        let count = adapt.schedule.batch - adapt.source;
        let rows: Vec<usize> = seed::indices(rng, count, shots.len())
            .iter()
            .map(|i| shots[*i])
            .collect();
        let weights = training.data.zoo.weights(&rows, &training.device);
        let (weights, _) = augment(&weights, &adapt.augmentations, "adapt.augmentations", rng)?;
        let mut features = host::read(training.encoder.encode(&weights).pooled);
        let (source_rows, source_features) = training.source_batch(adapt.source, rng);
        let source = training.data.zoo.weights(&source_rows, &training.device);
        features.extend(source_features);
        let values = Tensor::cat(vec![weights.values().clone(), source.values().clone()], 0);
        training.losses_on(Weights::new(weights.layout().clone(), values), features, 1.0, rng)
    }

    fn learners(&mut self) -> Vec<(String, &mut dyn Trainable)> {
        self.0.learners()
    }
}
