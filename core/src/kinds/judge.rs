//! Judges: what looks at rendered signals so that metrics can compare sets of them.
//!
//! An eleventh kind beside the ten of the method: metrics share one judge, it is trained once per data set and split,
//! and shapes need another than images do.

use std::fmt::Debug;

use burn::tensor::Device;

use equigen_geometry::distance::{Cloud, chamfer};

use super::component_kind;
use crate::config::Schedule;
use crate::learner::Trainable;
use crate::registry::Claim;
use crate::{Domain, Error, Result, Seed, seed::Rng};

/// The configuration of a judge.
#[typetag::serde(tag = "type")]
pub trait Judge: Debug + Send + Sync {
    /// Builds the judge for signals of a domain and so many classes.
    ///
    /// # Errors
    /// If it cannot look at this domain.
    fn build(&self, domain: Domain, classes: usize, device: &Device, seed: Seed) -> Result<Box<dyn JudgeModel>>;

    /// How long and how fast it trains; none if it has nothing to learn.
    fn schedule(&self) -> Option<Schedule>;

    /// What the component promises.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

component_kind!(Judge);

/// Real signals with their classes.
#[derive(Debug, Clone)]
pub struct Labelled {
    /// `[n, points, channels]`.
    pub signals: Vec<f32>,
    /// A class number each.
    pub classes: Vec<usize>,
}

/// What a judge sees in a set of `n` signals.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Length of a feature vector.
    pub dim: usize,
    /// `[n, dim]`.
    pub features: Vec<f32>,
    /// What the features are.
    pub likeness: Likeness,
    /// The class that it would give each; none if it names no classes.
    pub classes: Vec<usize>,
}

/// What the features of a judgement are, and so how far two signals are apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Likeness {
    /// Vectors, with euclidean distances.
    #[default]
    Vectors,
    /// Clouds of points `[dim / 3, 3]` on a surface, with Chamfer distances ([`chamfer`]). A signal without a surface has
    /// values that are no numbers.
    Clouds,
}

impl Judgement {
    /// Number of signals.
    pub fn len(&self) -> usize {
        self.features.len() / self.dim.max(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// Feature vector of one signal.
    pub fn feature(&self, i: usize) -> &[f32] {
        &self.features[i * self.dim..(i + 1) * self.dim]
    }

    /// The distance of a signal to one of another set, or of this one.
    pub fn distance(&self, i: usize, other: &Self, j: usize) -> f64 {
        match self.likeness {
            Likeness::Vectors => {
                let square = |(a, b): (&f32, &f32)| f64::from(a - b).powi(2);
                self.feature(i).iter().zip(other.feature(j)).map(square).sum::<f64>().sqrt()
            }
            Likeness::Clouds => match (self.cloud(i, self.dim), other.cloud(j, other.dim)) {
                (Ok(a), Ok(b)) => chamfer(&a, &b),
                _ => f64::INFINITY,
            },
        }
    }

    /// The cloud of a signal, its first points, `most` at most.
    ///
    /// # Errors
    /// If features are no clouds, or the signal has no surface.
    pub fn cloud(&self, i: usize, most: usize) -> Result<Cloud> {
        if self.likeness != Likeness::Clouds || !self.dim.is_multiple_of(3) {
            return Err(Error::config("the judge sees no surfaces: choose one that does, such as `surfaces`"));
        }
        let point = |point: &[f32]| [point[0], point[1], point[2]].map(f64::from);
        let points: Vec<_> = self.feature(i).chunks_exact(3).take(most).map(point).collect();
        Cloud::new(&points).map_err(|error| Error::failed(error.to_string()))
    }

    /// The set of some of its signals.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            features: rows.iter().flat_map(|row| self.feature(*row)).copied().collect(),
            classes: rows.iter().filter_map(|row| self.classes.get(*row)).copied().collect(),
            ..*self
        }
    }

    /// The signals that can be compared: of clouds those that have a surface.
    pub fn present(&self) -> Vec<usize> {
        let there = |i: &usize| self.likeness == Likeness::Vectors || self.feature(*i).iter().all(|x| x.is_finite());
        (0..self.len()).filter(there).collect()
    }
}

/// A live judge.
pub trait JudgeModel: Send {
    /// The points at which it looks, `[points, dimensions]`; by default those of the signals' own grid.
    fn points(&self) -> Option<Vec<f32>> {
        None
    }

    /// Looks at signals `[n, points, channels]`.
    ///
    /// # Errors
    /// If it cannot make sense of one.
    fn judge(&self, signals: &[f32]) -> Result<Judgement>;

    /// What it learns by, if it learns.
    fn classifier(&mut self) -> Option<&mut dyn Classifier> {
        None
    }
}

/// A judge that learns to tell classes apart.
pub trait Classifier {
    /// Classification loss `[1]` on a batch of real signals `[n, points, channels]`.
    fn loss(&self, batch: &Labelled, rng: &mut Rng) -> burn::tensor::Tensor<1>;

    /// Its parameters in training.
    fn learner(&mut self) -> &mut dyn Trainable;
}
