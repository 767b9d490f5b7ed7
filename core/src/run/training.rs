//! The training loop of every stage that trains: schedule, clipping, checkpoints, loss curve.

use std::path::Path;
use std::time::Instant;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::{Event, StageContext};
use crate::config::Schedule;
use crate::learner::{Step, Trainable};
use crate::precision::Precision;
use crate::seed::Rng;
use crate::tensors::Tensors;
use crate::{Error, Result, Term, files, host};

/// What is trained.
pub trait Training {
    /// The weighted parts of the loss at a step; `rng` is this step's own stream.
    ///
    /// # Errors
    /// If a batch cannot be made.
    fn losses(&mut self, step: usize, rng: &mut Rng) -> Result<Vec<Term>>;

    /// Shares of the steps at which the learning rate's schedule starts again.
    fn phases(&self) -> Vec<f64> {
        Vec::new()
    }

    /// In which precision the models multiply.
    fn precision(&self) -> Precision {
        Precision::F32
    }

    /// The models that learn, each with a name for its part of the checkpoint.
    fn learners(&mut self) -> Vec<(String, &mut dyn Trainable)>;
}

/// A loss curve: at each logged step the weighted parts of the loss.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Names of all parts, in the order in which they came up.
    pub terms: Vec<String>,
    /// Logged steps, from 0.
    pub steps: Vec<usize>,
    /// `[logged steps][terms]`; a part that was not there at a step is absent, and so may be the last ones.
    pub values: Vec<Vec<Option<f32>>>,
}

const CHECKPOINT: &str = "checkpoint.safetensors";
/// Number of points on a loss curve, about.
const LOGGED: usize = 200;

/// Trains for the schedule's steps, from the last checkpoint if there is one. What it learns does not depend on where it
/// was interrupted: each step draws from a stream of its own.
///
/// # Errors
/// If a loss is not finite, or a checkpoint cannot be written or read.
pub fn train(context: &StageContext<'_>, schedule: &Schedule, training: &mut dyn Training) -> Result<Curve> {
    let path = context.folder.join(CHECKPOINT);
    let seed = context.seed.split("steps");
    let (first, mut curve) = resume(&path, training)?;
    let every = (schedule.steps / LOGGED).max(1);
    let mut saved = Instant::now();
    for step in first..schedule.steps {
        let terms = training.precision().scope(|| training.losses(step, &mut seed.stream(step as u64)))?;
        if step % every == 0 || step + 1 == schedule.steps {
            let learning_rate = schedule.learning_rate_at(step, &training.phases());
            log(context, &mut curve, step, learning_rate, &terms)?;
        }
        let total = terms.into_iter().map(|(_, value)| value).reduce(|sum, value| sum + value);
        let total = total.ok_or_else(|| Error::config("all loss weights are zero: there is nothing to train for"))?;
        update(training, &total, schedule, step);
        context.progress(step + 1, schedule.steps, "steps");
        if saved.elapsed() >= context.checkpoint_every && step + 1 < schedule.steps {
            save(&path, training, step + 1, &curve)?;
            saved = Instant::now();
        }
    }
    Ok(curve)
}

fn update(training: &mut dyn Training, total: &Tensor<1>, schedule: &Schedule, step: usize) {
    let mut gradients = total.backward();
    let options = Step {
        learning_rate: schedule.learning_rate_at(step, &training.phases()),
        weight_decay: schedule.weight_decay,
        beta2: schedule.beta2,
        average: schedule.average,
    };
    let mut learners = training.learners();
    let norms = learners.iter().filter_map(|(_, learner)| learner.gradient_norm_squared(&gradients));
    let Some(norm) = norms.reduce(|sum, norm| sum + norm) else {
        return;
    };
    let scale = (norm.sqrt() + 1e-12).recip().mul_scalar(schedule.clip).clamp_max(1.0);
    for (_, learner) in &mut learners {
        learner.step(&mut gradients, scale.clone(), &options);
    }
}

fn log(context: &StageContext<'_>, curve: &mut Curve, step: usize, learning_rate: f64, terms: &[Term]) -> Result<()> {
    // One read, however many parts: each waits for the device.
    let parts: Vec<Tensor<1>> = terms.iter().map(|(_, value)| value.clone().inner()).collect();
    let values = if terms.is_empty() { Vec::new() } else { host::read(Tensor::cat(parts, 0)) };
    let names: Vec<String> = terms.iter().map(|(name, _)| (*name).to_owned()).collect();
    if let Some(bad) = values.iter().position(|value| !value.is_finite()) {
        return Err(Error::failed(format!(
            "the loss `{}` is {} at step {step}: lower {}.schedule.learning_rate",
            names[bad], values[bad], context.stage
        )));
    }
    let terms = names.iter().cloned().zip(values.clone()).collect();
    context.observer.event(&Event::Loss { stage: context.stage, step, learning_rate, terms });
    for name in &names {
        if !curve.terms.contains(name) {
            curve.terms.push(name.clone());
        }
    }
    let value_of = |term: &String| names.iter().position(|name| name == term).map(|i| values[i]);
    curve.values.push(curve.terms.iter().map(value_of).collect());
    curve.steps.push(step);
    Ok(())
}

#[derive(Serialize, Deserialize)]
struct Progress {
    step: usize,
    curve: Curve,
}

fn save(path: &Path, training: &mut dyn Training, step: usize, curve: &Curve) -> Result<()> {
    let mut all = Tensors::default();
    for (name, learner) in training.learners() {
        all.extend(&name, learner.checkpoint());
    }
    let progress = Progress { step, curve: curve.clone() };
    all.metadata = serde_json::to_string(&progress).map_err(|error| Error::failed(error.to_string()))?;
    all.save(path)
}

fn resume(path: &Path, training: &mut dyn Training) -> Result<(usize, Curve)> {
    if !path.exists() {
        return Ok((0, Curve::default()));
    }
    let all = Tensors::load(path)?;
    let in_file = |error: Error| error.within(format!("checkpoint `{}`", path.display()));
    let progress: Progress =
        serde_json::from_str(&all.metadata).map_err(|error| in_file(Error::failed(error.to_string())))?;
    for (name, learner) in training.learners() {
        learner.resume(&all.subset(&name)).map_err(in_file)?;
    }
    Ok((progress.step, progress.curve))
}

impl Curve {
    /// Reads a finished stage's curve.
    ///
    /// # Errors
    /// If the file is missing or damaged.
    pub fn read(folder: &Path) -> Result<Self> {
        files::read_json(&folder.join("losses.json"))
    }
}
