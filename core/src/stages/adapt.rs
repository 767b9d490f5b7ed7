//! The generator meets the shots: it is tuned on them and their deformed kin, with source networks mixed in.

use super::data::Data;
use super::train::GeneratorTraining;
use crate::learner::Trainable;
use crate::precision::Precision;
use crate::run::{StageContext, Training, train};
use crate::seed::Rng;
use crate::tensors::Tensors;
use crate::{Result, Term};

pub(super) fn run(context: &StageContext<'_>) -> Result<()> {
    let (data, families) = Data::with_kin(context)?;
    let mut training = AdaptTraining(GeneratorTraining::new(context, &data, families)?);
    let trained = Tensors::load(&context.input("train", "model.safetensors"))?;
    training.0.model.learner().set_parameters(&trained)?;
    let curve = train(context, &context.pipeline.adapt.schedule, &mut training)?;
    context.save_model(&training.0.model.learner().parameters(), &curve)
}

struct AdaptTraining<'a>(GeneratorTraining<'a>);

impl Training for AdaptTraining<'_> {
    fn losses(&mut self, step: usize, rng: &mut Rng) -> Result<Vec<Term>> {
        let Self(training) = self;
        let adapt = &training.pipeline.adapt;
        training.prepare(step, adapt.schedule.steps);
        let count = adapt.schedule.batch - adapt.source;
        let shots = training.pick(&training.families.shots, count, rng);
        let pairs = shots.concat(training.pick(&training.families.source, adapt.source, rng));
        training.losses_on(&pairs, rng)
    }

    fn phases(&self) -> Vec<f64> {
        self.0.phases()
    }

    fn precision(&self) -> Precision {
        self.0.precision()
    }

    fn learners(&mut self) -> Vec<(String, &mut dyn Trainable)> {
        self.0.learners()
    }
}
