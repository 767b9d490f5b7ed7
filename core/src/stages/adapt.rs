//! The generator meets the shots: it is tuned on them, multiplied by exact augmentations, with source networks mixed in.

use super::data::Data;
use super::train::GeneratorTraining;
use crate::learner::Trainable;
use crate::run::{StageContext, Training, train};
use crate::seed::Rng;
use crate::tensors::Tensors;
use crate::{Result, Term};

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
        let count = adapt.schedule.batch - adapt.source;
        let shots = training.pick(&training.data.split.shots, count, &adapt.expand, "adapt.expand", rng)?;
        let networks = if adapt.source > 0 { shots.concat(training.pick_source(adapt.source, rng)?) } else { shots };
        training.losses_on(networks, 1.0, rng)
    }

    fn learners(&mut self) -> Vec<(String, &mut dyn Trainable)> {
        self.0.learners()
    }
}
