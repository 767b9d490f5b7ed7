//! The figures by which sets of generated shapes are compared with sets of real ones: MMD, COV, 1-NNA, JSD.
//!
//! Source: Achlioptas, Diamanti, Mitliagkas, Guibas, "Learning Representations and Generative Models for 3D Point
//! Clouds", 2018 (MMD, COV, JSD); Yang, Huang, Hao, Liu, Belongie, Hariharan, "PointFlow", 2019 (1-NNA). Which set the
//! minimum runs over decides what a figure says, and published code has had it the wrong way round (PointFlow's issue
//! 20): here it stands in the documentation of each, and the rows are always the generated shapes.

use crate::distance::{Cloud, Matrix, Measure};
use crate::{Error, Result};

/// Distances of generated and real shapes.
#[derive(Debug, Clone, PartialEq)]
pub struct Distances {
    between: Matrix,
    generated: Matrix,
    reference: Matrix,
}

impl Distances {
    /// Measures all pairs of two sets.
    ///
    /// # Errors
    /// If a set is empty, or see [`Measure::between`].
    pub fn measured(measure: Measure, generated: &[Cloud], reference: &[Cloud]) -> Result<Self> {
        Self::new(measure.between(generated, reference)?, measure.within(generated)?, measure.within(reference)?)
    }

    /// Distances `between` `[generated, reference]`, among the `generated`, and among the `reference`.
    ///
    /// # Errors
    /// If the shapes do not fit, or a set is empty.
    pub fn new(between: Matrix, generated: Matrix, reference: Matrix) -> Result<Self> {
        let (g, r) = (between.rows, between.columns);
        let fits = |matrix: &Matrix, rows, columns| {
            (matrix.rows, matrix.columns) == (rows, columns) && matrix.values.len() == rows * columns
        };
        if !(fits(&between, g, r) && fits(&generated, g, g) && fits(&reference, r, r)) {
            return Err(Error::new("tables of distances must be [generated, reference], and square for each set"));
        }
        if g == 0 || r == 0 {
            return Err(Error::new("there are no generated shapes, or no real ones, so there is nothing to compare"));
        }
        Ok(Self { between, generated, reference })
    }

    /// Minimum matching distance: the mean over *real* shapes of the distance to the nearest generated one. Less is
    /// better; generated shapes that nobody is near to do not count.
    pub fn mmd(&self) -> f64 {
        let nearest = (0..self.between.columns).map(|real| self.between.column(real).fold(f64::INFINITY, f64::min));
        nearest.sum::<f64>() / self.between.columns as f64
    }

    /// Coverage: the share of real shapes that are the nearest real one of some *generated* shape. 1 is best; the first
    /// of equally near ones counts. It says nothing about how near.
    pub fn coverage(&self) -> f64 {
        let mut met = vec![false; self.between.columns];
        for generated in 0..self.between.rows {
            let row = self.between.row(generated);
            let nearest = (0..row.len()).reduce(|best, real| if row[real] < row[best] { real } else { best });
            met[nearest.expect("there are real shapes")] = true;
        }
        met.iter().filter(|met| **met).count() as f64 / met.len() as f64
    }

    /// 1-nearest-neighbour accuracy: the share of all shapes whose nearest other shape is of their own set. A half is
    /// best: then the sets cannot be told apart. 1 is apart; 0 is what a copy of the real set gets. Where several are
    /// equally near, the share of them that is of the own set counts.
    pub fn one_nn_accuracy(&self) -> f64 {
        let (g, r) = (self.between.rows, self.between.columns);
        let own_of_generated = (0..g).map(|i| {
            let own = self.generated.row(i).iter().enumerate().filter(move |(j, _)| *j != i).map(|(_, d)| *d);
            own_share(own, self.between.row(i).iter().copied())
        });
        let own_of_reference = (0..r).map(|i| {
            let own = self.reference.row(i).iter().enumerate().filter(move |(j, _)| *j != i).map(|(_, d)| *d);
            own_share(own, self.between.column(i))
        });
        own_of_generated.chain(own_of_reference).sum::<f64>() / (g + r) as f64
    }
}

/// The share of one's own among the nearest.
fn own_share(own: impl Iterator<Item = f64> + Clone, other: impl Iterator<Item = f64> + Clone) -> f64 {
    let least = own.clone().chain(other.clone()).fold(f64::INFINITY, f64::min);
    let [own, all] = [own.clone().filter(|d| *d == least).count(), own.chain(other).filter(|d| *d == least).count()];
    own as f64 / all.max(1) as f64
}

/// The Jensen-Shannon divergence, in bits, between where the points of generated and of real shapes lie: all points of
/// a set are counted at the nearest of `resolution^3` grid points over `[-half, half]^3`, bounds included. 0 is best, 1
/// is apart. It looks at no shape in particular.
///
/// # Errors
/// If a set is empty, or the grid has fewer than 2 points along an axis.
pub fn jensen_shannon(generated: &[Cloud], reference: &[Cloud], resolution: usize, half: f64) -> Result<f64> {
    if generated.is_empty() || reference.is_empty() || resolution < 2 {
        return Err(Error::new(
            "the Jensen-Shannon divergence needs a shape in each set and a grid of 2 points per axis or more",
        ));
    }
    let shares = |clouds: &[Cloud]| {
        let mut counts = vec![0.0; resolution.pow(3)];
        let last = (resolution - 1) as f64;
        let place = |x: f64| ((x / half + 1.0) / 2.0 * last).round().clamp(0.0, last) as usize;
        for point in clouds.iter().flat_map(Cloud::points) {
            counts[point.iter().fold(0, |index, x| index * resolution + place(*x))] += 1.0;
        }
        let total: f64 = counts.iter().sum();
        counts.into_iter().map(move |count| count / total).collect::<Vec<f64>>()
    };
    let (p, q) = (shares(generated), shares(reference));
    let part = |a: f64, b: f64| if a > 0.0 { a * (2.0 * a / (a + b)).log2() } else { 0.0 };
    Ok(p.iter().zip(&q).map(|(&a, &b)| (part(a, b) + part(b, a)) / 2.0).sum())
}

#[cfg(test)]
mod tests;
