//! Iso-surfaces by marching cubes, from a function that is evaluated slab by slab.
//!
//! Source: Lorensen, Cline, "Marching Cubes", 1987; the table of triangles is [`crate::cube`]'s.

use crate::cube::TRIANGLES;
use crate::{Error, Mesh, Point, Result};

/// Which values are inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    /// Those above the level, as for occupancy.
    Above,
    /// Those below the level, as for a signed distance.
    Below,
}

/// How an iso-surface is extracted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extraction {
    /// Samples along each axis, the bounds' among them; at least 2.
    pub resolution: usize,
    /// The cube that is sampled: from `bounds[0]` to `bounds[1]` along each axis.
    pub bounds: [f64; 2],
    /// The value at the surface.
    pub level: f64,
    /// Which side of the level is inside.
    pub inside: Inside,
    /// Whether what is inside at the bounds is closed by a flat cap there. Otherwise the surface ends at the bounds.
    pub closed: bool,
    /// Points for each call of the function, at most.
    pub chunk: usize,
}

impl Extraction {
    /// Bytes that [`mesh`](Self::mesh) needs at a time beside what the function needs: two planes of values, the
    /// vertices on their edges, a chunk of points with its values, and a mesh as large as that of the largest sphere in
    /// the bounds.
    pub fn bytes(&self) -> u64 {
        let (n, plane) = (self.resolution as u64, (self.planes() as u64).pow(2));
        let planes = plane * (2 * size_of::<f64>() + 5 * size_of::<u32>()) as u64;
        let chunk = self.chunk.min(self.resolution.saturating_pow(2)) as u64 * 4 * size_of::<f32>() as u64;
        // A sphere of radius n / 2 crosses 3 pi n² / 2 edges, has twice as many triangles, and a vector grows by
        // doubling.
        let mesh = 2 * n * n * 5 * (size_of::<Point>() + 2 * size_of::<[u32; 3]>()) as u64;
        planes + chunk + mesh
    }

    /// Calls of the function that [`mesh`](Self::mesh) makes.
    pub fn calls(&self) -> usize {
        self.resolution * self.resolution.pow(2).div_ceil(self.chunk.max(1))
    }

    /// The surface where `field` passes the level, outward side counter-clockwise.
    ///
    /// Between samples the field is taken to be linear along edges. The mesh is watertight if it is closed or the
    /// surface does not reach the bounds. Where a sample is exactly at the level, triangles may have no area.
    ///
    /// `field` gets points `[n, 3]`, z the slowest axis, and answers with their values `[n]`.
    ///
    /// # Errors
    /// If the settings make no grid, or a value is not finite.
    pub fn mesh(&self, mut field: impl FnMut(&[f32]) -> Vec<f32>) -> Result<Mesh> {
        let [low, high] = self.bounds;
        if self.resolution < 2 || self.chunk == 0 || !(low < high && (high - low).is_finite()) {
            return Err(Error::new(format!(
                "no surface can be extracted at {} samples per axis in [{low}, {high}], {} points at a time; give 2 \
                 samples or more, bounds that grow, and a chunk of 1 or more",
                self.resolution, self.chunk
            )));
        }
        let mut surface = Building::new(self);
        for k in 0..self.planes() {
            let plane = self.plane(k, &mut field)?;
            surface.add(plane);
        }
        Mesh::new(surface.vertices, surface.triangles)
    }

    /// Samples along an axis, with one more at each end where the surface is closed.
    fn planes(&self) -> usize {
        self.resolution + 2 * usize::from(self.closed)
    }

    /// The coordinate of a place on an axis. Places beyond the bounds lie *on* the bounds: so caps are flat and there.
    fn coordinate(&self, place: usize) -> f64 {
        let sample = place.saturating_sub(usize::from(self.closed)).min(self.resolution - 1);
        let part = sample as f64 / (self.resolution - 1) as f64;
        self.bounds[0] * (1.0 - part) + self.bounds[1] * part
    }

    /// How far inside the samples of a plane are, `[planes, planes]`, y the slower axis: above 0 is inside.
    fn plane(&self, k: usize, field: &mut impl FnMut(&[f32]) -> Vec<f32>) -> Result<Vec<f64>> {
        let n = self.planes();
        let mut depths = vec![-1.0; n * n];
        let border = usize::from(self.closed);
        if k < border || k >= n - border {
            return Ok(depths);
        }
        let samples = self.resolution * self.resolution;
        for first in (0..samples).step_by(self.chunk) {
            let samples = first..samples.min(first + self.chunk);
            let place = |sample: usize| [sample % self.resolution, sample / self.resolution].map(|s| s + border);
            let point = |sample: usize| {
                let [i, j] = place(sample);
                [i, j, k].map(|place| self.coordinate(place) as f32)
            };
            let points: Vec<f32> = samples.clone().flat_map(point).collect();
            let values = field(&points);
            assert_eq!(values.len(), samples.len(), "the function gives one value for each point");
            for ((sample, value), point) in samples.zip(&values).zip(points.chunks_exact(3)) {
                if !value.is_finite() {
                    return Err(Error::new(format!("the value at {point:?} is {value}, so there is no surface")));
                }
                let [i, j] = place(sample);
                depths[j * n + i] = match self.inside {
                    Inside::Above => f64::from(*value) - self.level,
                    Inside::Below => self.level - f64::from(*value),
                };
            }
        }
        Ok(depths)
    }
}

/// No vertex on this edge.
const NONE: u32 = u32::MAX;

/// A surface in the making, plane after plane.
struct Building<'a> {
    settings: &'a Extraction,
    vertices: Vec<Point>,
    triangles: Vec<[u32; 3]>,
    /// The number of planes so far, and the last of them.
    count: usize,
    last: Vec<f64>,
    /// Vertices on the last plane's edges along x and along y.
    on_last: [Vec<u32>; 2],
}

impl<'a> Building<'a> {
    fn new(settings: &'a Extraction) -> Self {
        let (vertices, triangles) = Default::default();
        Self { settings, vertices, triangles, count: 0, last: Vec::new(), on_last: Default::default() }
    }

    /// The vertex on the edge from `place`, whose depth is `from`, to the next place along an axis, whose depth is
    /// `to`.
    fn vertex(&mut self, place: [usize; 3], axis: usize, from: f64, to: f64) -> u32 {
        if (from > 0.0) == (to > 0.0) {
            return NONE;
        }
        let part = from / (from - to);
        let mut point = place.map(|place| self.settings.coordinate(place));
        point[axis] = point[axis] * (1.0 - part) + self.settings.coordinate(place[axis] + 1) * part;
        self.vertices.push(point);
        self.vertices.len() as u32 - 1
    }

    /// Adds a plane, and the triangles between it and the one before.
    fn add(&mut self, plane: Vec<f64>) {
        let n = self.settings.planes();
        let k = self.count;
        let mut on_plane = [vec![NONE; n * n], vec![NONE; n * n]];
        for place in 0..n * n {
            let (i, j) = (place % n, place / n);
            if i + 1 < n {
                on_plane[0][place] = self.vertex([i, j, k], 0, plane[place], plane[place + 1]);
            }
            if j + 1 < n {
                on_plane[1][place] = self.vertex([i, j, k], 1, plane[place], plane[place + n]);
            }
        }
        if k > 0 {
            let last = std::mem::take(&mut self.last);
            let between: Vec<u32> =
                (0..n * n).map(|p| self.vertex([p % n, p / n, k - 1], 2, last[p], plane[p])).collect();
            self.cells(&[&last, &plane], &on_plane, &between);
        }
        self.last = plane;
        self.on_last = on_plane;
        self.count += 1;
    }

    /// The triangles of the cells between two planes of depths.
    fn cells(&mut self, depths: &[&[f64]; 2], on_plane: &[Vec<u32>; 2], between: &[u32]) {
        let n = self.settings.planes();
        for j in 0..n - 1 {
            for i in 0..n - 1 {
                let place = j * n + i;
                let corner = |c: usize| depths[c >> 2][place + (c & 1) + n * (c >> 1 & 1)];
                let case = (0..8).fold(0, |case, c| case | usize::from(corner(c) > 0.0) << c);
                // See the table for how edges are numbered.
                let on_edge = |edge: u8| {
                    let (axis, first, second) = (edge >> 2, usize::from(edge & 1), usize::from(edge >> 1 & 1));
                    let planes = [&self.on_last, on_plane];
                    match axis {
                        0 => planes[second][0][place + n * first],
                        1 => planes[second][1][place + first],
                        _ => between[place + first + n * second],
                    }
                };
                let found = TRIANGLES[case].iter().map(|corners| corners.map(on_edge));
                self.triangles.extend(found);
            }
        }
    }
}

#[cfg(test)]
mod tests;
