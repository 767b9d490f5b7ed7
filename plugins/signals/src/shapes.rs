//! What all signals of shapes share: one after another becomes points and whether these are inside.

mod known;
mod sampling;

use std::path::{Path, PathBuf};

use equigen_core::seed::Rng;
use equigen_core::{Domain, Error, Result, Seed, SignalReader};
use rayon::prelude::*;

pub(crate) use known::known;
pub use sampling::Sampling;

/// A shape that can be asked.
pub(crate) trait Body {
    /// Its signal, `[points + tested, 4]`.
    fn signal(&self, sampling: &Sampling, rng: &mut Rng) -> Vec<f32>;

    /// Values at points `[n, 3]`: above a half inside.
    fn at(&self, points: &[f32]) -> Vec<f32>;
}

/// How to get an item.
type Load = Box<dyn Fn(usize, &Sampling) -> equigen_geometry::Result<Box<dyn Body>> + Send + Sync>;

/// Shapes, one after another.
pub(crate) struct Shapes {
    /// Number of the item and label of each.
    items: Vec<(usize, String)>,
    load: Load,
    sampling: Sampling,
    left_out: Vec<String>,
    next: usize,
}

impl Shapes {
    /// The shapes with these labels; `load` gives each by its number.
    pub(crate) fn new(labels: Vec<String>, load: Load, sampling: Sampling) -> Result<Self> {
        sampling.check()?;
        let mut items: Vec<(usize, String)> = labels.into_iter().enumerate().collect();
        let mut left_out = Vec::new();
        if sampling.skip_damaged {
            let wrong = |(item, _): &(usize, String)| load(*item, &sampling).err();
            let wrong: Vec<_> = items.par_iter().map(wrong).collect();
            let mut broken = wrong.iter();
            items.retain(|_| broken.next().is_some_and(Option::is_none));
            left_out = wrong.into_iter().flatten().map(|error| error.to_string()).collect();
            if items.is_empty() {
                let (count, first) = (left_out.len(), left_out.first().map_or("", String::as_str));
                return Err(Error::failed(format!("none of {count} shapes can be read, the first because: {first}")));
            }
        }
        Ok(Self { items, load, sampling, left_out, next: 0 })
    }

    fn body(&self, item: usize) -> Result<Box<dyn Body>> {
        let body = (self.load)(item, &self.sampling);
        body.map_err(|error| Error::failed(format!("{error}; or leave it out with sampling.skip_damaged = true")))
    }

    /// What `of` makes of each of the next items.
    fn each(&mut self, count: usize, of: impl Fn(usize, &dyn Body) -> Vec<f32> + Sync) -> Result<Vec<f32>> {
        let first = self.next;
        self.skip(count)?;
        let made = self.items[first..first + count].par_iter().map(|(item, _)| Ok(of(*item, &*self.body(*item)?)));
        Ok(made.collect::<Result<Vec<_>>>()?.concat())
    }
}

impl SignalReader for Shapes {
    fn domain(&self) -> Domain {
        let Sampling { points, tested, .. } = self.sampling;
        Domain::Shape { points, tested, field: self.sampling.field() }
    }

    fn count(&self) -> usize {
        self.items.len()
    }

    fn label(&self, row: usize) -> String {
        self.items[row].1.clone()
    }

    fn skip(&mut self, count: usize) -> Result<()> {
        if count > self.items.len() - self.next {
            return Err(Error::failed(format!("there are {} shapes, and more were asked for", self.items.len())));
        }
        self.next += count;
        Ok(())
    }

    fn read(&mut self, count: usize) -> Result<Vec<f32>> {
        let sampling = self.sampling.clone();
        let seed = Seed::new(sampling.seed).split("points");
        self.each(count, |item, shape| shape.signal(&sampling, &mut seed.stream(item as u64)))
    }

    fn read_at(&mut self, count: usize, points: &[f32]) -> Result<Vec<f32>> {
        self.each(count, |_, shape| shape.at(points))
    }

    fn left_out(&self) -> &[String] {
        &self.left_out
    }
}

/// A path of a pipeline file, made absolute. An empty path stays empty: it is missing, not the folder.
pub(crate) fn absolute(folder: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() {
        return PathBuf::new();
    }
    std::path::absolute(folder.join(path)).unwrap_or_else(|_| folder.join(path))
}

/// An error of the geometry, in a run.
pub(crate) fn failed(error: equigen_geometry::Error) -> Error {
    Error::failed(error.to_string())
}

/// Labels with their numbers, most first: `chair 55, table 45`.
pub(crate) fn counts<'a>(labels: impl Iterator<Item = &'a str>) -> String {
    let mut counts = std::collections::BTreeMap::new();
    labels.for_each(|label| *counts.entry(label).or_insert(0) += 1);
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.iter().map(|(label, count)| format!("{label} {count}")).collect::<Vec<_>>().join(", ")
}
