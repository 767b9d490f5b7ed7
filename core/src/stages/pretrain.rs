//! Trains the encoder on source networks: two views of each, one as it is, one augmented.

use burn::tensor::Device;

use super::data::{Data, Rendered};
use super::encoder_quality;
use super::expand::{Families, pick};
use crate::config::Pretrain;
use crate::learner::Trainable;
use crate::precision::Precision;
use crate::run::{StageContext, Training, train};
use crate::seed::Rng;
use crate::{AffineMaps, EncoderModel, ObjectiveContext, ObjectiveModel, Result, Term, Views, files};

pub(super) fn run(context: &StageContext<'_>) -> Result<()> {
    let (data, families) = Data::with_kin(context)?;
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
        objective.build(&objective_context).map_err(|error| error.within(format!("pretrain.objectives[{i}]")))
    };
    let objectives = (0..pretrain.objectives.len()).map(build).collect::<Result<_>>()?;
    let encoder = data.new_encoder(context.pipeline, &device, context.seed.split("encoder"))?;
    let rendered = data.rendered(&context.device, context.seed.split("truth"));
    let mut training = PretrainTraining {
        encoder,
        objectives,
        data: &data,
        families: &families,
        rendered,
        pretrain,
        precision: context.pipeline.precision,
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
    families: &'a Families,
    rendered: Rendered,
    pretrain: &'a Pretrain,
    precision: Precision,
    device: Device,
}

impl Training for PretrainTraining<'_> {
    fn losses(&mut self, _: usize, rng: &mut Rng) -> Result<Vec<Term>> {
        let families = &self.families.source;
        let batch = self.pretrain.schedule.batch.min(families.len());
        let picked = pick(families, batch, rng);
        let rows: Vec<usize> = picked.iter().map(|family| family.member(rng).0).collect();
        let original = self.data.zoo.weights(&rows, &self.device);
        let augmentations = ("pretrain.augmentations", &self.pretrain.augmentations[..]);
        let (augmented, view) = self.data.augment(&original, augmentations, rng)?;
        let signals = self.rendered.targets(&rows, AffineMaps::identity(batch, view.dimensions));
        let views = Views {
            original_features: self.encoder.pooled(&original),
            augmented_features: self.encoder.pooled(&augmented),
            augmented_signals: signals.moved(&view),
            original_signals: signals,
            original,
            augmented,
        };
        Ok(self.objectives.iter().map(|objective| objective.loss(&views, rng)).collect())
    }

    fn precision(&self) -> Precision {
        self.precision
    }

    fn learners(&mut self) -> Vec<(String, &mut dyn Trainable)> {
        let mut learners = vec![("encoder".to_owned(), self.encoder.learner())];
        let objectives = self.objectives.iter_mut().enumerate();
        learners.extend(objectives.map(|(i, objective)| (format!("objective{i}"), objective.learner())));
        learners
    }
}
