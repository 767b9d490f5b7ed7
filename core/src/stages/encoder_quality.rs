//! How good the encoder is: invariance, retrieval of augmented views, and a linear probe for the classes.

use burn::tensor::{Device, Tensor, activation::log_softmax};
use serde::{Deserialize, Serialize};

use super::data::Data;
use crate::action::{Element, NeuronMap, apply};
use crate::learner::{Learner, Step, Trainable};
use crate::nn::{Init, Linear};
use crate::run::StageContext;
use crate::tensors::Tensors;
use crate::weights::row_indices;
use crate::{EncoderModel, Result, Seed, Weights, host, seed};

/// Figures of an encoder; `encoder.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EncoderQuality {
    /// Largest change of ψ under random neuron permutations, relative to the length of ψ, over 256 networks.
    pub permutation_error: f64,
    /// Share of 256 held-out networks of all classes that their augmented view finds among the 256, by cosine similarity
    /// of the entries of ψ that an objective compares views by ([`crate::Objective::compares`]).
    pub retrieval: f64,
    /// Accuracy of logistic regression on ψ, all classes, on networks that it was not fitted to.
    pub probe_accuracy: f64,
    /// The same on the flattened weights.
    pub flat_accuracy: f64,
    /// Networks that the regression was fitted to, and tested on.
    pub probe_networks: (usize, usize),
}

/// Candidates of the retrieval test.
const CANDIDATES: usize = 256;

pub(super) fn measure(context: &StageContext<'_>, data: &Data, parameters: &Tensors) -> Result<EncoderQuality> {
    let device = context.device.clone();
    let mut encoder = data.new_encoder(context.pipeline, &device, Seed::new(0))?;
    encoder.learner().set_parameters(parameters)?;
    let encoder = &*encoder;
    let seed = context.seed.split("quality");
    // Evenly spread: the test items stand in order of class.
    let pool = &data.split.judge_test;
    let candidates = CANDIDATES.min(pool.len());
    let held: Vec<usize> = (0..candidates).map(|i| pool[i * pool.len() / candidates]).collect();

    let order = seed::permutation(&mut seed.split("probe rows").stream(0), data.given);
    let test = (data.given * 2 / 7).min(2000);
    let train = (data.given - test).min(5000);
    let (test_rows, train_rows) = (&order[..test], &order[test..test + train]);
    let accuracy = |features: &dyn Fn(&[usize]) -> Vec<f32>| {
        let classes = |rows: &[usize]| rows.iter().map(|row| data.split.class(&data.zoo.items[*row].label)).collect();
        let part = |rows: &[usize]| Part { features: features(rows), classes: classes(rows) };
        linear_probe(part(train_rows), part(test_rows), data.split.labels.len(), &device)
    };
    Ok(EncoderQuality {
        permutation_error: permutation_error(data, encoder, &held, &device, seed.split("permutation")),
        retrieval: retrieval(context, data, encoder, &held)?,
        probe_accuracy: accuracy(&|rows| data.encode_rows(encoder, rows, &device)),
        flat_accuracy: accuracy(&|rows| rows.iter().flat_map(|row| data.zoo.network(*row)).copied().collect()),
        probe_networks: (train, test),
    })
}

fn permutation_error(data: &Data, encoder: &dyn EncoderModel, rows: &[usize], device: &Device, seed: Seed) -> f64 {
    let weights = data.zoo.weights(rows, device);
    let mut rng = seed.stream(0);
    let hidden = data.zoo.layout.hidden();
    let mut element =
        || Element(hidden.iter().map(|h| NeuronMap::permutation(seed::permutation(&mut rng, h.width))).collect());
    let elements: Vec<Element> = rows.iter().map(|_| element()).collect();
    let (plain, moved) = (encoder.pooled(&weights), encoder.pooled(&apply(&elements, &weights)));
    let change = (moved - plain.clone()).square().sum_dim(1).sqrt();
    f64::from(host::scalar((change / plain.square().sum_dim(1).sqrt().clamp_min(1e-12)).max()))
}

fn retrieval(context: &StageContext<'_>, data: &Data, encoder: &dyn EncoderModel, rows: &[usize]) -> Result<f64> {
    let weights = data.zoo.weights(rows, &context.device);
    let augmentations = &context.pipeline.pretrain.augmentations;
    let mut rng = context.seed.split("retrieval").stream(0);
    let (view, _) = data.augment(&weights, ("pretrain.augmentations", augmentations), &mut rng)?;
    let entries = context.pipeline.pretrain.compared();
    let unit = |x: Tensor<2>| x.clone() / x.square().sum_dim(1).sqrt().clamp_min(1e-12);
    let compared = |weights: &Weights| unit(encoder.pooled(weights).slice_dim(1, entries.clone()));
    let similarity = compared(&view).matmul(compared(&weights).transpose());
    let n = rows.len();
    let rows = host::read(similarity);
    let best = |row: &[f32]| row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(i, _)| i);
    let found = rows.chunks(n).enumerate().filter(|(i, row)| best(row) == Some(*i)).count();
    Ok(found as f64 / n.max(1) as f64)
}

struct Part {
    features: Vec<f32>,
    classes: Vec<usize>,
}

/// Multinomial logistic regression on standardised features, full batch.
fn linear_probe(train: Part, test: Part, classes: usize, device: &Device) -> f64 {
    const STEPS: usize = 300;
    let training_device = device.clone().autodiff();
    let dim = train.features.len() / train.classes.len();
    let mut init = Init::new(Seed::new(0), &training_device);
    let mut learner = Learner::new(Linear::scaled(dim, classes, 0.1, &mut init));
    let rows = train.classes.len();
    let x = host::tensor(train.features, [rows, dim], device);
    let (variance, mean) = x.clone().var_mean(0);
    let standardise = |x: Tensor<2>| (x - mean.clone()) / (variance.clone() + 1e-8).sqrt();
    let x = Tensor::from_inner(standardise(x));
    let labels = row_indices(&train.classes, &training_device).reshape([rows, 1]);
    let one = host::tensor(vec![1.0], [1], device);
    for step in 0..STEPS {
        let loss = -log_softmax(learner.module().forward(x.clone()), 1).gather(1, labels.clone()).mean();
        let rate = 0.05 * (1.0 - step as f64 / STEPS as f64);
        let options = Step { learning_rate: rate, weight_decay: 1e-2, beta2: 0.999, average: 0.0 };
        learner.step(&mut loss.backward(), one.clone(), &options);
    }
    let x = host::tensor(test.features, [test.classes.len(), dim], device);
    let scores = host::read(learner.module().forward(Tensor::from_inner(standardise(x))).inner());
    let best = |row: &[f32]| row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(i, _)| i);
    let right = scores.chunks(classes).zip(&test.classes).filter(|(row, class)| best(row) == Some(**class)).count();
    right as f64 / test.classes.len().max(1) as f64
}
