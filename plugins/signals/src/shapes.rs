//! What all signals of shapes share: meshes become points and whether these are inside.

use std::path::{Path, PathBuf};

use equigen_core::seed::Rng;
use equigen_core::{Domain, Error, Result, Seed, SignalReader};
use equigen_geometry::{Frame, Mesh, Solid, sample};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a mesh becomes a signal.
///
/// It is centred and scaled so that the longest side of its box is twice `extent`. A point is inside where the generalised
/// winding number (Jacobson et al. 2013) is above a half, or nearer to the surface than `thickness`: meshes made for pictures
/// have sheets that are no bodies, and holes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// Points of a shape that its network is fitted to.
    pub points: usize,
    /// Share of them near the surface; the others are uniform in the cube `[-1, 1]^3`.
    pub near: f64,
    /// Standard deviation of the near points' distance from the surface along each axis.
    pub deviation: f64,
    /// Further points, uniform in the cube, at which the fit is tested.
    pub tested: usize,
    /// Distance from the surface up to which a point is inside.
    pub thickness: f64,
    /// Half of the longest side of a shape's box.
    pub extent: f64,
    /// Seed of the points.
    pub seed: u64,
    /// Leave out meshes that cannot be read, and count them in the report, in place of stopping.
    pub skip_damaged: bool,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            points: 16384,
            near: 0.5,
            deviation: 0.04,
            tested: 8192,
            thickness: 0.025,
            extent: 0.9,
            seed: 0,
            skip_damaged: false,
        }
    }
}

impl Sampling {
    fn check(&self) -> Result<()> {
        let Self { points, near, deviation, tested, thickness, extent, .. } = *self;
        for (key, right, remedy) in [
            ("points", points > 0, "a number above 0, such as 16384"),
            ("tested", tested > 0, "a number above 0, such as 8192"),
            ("near", (0.0..=1.0).contains(&near), "a share between 0 and 1"),
            ("deviation", deviation > 0.0 && deviation < 1.0, "a distance above 0 and below 1, such as 0.04"),
            ("thickness", (0.0..0.5).contains(&thickness), "a distance of at least 0, such as 0.025"),
            ("extent", extent > 0.0 && extent + thickness <= 1.0, "a size above 0 with extent + thickness at most 1"),
        ] {
            if !right {
                return Err(Error::config(format!("sampling.{key}: give {remedy}")));
            }
        }
        Ok(())
    }

    /// A mesh, centred, scaled and prepared for questions.
    fn prepare(&self, mesh: &Mesh) -> equigen_geometry::Result<Prepared> {
        let (mesh, _) = mesh.welded().single_sided().normalised(Frame::Cube, self.extent)?;
        Ok(Prepared { solid: Solid::new(&mesh)?, surface: sample::Surface::new(&mesh)?, thickness: self.thickness })
    }
}

/// A shape that can be asked.
struct Prepared {
    solid: Solid,
    surface: sample::Surface,
    thickness: f64,
}

impl Prepared {
    /// `[points + tested, 4]`.
    fn signal(&self, sampling: &Sampling, rng: &mut Rng) -> Vec<f32> {
        let near = (sampling.points as f64 * sampling.near).round() as usize;
        let mut points = self.surface.draw_near(near, sampling.deviation, rng);
        points.extend(sample::in_cube(sampling.points - near + sampling.tested, 1.0, rng));
        let inside = self.solid.occupancy(&points, self.thickness);
        let row = |(point, inside): (&[f64; 3], bool)| {
            let [x, y, z] = point.map(|x| x as f32);
            [x, y, z, f32::from(inside)]
        };
        points.iter().zip(inside).flat_map(row).collect()
    }

    /// Values at points `[n, 3]`.
    fn at(&self, points: &[f32]) -> Vec<f32> {
        let points: Vec<_> = points.chunks_exact(3).map(|p| [p[0], p[1], p[2]].map(f64::from)).collect();
        self.solid.occupancy(&points, self.thickness).into_iter().map(f32::from).collect()
    }
}

/// How to get the mesh of an item.
type Load = Box<dyn Fn(usize) -> equigen_geometry::Result<Mesh> + Send + Sync>;

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
    /// The shapes with these labels; `load` gives the mesh of each by its number.
    pub(crate) fn new(labels: Vec<String>, load: Load, sampling: Sampling) -> Result<Self> {
        sampling.check()?;
        let mut items: Vec<(usize, String)> = labels.into_iter().enumerate().collect();
        let mut left_out = Vec::new();
        if sampling.skip_damaged {
            let wrong = |(item, _): &(usize, String)| load(*item).and_then(|mesh| sampling.prepare(&mesh)).err();
            let wrong: Vec<_> = items.par_iter().map(wrong).collect();
            let mut broken = wrong.iter();
            items.retain(|_| broken.next().is_some_and(Option::is_none));
            left_out = wrong.into_iter().flatten().map(|error| error.to_string()).collect();
        }
        Ok(Self { items, load, sampling, left_out, next: 0 })
    }

    fn prepared(&self, item: usize) -> Result<Prepared> {
        let mesh = (self.load)(item).and_then(|mesh| self.sampling.prepare(&mesh));
        mesh.map_err(|error| Error::failed(format!("{error}; or leave it out with sampling.skip_damaged = true")))
    }

    /// What `of` makes of each of the next items.
    fn each(&mut self, count: usize, of: impl Fn(usize, Prepared) -> Vec<f32> + Sync) -> Result<Vec<f32>> {
        let first = self.next;
        self.skip(count)?;
        let made = self.items[first..first + count].par_iter().map(|(item, _)| Ok(of(*item, self.prepared(*item)?)));
        Ok(made.collect::<Result<Vec<_>>>()?.concat())
    }
}

impl SignalReader for Shapes {
    fn domain(&self) -> Domain {
        Domain::Shape { points: self.sampling.points, tested: self.sampling.tested }
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
