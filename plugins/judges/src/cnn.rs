//! A small convolutional classifier of images.

mod jitter;
mod network;

use burn::module::Module as _;
use burn::tensor::{Device, Tensor, activation::log_softmax};
use equigen_core::config::Schedule;
use equigen_core::learner::{Learner, Trainable};
use equigen_core::{
    Classifier, Domain, Error, Judge, JudgeModel, Judgement, Labelled, Likeness, Result, Seed, host, register,
    seed::Rng,
};
use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use jitter::Jitter;
use network::Network;

/// Small convolutional classifier of images, trained with small shifts and rotations.
///
/// A 5x5 and a 3x3 convolution in steps of two pixels with ReLU, one dense layer whose activations are the judge's
/// features, one linear layer to the classes (LeNet's plan, LeCun et al. 1998, with strides for its pooling, ReLU, and the
/// dropout of Srivastava et al. 2014).
/// Images are `[height, width]` of at least 12 pixels a side with 1 or 3 channels. Values are clamped to `[0, 1]` before
/// looking, as they would be when saved as a picture; a value that is no number counts as 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cnn {
    /// Channels of the two convolutions.
    pub channels: [usize; 2],
    /// Length of the feature vector.
    pub features: usize,
    /// Share of the features that are dropped in training, in `[0, 1)`.
    pub dropout: f64,
    /// Largest shift in training, pixels, in both directions of both axes.
    pub shift: f64,
    /// Largest rotation in training, degrees, in both directions.
    pub degrees: f64,
    /// How long and how fast; a batch is of images.
    pub schedule: Schedule,
}

impl Default for Cnn {
    fn default() -> Self {
        Self {
            channels: [32, 64],
            features: 128,
            dropout: 0.3,
            shift: 2.0,
            degrees: 10.0,
            schedule: Schedule {
                steps: 2500,
                batch: 64,
                learning_rate: 3e-3,
                warmup: 0.05,
                final_rate: 0.01,
                weight_decay: 1e-4,
                beta2: 0.999,
                clip: 1.0,
                average: 0.0,
            },
        }
    }
}

#[typetag::serde(name = "cnn")]
impl Judge for Cnn {
    fn build(&self, domain: Domain, classes: usize, device: &Device, seed: Seed) -> Result<Box<dyn JudgeModel>> {
        let image = self.check(domain, classes)?;
        let init = &mut equigen_core::nn::Init::new(seed, device);
        Ok(Box::new(Model {
            learner: Learner::new(Network::new(image, self.channels, self.features, classes, init)),
            image,
            classes,
            config: self.clone(),
        }))
    }

    fn schedule(&self) -> Option<Schedule> {
        Some(self.schedule.clone())
    }
}

register!(Judge, Cnn);

impl Cnn {
    fn check(&self, domain: Domain, classes: usize) -> Result<[usize; 3]> {
        let Some([height, width, channels]) = domain.image() else {
            let remedy = "choose another judge, such as `surfaces` for shapes";
            return Err(Error::config(format!("judge `cnn`: it looks at images only; {remedy}")));
        };
        let problem = if height < 12 || width < 12 {
            Some(format!(
                "cnn looks at images of at least 12 x 12 pixels, these have {width} x {height}: choose another judge"
            ))
        } else if channels != 1 && channels != 3 {
            Some(format!("cnn looks at images of 1 or 3 channels, these have {channels}: choose another judge"))
        } else if classes < 2 {
            Some(format!("cnn tells classes apart, but the data has {classes}: give it labels of 2 or more"))
        } else if self.channels.contains(&0) || self.features == 0 {
            Some("channels and features must be 1 or more".to_owned())
        } else if !(0.0..1.0).contains(&self.dropout) {
            Some(format!("dropout is {}: it must be at least 0 and below 1", self.dropout))
        } else if !(0.0..=height.min(width) as f64 / 2.0).contains(&self.shift) {
            Some(format!("shift is {}: it must be between 0 and half the image, in pixels", self.shift))
        } else if !(0.0..=180.0).contains(&self.degrees) {
            Some(format!("degrees is {}: it must be between 0 and 180", self.degrees))
        } else {
            None
        };
        problem.map_or(Ok([height, width, channels]), |text| Err(Error::config(format!("judge: {text}"))))
    }
}

/// Images looked at in one go.
const LOOK: usize = 256;

/// The live judge.
struct Model {
    learner: Learner<Network>,
    /// Height, width, channels.
    image: [usize; 3],
    classes: usize,
    config: Cnn,
}

impl Model {
    fn device(&self) -> Device {
        let devices = self.learner.module().devices();
        devices.into_iter().next().expect("the network has parameters")
    }

    /// Signals `[n, points, channels]` as images `[n, channels, height, width]` of values in `[0, 1]`.
    fn images(&self, signals: &[f32]) -> Tensor<4> {
        let [height, width, channels] = self.image;
        let n = signals.len() / (height * width * channels);
        let look = |value: &f32| if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
        let seen: Vec<f32> = signals.iter().map(look).collect();
        host::tensor(seen, [n, height, width, channels], &self.device()).permute([0, 3, 1, 2])
    }

    /// Inverted dropout: `[n, features]` of 0 and 1 / (1 - p).
    fn mask(&self, n: usize, rng: &mut Rng) -> Tensor<2> {
        let (length, dropout) = (self.config.features, self.config.dropout as f32);
        let keep = |_| {
            if rng.random::<f32>() < dropout { 0.0 } else { 1.0 / (1.0 - dropout) }
        };
        host::tensor((0..n * length).map(keep).collect(), [n, length], &self.device())
    }
}

impl Classifier for Model {
    fn loss(&self, batch: &Labelled, rng: &mut Rng) -> Tensor<1> {
        let jitter = Jitter { image: self.image, shift: self.config.shift as f32, degrees: self.config.degrees as f32 };
        let images = self.images(&jitter.apply(&batch.signals, rng));
        let n = batch.classes.len();
        let mut features = self.learner.module().features(images);
        if self.config.dropout > 0.0 {
            features = features * self.mask(n, rng);
        }
        let scores = log_softmax(self.learner.module().classify(features), 1);
        let mut right = vec![0.0; n * self.classes];
        for (i, class) in batch.classes.iter().enumerate() {
            right[i * self.classes + class] = -1.0 / n as f32;
        }
        let right = host::tensor(right, [n, self.classes], &self.device());
        (scores * right).sum_dim(1).sum()
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}

impl JudgeModel for Model {
    fn judge(&self, signals: &[f32]) -> Result<Judgement> {
        let length: usize = self.image.iter().product();
        let (mut features, mut classes) = (Vec::new(), Vec::new());
        let network = self.learner.averaged();
        for part in signals.chunks(LOOK * length) {
            let seen = network.features(self.images(part));
            let scores = host::read(network.classify(seen.clone()));
            features.extend(host::read(seen));
            classes.extend(scores.chunks(self.classes).map(largest));
        }
        let dim = self.config.features;
        Ok(Judgement { dim, features, likeness: Likeness::Vectors, classes })
    }

    fn classifier(&mut self) -> Option<&mut dyn Classifier> {
        Some(self)
    }
}

/// Index of the largest score; the first one of equals.
fn largest(scores: &[f32]) -> usize {
    let better = |best: usize, i: usize| if scores[i] > scores[best] { i } else { best };
    (0..scores.len()).fold(0, better)
}

#[cfg(test)]
mod tests;
