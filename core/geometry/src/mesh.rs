//! Triangle meshes: what they measure, and how they are brought to one size.

use std::collections::{HashMap, HashSet};

use crate::vector::{add, cross, distance_squared, dot, norm, normal, scale, subtract, unit};
use crate::{Error, Point, Result};

/// Triangles over shared vertices. Counter-clockwise corners are seen from outside.
///
/// All vertices are finite and all indices in range. There may be no triangle at all: an iso-surface can be empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mesh {
    vertices: Vec<Point>,
    triangles: Vec<[u32; 3]>,
}

/// An axis-parallel box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Least coordinates.
    pub low: Point,
    /// Greatest coordinates.
    pub high: Point,
}

/// How a mesh is brought to the size of an INR's domain. Its bounding box is centred on the origin in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// The longest side of the bounding box becomes `[-extent, extent]`.
    Cube,
    /// The vertex farthest from the box's centre gets the distance `extent`.
    Sphere,
}

/// A shift and a scaling: `x -> (x - centre) * scale`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    /// What becomes the origin.
    pub centre: Point,
    /// The factor of all lengths.
    pub scale: f64,
}

impl Similarity {
    /// Where a point goes.
    pub fn apply(&self, point: Point) -> Point {
        scale(subtract(point, self.centre), self.scale)
    }

    /// Where a point came from.
    pub fn invert(&self, point: Point) -> Point {
        add(scale(point, 1.0 / self.scale), self.centre)
    }
}

impl Bounds {
    /// The smallest box around points; `None` if there is none.
    pub fn of(points: impl IntoIterator<Item = Point>) -> Option<Self> {
        let mut points = points.into_iter();
        let first = points.next()?;
        Some(points.fold(Self { low: first, high: first }, |bounds, point| bounds.with(point)))
    }

    /// The smallest box around this one and a point.
    pub fn with(self, point: Point) -> Self {
        let Self { low, high } = self;
        Self {
            low: std::array::from_fn(|k| low[k].min(point[k])),
            high: std::array::from_fn(|k| high[k].max(point[k])),
        }
    }

    /// The middle.
    pub fn centre(&self) -> Point {
        scale(add(self.low, self.high), 0.5)
    }

    /// Lengths of the sides.
    pub fn size(&self) -> Point {
        subtract(self.high, self.low)
    }
}

impl Mesh {
    /// A mesh of these vertices and triangles.
    ///
    /// # Errors
    /// If a vertex is not finite, or a triangle names a vertex that is not there.
    pub fn new(vertices: Vec<Point>, triangles: Vec<[u32; 3]>) -> Result<Self> {
        if let Some(i) = vertices.iter().position(|vertex| !vertex.iter().all(|x| x.is_finite())) {
            return Err(Error::new(format!("vertex {i} is {:?}; coordinates must be finite numbers", vertices[i])));
        }
        let count = vertices.len();
        if let Some(i) = triangles.iter().position(|corners| corners.iter().any(|&c| c as usize >= count)) {
            let corners = triangles[i];
            return Err(Error::new(format!("triangle {i} has corners {corners:?}, but there are {count} vertices")));
        }
        Ok(Self { vertices, triangles })
    }

    /// The vertices, `[n]`.
    pub fn vertices(&self) -> &[Point] {
        &self.vertices
    }

    /// Indices of the triangles' corners.
    pub fn triangles(&self) -> &[[u32; 3]] {
        &self.triangles
    }

    /// Whether there is no triangle.
    pub fn is_empty(&self) -> bool {
        self.triangles.is_empty()
    }

    /// The corners of each triangle.
    pub fn corners(&self) -> impl ExactSizeIterator<Item = [Point; 3]> + Clone + '_ {
        self.triangles.iter().map(|corners| corners.map(|c| self.vertices[c as usize]))
    }

    /// The area of all triangles.
    pub fn area(&self) -> f64 {
        self.corners().map(|corners| norm(normal(corners)) / 2.0).sum()
    }

    /// The volume within, by the divergence theorem; negative if the mesh is inside out, and of no meaning if it has
    /// holes.
    pub fn volume(&self) -> f64 {
        // Measured from the middle, so that a mesh far from the origin loses no digits.
        let Some(middle) = self.bounds().map(|bounds| bounds.centre()) else { return 0.0 };
        let six = |corners: [Point; 3]| {
            let [a, b, c] = corners.map(|corner| subtract(corner, middle));
            dot(a, cross(b, c))
        };
        self.corners().map(six).sum::<f64>() / 6.0
    }

    /// The box around all triangles; vertices that no triangle uses do not count. `None` if there is no triangle.
    pub fn bounds(&self) -> Option<Bounds> {
        Bounds::of(self.corners().flatten())
    }

    /// A normal of length 1 at each vertex: the mean of its triangles' normals, weighted by their areas.
    /// A vertex without area around it gets `[0, 0, 1]`, so that all are unit vectors.
    pub fn normals(&self) -> Vec<Point> {
        let mut sums = vec![[0.0; 3]; self.vertices.len()];
        for (corners, points) in self.triangles.iter().zip(self.corners()) {
            let normal = normal(points);
            corners.iter().for_each(|&c| sums[c as usize] = add(sums[c as usize], normal));
        }
        sums.into_iter().map(|sum| if norm(sum) > f64::MIN_POSITIVE { unit(sum) } else { [0.0, 0.0, 1.0] }).collect()
    }

    /// The mesh with every vertex moved by `map`.
    ///
    /// # Errors
    /// If a vertex is moved to a place that is not finite.
    pub fn mapped(&self, map: impl FnMut(Point) -> Point) -> Result<Self> {
        Self::new(self.vertices.iter().copied().map(map).collect(), self.triangles.clone())
    }

    /// The mesh centred and scaled to a frame, and the map that did it.
    ///
    /// # Errors
    /// If the mesh has no triangle, or no extent.
    pub fn normalised(&self, frame: Frame, extent: f64) -> Result<(Self, Similarity)> {
        let bounds = self.bounds().ok_or_else(|| Error::new("the mesh has no triangle, so it has no size"))?;
        let centre = bounds.centre();
        let size = match frame {
            Frame::Cube => bounds.size().into_iter().fold(0.0, f64::max) / 2.0,
            Frame::Sphere => self.corners().flatten().map(|p| distance_squared(p, centre)).fold(0.0, f64::max).sqrt(),
        };
        let map = Similarity { centre, scale: extent / size };
        if !(size > 0.0 && map.scale.is_finite()) {
            return Err(Error::new("all corners of the mesh lie in one point, so it cannot be scaled"));
        }
        Ok((self.mapped(|point| map.apply(point))?, map))
    }

    /// The mesh with vertices at exactly the same place made one, without the triangles that thereby lose a side, and
    /// without the vertices that no triangle uses. Files that list corners anew for each group or triangle need it
    /// before anything is said about edges.
    pub fn welded(&self) -> Self {
        let mut places = HashMap::new();
        let mut vertices = Vec::new();
        let mut triangles = Vec::with_capacity(self.triangles.len());
        for corners in self.corners() {
            // Adding zero makes -0 and 0 one place.
            let keys = corners.map(|corner| corner.map(|x| (x + 0.0).to_bits()));
            if keys[0] == keys[1] || keys[1] == keys[2] || keys[2] == keys[0] {
                continue;
            }
            let mut place = |k: usize| {
                *places.entry(keys[k]).or_insert_with(|| {
                    vertices.push(corners[k]);
                    vertices.len() as u32 - 1
                })
            };
            triangles.push([place(0), place(1), place(2)]);
        }
        Self { vertices, triangles }
    }

    /// The mesh with each set of three vertices in one triangle only, the first. Models made for pictures have some
    /// surfaces twice, once for each side, and then the winding numbers of both cancel. Weld the mesh first.
    pub fn single_sided(&self) -> Self {
        let mut seen = HashSet::with_capacity(self.triangles.len());
        let is_first = |corners: &&[u32; 3]| {
            let mut sorted = **corners;
            sorted.sort_unstable();
            seen.insert(sorted)
        };
        let triangles = self.triangles.iter().filter(is_first).copied().collect();
        Self { vertices: self.vertices.clone(), triangles }
    }

    /// The triangles of several meshes as one.
    pub fn joined<'a>(meshes: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut all = Self::default();
        for mesh in meshes {
            let first = all.vertices.len() as u32;
            all.vertices.extend_from_slice(&mesh.vertices);
            all.triangles.extend(mesh.triangles.iter().map(|corners| corners.map(|c| c + first)));
        }
        all
    }
}
