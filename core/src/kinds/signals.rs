//! Where signals come from.

use std::fmt::Debug;
use std::path::Path;

use super::component_kind;
use crate::{Domain, Error, Result, Zoo, registry::Claim};

/// A source of signals (images, shapes) with labels.
#[typetag::serde(tag = "type")]
pub trait Signals: Debug + Send + Sync {
    /// Makes relative paths absolute: they are relative to the folder of the pipeline file.
    fn resolve(&mut self, folder: &Path);

    /// A text that changes when the signals do: settings and a hash of the files, without their paths.
    ///
    /// # Errors
    /// If a file cannot be read.
    fn fingerprint(&self) -> Result<String>;

    /// Opens the signals, to be read piece by piece: a data set may be larger than memory.
    ///
    /// # Errors
    /// If a file is missing or does not hold what it says; the message names it.
    fn open(&self) -> Result<Box<dyn SignalReader>>;

    /// Reads all signals.
    ///
    /// # Errors
    /// As [`Signals::open`] and [`SignalReader::read`].
    fn load(&self) -> Result<SignalSet> {
        let mut reader = self.open()?;
        let count = reader.count();
        SignalSet::read(&mut *reader, count)
    }

    /// The networks whose renderings the signals are, row for row, if they are such: then nothing is fitted.
    ///
    /// # Errors
    /// As [`Signals::open`].
    fn networks(&self) -> Result<Option<Zoo>> {
        Ok(None)
    }

    /// What the component promises.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

component_kind!(Signals);

/// Signals that are read in their order. Of all of them it keeps the labels at most.
pub trait SignalReader {
    /// Their common domain.
    fn domain(&self) -> Domain;

    /// Number of signals.
    fn count(&self) -> usize;

    /// Label of any of them, whatever was read so far.
    ///
    /// # Panics
    /// If there is no such row.
    fn label(&self, row: usize) -> String;

    /// Leaves out the next `count` signals.
    ///
    /// # Errors
    /// If there are fewer, or the file cannot be read; the message names it.
    fn skip(&mut self, count: usize) -> Result<()>;

    /// The next `count` signals, `[count, points, columns]` ([`Domain::columns`]): values in `[0, 1]`, each point's own
    /// coordinates in front of them where the domain has no grid.
    ///
    /// # Errors
    /// As [`SignalReader::skip`].
    fn read(&mut self, count: usize) -> Result<Vec<f32>>;

    /// Values of the next `count` signals at other points `[points, dimensions]`: `[count, points, channels]`. Judges ask
    /// for it that look at points of their own ([`JudgeModel::points`](crate::JudgeModel::points)).
    ///
    /// # Errors
    /// As [`SignalReader::skip`], and if these signals are known on their grid only.
    fn read_at(&mut self, _count: usize, _points: &[f32]) -> Result<Vec<f32>> {
        Err(Error::failed("these signals are known on their own grid only; choose a judge that looks at that"))
    }

    /// What was left out because it could not be read, as the settings allow: a message for each.
    fn left_out(&self) -> &[String] {
        &[]
    }
}

/// Signals of one domain.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalSet {
    /// Their common domain.
    pub domain: Domain,
    /// `[n, points, columns]`: values in `[0, 1]`, behind coordinates where signals have points of their own.
    pub values: Vec<f32>,
    /// One label per signal.
    pub labels: Vec<String>,
}

impl SignalSet {
    /// The first `count` signals of a reader that was just opened.
    ///
    /// # Errors
    /// As [`SignalReader::read`].
    pub fn read(reader: &mut dyn SignalReader, count: usize) -> Result<Self> {
        let labels = (0..count).map(|row| reader.label(row)).collect();
        Ok(Self { domain: reader.domain(), values: reader.read(count)?, labels })
    }

    /// Number of signals.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// One signal, `[points, columns]`.
    pub fn signal(&self, row: usize) -> &[f32] {
        let length = self.domain.length();
        &self.values[row * length..(row + 1) * length]
    }
}
