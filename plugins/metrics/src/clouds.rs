//! What the metrics of clouds of points share.

use equigen_core::{Comparison, Error, Judgement, Result};
use equigen_geometry::distance::{Cloud, Matrix, Measure};
use equigen_geometry::protocol::Distances;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far two clouds of points are apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Distance {
    /// Mean squared distance to the nearest point, both ways, added.
    #[default]
    Chamfer,
    /// Mean distance under the pairing of points that makes it least, exactly. Clouds must have equally many points.
    EarthMover,
}

/// Points of a cloud that are compared by default, the first ones: all that a judge sees with its own defaults.
pub(crate) const POINTS: usize = 2048;

impl Distance {
    fn measure(self) -> Measure {
        match self {
            Self::Chamfer => Measure::Chamfer,
            Self::EarthMover => Measure::EarthMover,
        }
    }

    /// The one of two names that says which distance it is.
    pub(crate) fn name(self, chamfer: &'static str, earth_mover: &'static str) -> &'static str {
        match self {
            Self::Chamfer => chamfer,
            Self::EarthMover => earth_mover,
        }
    }

    /// Distances from a set to the reference; those within the two sets are zero: for figures that do not look there.
    pub(crate) fn across(self, of: &Judgement, with: &Comparison<'_>, points: usize) -> Result<Distances> {
        let (set, reference) = both(of, with, points)?;
        let none = |n: usize| Matrix { rows: n, columns: n, values: vec![0.0; n * n] };
        let between = self.measure().between(&set, &reference).map_err(wrong)?;
        Distances::new(between, none(set.len()), none(reference.len())).map_err(wrong)
    }

    /// All distances of a set and the reference.
    pub(crate) fn all(self, of: &Judgement, with: &Comparison<'_>, points: usize) -> Result<Distances> {
        let (set, reference) = both(of, with, points)?;
        Distances::measured(self.measure(), &set, &reference).map_err(wrong)
    }
}

/// The clouds of a set and of the reference.
pub(crate) fn both(of: &Judgement, with: &Comparison<'_>, points: usize) -> Result<(Vec<Cloud>, Vec<Cloud>)> {
    if points == 0 {
        return Err(Error::config("`points` = 0: give a number of points of each cloud, such as 2048"));
    }
    Ok((
        clouds(of, points, "the compared set", "sample.count")?,
        clouds(with.reference, points, "the reference set", "data.reference")?,
    ))
}

fn clouds(set: &Judgement, points: usize, what: &str, key: &str) -> Result<Vec<Cloud>> {
    if set.is_empty() {
        return Err(Error::failed(format!("{what} has no shape with a surface: raise {key}, or train longer")));
    }
    (0..set.len()).map(|i| set.cloud(i, points)).collect()
}

/// An error of the geometry in a run.
pub(crate) fn wrong(error: equigen_geometry::Error) -> Error {
    Error::failed(error.to_string())
}

#[cfg(test)]
pub(crate) mod samples {
    use equigen_core::{Judgement, Likeness, Seed, seed};

    /// A set of clouds, one after another.
    pub(crate) fn shapes(clouds: &[Vec<f32>]) -> Judgement {
        let dim = clouds[0].len();
        Judgement { dim, features: clouds.concat(), likeness: Likeness::Clouds, classes: Vec::new() }
    }

    /// `n` clouds of 16 points around centres that are `spread` apart.
    pub(crate) fn drawn(n: usize, spread: f32, seed: u64) -> Judgement {
        let cloud = |i: usize| {
            let mut rng = Seed::new(seed).stream(i as u64);
            let centre = seed::normal(&mut rng, 3);
            let points = seed::normal(&mut rng, 48).into_iter().enumerate();
            points.map(|(k, x)| spread * centre[k % 3] + 0.1 * x).collect()
        };
        shapes(&(0..n).map(cloud).collect::<Vec<_>>())
    }
}
