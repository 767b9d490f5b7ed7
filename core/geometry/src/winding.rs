//! What is inside a mesh: generalised winding numbers and distances, through a tree of boxes.
//!
//! The winding number says how often a surface goes around a point. For a closed mesh it is a whole number; for one
//! with holes, loose sheets or parts that pass through each other it changes smoothly across the holes, and more than a
//! half is a sound answer to "is it inside?". Source: Jacobson, Kavan, Sorkine-Hornung, "Robust Inside-Outside
//! Segmentation Using Generalized Winding Numbers", 2013.
//!
//! Far triangles are taken together, as Barill, Dickson, Schmidt, Levin, Jacobson, "Fast Winding Numbers for Soups and
//! Clouds", 2018, do: their angle is expanded around their common centre, here to second order.

use rayon::prelude::*;

use crate::mesh::Bounds;
use crate::tree::Tree;
use crate::triangle::{distance_to_triangle, winding_of_triangles};
use crate::vector::{add, centre, distance_squared, dot, norm, normal, scale, subtract};
use crate::{Error, Mesh, Point, Result};

/// Triangles are taken together when they are further away than this many times their radius.
const FAR: f64 = 2.0;

/// A mesh prepared for questions about inside, outside and distance.
pub struct Solid {
    tree: Tree,
    /// Corners in the tree's order.
    triangles: Vec<[Point; 3]>,
    /// One for each node of the tree.
    clusters: Vec<Cluster>,
}

/// Triangles seen from afar: the integrals of the normal `n` times `x - centre` to the powers 0, 1 and 2, as far as the
/// expansion needs them. That is their parts that do not change when indices are exchanged, and their traces.
struct Cluster {
    centre: Point,
    /// Distance from the centre to the farthest corner, squared.
    radius: f64,
    /// Of n_k.
    flux: Point,
    /// Of x_i n_i, summed; and of x_i n_j for the pairs ij of `PAIRS`, both orders together.
    trace: f64,
    first: [f64; 6],
    /// Of x_i x_i n_k + 2 x_i x_k n_i, summed over i; and of x_i x_j n_k for the triples ijk of `TRIPLES`, all orders
    /// together.
    traces: Point,
    second: [f64; 10],
}

const PAIRS: [[usize; 2]; 6] = [[0, 0], [1, 1], [2, 2], [0, 1], [0, 2], [1, 2]];
const TRIPLES: [[usize; 3]; 10] =
    [[0, 0, 0], [0, 0, 1], [0, 0, 2], [1, 1, 0], [1, 1, 1], [1, 1, 2], [2, 2, 0], [2, 2, 1], [2, 2, 2], [0, 1, 2]];

impl Solid {
    /// Sorts a mesh's triangles into a tree.
    ///
    /// # Errors
    /// If there is no triangle.
    pub fn new(mesh: &Mesh) -> Result<Self> {
        if mesh.is_empty() {
            return Err(Error::new("the mesh has no triangle, so it has no inside"));
        }
        let corners: Vec<[Point; 3]> = mesh.corners().collect();
        let boxes: Vec<Bounds> = corners.iter().map(|c| Bounds::of(*c).expect("three points")).collect();
        let tree = Tree::new(&boxes);
        let triangles: Vec<[Point; 3]> = tree.order.iter().map(|&i| corners[i as usize]).collect();
        let clusters = tree.nodes.iter().map(|node| Cluster::of(&triangles[node.start..node.end])).collect();
        Ok(Self { tree, triangles, clusters })
    }

    /// The winding number of a point: 1 inside a closed mesh, 0 outside, -1 inside one that is inside out. The error of
    /// the expansion is some thousandths.
    pub fn winding(&self, point: Point) -> f64 {
        let mut sum = 0.0;
        let mut waiting = vec![0];
        while let Some(i) = waiting.pop() {
            let (node, cluster) = (&self.tree.nodes[i], &self.clusters[i]);
            if distance_squared(point, cluster.centre) > FAR * FAR * cluster.radius {
                sum += cluster.winding(point);
            } else if node.second == 0 {
                let near = &self.triangles[node.start..node.end];
                sum += winding_of_triangles(near, point);
            } else {
                waiting.extend([node.second, i + 1]);
            }
        }
        sum
    }

    /// The distance from a point to the surface, exactly.
    pub fn distance(&self, point: Point) -> f64 {
        self.nearest(point, f64::INFINITY).sqrt()
    }

    /// The squared distance to the surface, or `limit` if it is not below that.
    fn nearest(&self, point: Point, limit: f64) -> f64 {
        self.tree.nearest(point, limit, |place| distance_to_triangle(self.triangles[place], point))
    }

    /// Whether a point is inside: its winding number is above a half, or it is closer to the surface than `thickness`.
    /// A thickness above 0 gives a body to sheets that have none; with 0 it is the winding number alone.
    pub fn inside(&self, point: Point, thickness: f64) -> bool {
        self.winding(point) > 0.5
            || (thickness > 0.0 && self.nearest(point, thickness * thickness) < thickness * thickness)
    }

    /// The distance to the surface, negative inside: where the winding number is above a half.
    pub fn signed_distance(&self, point: Point) -> f64 {
        let distance = self.distance(point);
        if self.winding(point) > 0.5 { -distance } else { distance }
    }

    /// [`inside`](Self::inside) of many points, in parallel; in the points' order.
    pub fn occupancy(&self, points: &[Point], thickness: f64) -> Vec<bool> {
        points.par_iter().with_min_len(64).map(|point| self.inside(*point, thickness)).collect()
    }

    /// [`signed_distance`](Self::signed_distance) of many points, in parallel; in the points' order.
    pub fn signed_distances(&self, points: &[Point]) -> Vec<f64> {
        points.par_iter().with_min_len(64).map(|point| self.signed_distance(*point)).collect()
    }
}

impl Cluster {
    fn of(triangles: &[[Point; 3]]) -> Self {
        // The centre is weighted by area: where the normals are, the expansion is best.
        let weighed = |sum: (Point, f64), corners: &[Point; 3]| {
            let weight = norm(normal(*corners)) + f64::MIN_POSITIVE;
            (add(sum.0, scale(centre(*corners), weight)), sum.1 + weight)
        };
        let (sum, weight) = triangles.iter().fold(([0.0; 3], 0.0), weighed);
        let middle = scale(sum, 1.0 / weight);
        let radius = triangles.iter().flatten().map(|corner| distance_squared(*corner, middle)).fold(0.0, f64::max);
        // [k], [i][k], [i][j][k]
        let (mut flux, mut first, mut second) = ([0.0; 3], [[0.0; 3]; 3], [[[0.0; 3]; 3]; 3]);
        for corners in triangles {
            let n = scale(normal(*corners), 0.5);
            let mass = subtract(centre(*corners), middle);
            let corners = corners.map(|corner| subtract(corner, middle));
            flux = add(flux, n);
            for i in 0..3 {
                first[i] = add(first[i], scale(n, mass[i]));
                for j in 0..3 {
                    // The mean of x_i x_j over a triangle: (9 mass_i mass_j + sum over corners of x_i x_j) / 12.
                    let of_corners: f64 = corners.iter().map(|corner| corner[i] * corner[j]).sum();
                    second[i][j] = add(second[i][j], scale(n, (9.0 * mass[i] * mass[j] + of_corners) / 12.0));
                }
            }
        }
        // The mean over all orders of the indices, times the number of different ones.
        let pair = |[i, j]: [usize; 2]| if i == j { first[i][i] } else { first[i][j] + first[j][i] };
        let triple = |[i, j, k]: [usize; 3]| {
            let sum = 2.0 * (second[i][j][k] + second[j][k][i] + second[k][i][j]);
            let different = if i == k {
                1.0
            } else if i == j {
                3.0
            } else {
                6.0
            };
            sum / 6.0 * different
        };
        let traces = |k: usize| (0..3).map(|i| second[i][i][k] + 2.0 * second[i][k][i]).sum();
        Self {
            centre: middle,
            radius,
            flux,
            trace: first[0][0] + first[1][1] + first[2][2],
            first: PAIRS.map(pair),
            traces: std::array::from_fn(traces),
            second: TRIPLES.map(triple),
        }
    }

    /// The Taylor series of the field `r / |r|^3` around the centre, against the moments.
    fn winding(&self, point: Point) -> f64 {
        let r = subtract(self.centre, point);
        let square = dot(r, r);
        let cube = square * square.sqrt();
        let zeroth = dot(self.flux, r);
        let along: f64 = PAIRS.iter().zip(&self.first).map(|([i, j], part)| part * r[*i] * r[*j]).sum();
        let first = self.trace - 3.0 * along / square;
        let triple: f64 = TRIPLES.iter().zip(&self.second).map(|([i, j, k], part)| part * r[*i] * r[*j] * r[*k]).sum();
        let second = (7.5 * triple / square - 1.5 * dot(self.traces, r)) / square;
        (zeroth + first + second) / (4.0 * std::f64::consts::PI * cube)
    }
}
