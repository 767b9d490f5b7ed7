//! Trains the judge on real signals, if it learns: all classes, none of the shots, the reference or the ceiling.

use serde::{Deserialize, Serialize};

use super::Split;
use crate::learner::Trainable;
use crate::run::{Curve, StageContext, Training, train};
use crate::seed::{self, Rng};
use crate::tensors::Tensors;
use crate::{Classifier, Error, JudgeModel, Labelled, Result, Seed, SignalSet, Term, Zoo, files};

/// How good the judge is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JudgeReport {
    /// Signals that it was trained on.
    pub trained_on: usize,
    /// Signals that it was tested on.
    pub tested_on: usize,
    /// Share of those that it names rightly; none if it names no classes.
    pub accuracy: Option<f64>,
}

pub(super) fn run(context: &StageContext<'_>) -> Result<()> {
    let split: Split = files::read_json(&context.input("split", "split.json"))?;
    let domain = Zoo::load(&context.input("fit", "zoo.safetensors"))?.domain;
    let judge = &context.pipeline.judge;
    let (device, seed) = (context.training_device(), context.seed.split("model"));
    let mut model = judge.build(domain, split.labels.len(), &device, seed)?;
    let Some(schedule) = judge.schedule() else {
        context.save_model(&Tensors::default(), &Curve::default())?;
        let report = JudgeReport { trained_on: 0, tested_on: 0, accuracy: None };
        return files::write_json(&context.folder.join("judge.json"), &report);
    };
    let signals = context.signals()?;
    let mut classes = vec![Vec::new(); split.labels.len()];
    for row in split.source.iter().chain(&split.judge_target) {
        classes[split.class(&signals.labels[*row])].push(*row);
    }
    let trained_on = classes.iter().map(Vec::len).sum();
    // A small data set can leave a class to the judge's test alone.
    classes.retain(|rows| !rows.is_empty());
    let classifier = learning(&mut *model)?;
    let mut training = JudgeTraining { classifier, signals, split: &split, classes, batch: schedule.batch };
    let curve = train(context, &schedule, &mut training)?;
    let parameters = training.classifier.learner().parameters();
    context.save_model(&parameters, &curve)?;

    let mut model = judge.build(domain, split.labels.len(), &context.device, Seed::new(0))?;
    learning(&mut *model)?.learner().set_parameters(&parameters)?;
    let test = labelled(signals, &split, &split.judge_test);
    let seen = model.judge(&test.signals)?;
    let right = seen.classes.iter().zip(&test.classes).filter(|(seen, class)| seen == class).count();
    let report = JudgeReport {
        trained_on,
        tested_on: test.classes.len(),
        accuracy: Some(right as f64 / test.classes.len().max(1) as f64),
    };
    files::write_json(&context.folder.join("judge.json"), &report)
}

fn learning(model: &mut dyn JudgeModel) -> Result<&mut dyn Classifier> {
    let remedy = "a judge with a schedule is a classifier";
    model.classifier().ok_or_else(|| Error::failed(format!("the judge cannot learn: {remedy}")))
}

fn labelled(signals: &SignalSet, split: &Split, rows: &[usize]) -> Labelled {
    Labelled {
        signals: rows.iter().flat_map(|row| signals.signal(*row)).copied().collect(),
        classes: rows.iter().map(|row| split.class(&signals.labels[*row])).collect(),
    }
}

struct JudgeTraining<'a> {
    classifier: &'a mut dyn Classifier,
    signals: &'a SignalSet,
    split: &'a Split,
    /// Rows of each class.
    classes: Vec<Vec<usize>>,
    batch: usize,
}

impl Training for JudgeTraining<'_> {
    fn losses(&mut self, _: usize, rng: &mut Rng) -> Result<Vec<Term>> {
        // All classes alike: the target has fewer signals here than the others, and would be taken for its neighbours.
        let picked = seed::indices(rng, self.batch, self.classes.len());
        let mut any = |rows: &Vec<usize>| rows[seed::indices(rng, 1, rows.len())[0]];
        let rows: Vec<usize> = picked.into_iter().map(|class| any(&self.classes[class])).collect();
        Ok(vec![("classification", self.classifier.loss(&labelled(self.signals, self.split, &rows), rng))])
    }

    fn learners(&mut self) -> Vec<(String, &mut dyn Trainable)> {
        vec![("judge".into(), self.classifier.learner())]
    }
}
