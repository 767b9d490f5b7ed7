//! Trains the encoder on source networks: two views of each, one as it is, one augmented.

use burn::tensor::Device;

use super::data::{Data, augment};
use super::encoder_quality;
use crate::config::Pretrain;
use crate::learner::Trainable;
use crate::run::{StageContext, Training, train};
use crate::seed::{self, Rng};
use crate::{EncoderModel, ObjectiveContext, ObjectiveModel, Result, Term, Views, files};

pub(super) fn run(context: &StageContext<'_>) -> Result<()> {
    let data = Data::load(context)?;
    let device = context.training_device();
    let pretrain = &context.pipeline.pretrain;
    let build = |i: usize| {
        let objective_context = ObjectiveContext {
            inr: data.zoo.inr.clone(),
            layout: data.zoo.layout.clone(),
            statistics: data.statistics.clone(),
            dim: pretrain.encoder.dim(),
            device: device.clone(),
            seed: context.seed.split(&format!("objective {i}")),
        };
        let objective = &pretrain.objectives[i];
        objective
            .build(&objective_context)
            .map_err(|error| error.within(format!("pretrain.objectives[{i}]")))
    };
    let objectives = (0..pretrain.objectives.len()).map(build).collect::<Result<_>>()?;
    let encoder = data.new_encoder(context.pipeline, &device, context.seed.split("encoder"))?;
    let mut training = PretrainTraining {
        encoder,
        objectives,
        data: &data,
        pretrain,
        device,
    };
    let curve = train(context, &pretrain.schedule, &mut training)?;
    context.save_model(&training.encoder.learner().parameters(), &curve)?;
    let quality = encoder_quality::measure(context, &data, &training.encoder.learner().parameters())?;
    files::write_json(&context.folder.join("encoder.json"), &quality)
}

struct PretrainTraining<'a> {
    encoder: Box<dyn EncoderModel>,
    objectives: Vec<Box<dyn ObjectiveModel>>,
    data: &'a Data,
    pretrain: &'a Pretrain,
    device: Device,
}

impl Training for PretrainTraining<'_> {
    fn losses(&mut self, _: usize, rng: &mut Rng) -> Result<Vec<Term>> {
        let source = &self.data.split.source;
        let batch = self.pretrain.schedule.batch.min(source.len());
        let rows: Vec<usize> = seed::indices(rng, batch, source.len())
            .iter()
            .map(|i| source[*i])
            .collect();
        let original = self.data.zoo.weights(&rows, &self.device);
        let (augmented, maps) = augment(&original, &self.pretrain.augmentations, "pretrain.augmentations", rng)?;
        let original_features = self.encoder.encode(&original).pooled;
        let augmented_features = self.encoder.encode(&augmented).pooled;
        let views = Views {
            original,
            augmented,
            maps,
            original_features,
            augmented_features,
        };
        Ok(self
            .objectives
            .iter()
            .map(|objective| objective.loss(&views, rng))
            .collect())
    }

    fn learners(&mut self) -> Vec<(String, &mut dyn Trainable)> {
        let mut learners = vec![("encoder".to_owned(), self.encoder.learner())];
        let objectives = self.objectives.iter_mut().enumerate();
        learners.extend(objectives.map(|(i, objective)| (format!("objective{i}"), objective.learner())));
        learners
    }
}
