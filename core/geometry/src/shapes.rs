//! Meshes of shapes whose area, volume and inside are known.

use std::f64::consts::TAU;

use crate::{Mesh, Point};

/// A box between two corners, 12 triangles.
pub fn cuboid(low: Point, high: Point) -> Mesh {
    let vertices = (0..8).map(|i| std::array::from_fn(|k| if i >> k & 1 == 1 { high[k] } else { low[k] })).collect();
    let sides = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
    let triangles = sides.iter().flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]]).collect();
    Mesh::new(vertices, triangles).expect("corners of a box")
}

/// A torus around the z axis: circles of radius `minor` around a circle of radius `major`, of `2 n` by `n` quads.
pub fn torus(major: f64, minor: f64, n: usize) -> Mesh {
    let at = |i: usize, j: usize| {
        let (u, v) = (TAU * i as f64 / (2 * n) as f64, TAU * j as f64 / n as f64);
        let reach = major + minor * v.cos();
        [reach * u.cos(), reach * u.sin(), minor * v.sin()]
    };
    grid(at, 2 * n, n)
}

/// A sphere around the origin: a cube's sides, divided into `n` by `n` quads and blown up.
pub fn sphere(radius: f64, n: usize) -> Mesh {
    let mut vertices = Vec::new();
    let mut triangles = Vec::new();
    for (axis, sign) in [(0, 1.0), (1, 1.0), (2, 1.0), (0, -1.0), (1, -1.0), (2, -1.0)] {
        let first = vertices.len() as u32;
        for i in 0..=n {
            for j in 0..=n {
                let [u, v] = [i, j].map(|k| 2.0 * k as f64 / n as f64 - 1.0);
                let mut point = [0.0; 3];
                (point[axis], point[(axis + 1) % 3], point[(axis + 2) % 3]) = (sign, u, v);
                let length = crate::vector::norm(point);
                vertices.push(point.map(|x| radius * x / length));
            }
        }
        for i in 0..n as u32 {
            for j in 0..n as u32 {
                let row = n as u32 + 1;
                let [a, b] = [i * row + j, (i + 1) * row + j].map(|k| k + first);
                let quad = if sign > 0.0 { [a, b, b + 1, a + 1] } else { [a, a + 1, b + 1, b] };
                triangles.extend([[quad[0], quad[1], quad[2]], [quad[0], quad[2], quad[3]]]);
            }
        }
    }
    Mesh::new(vertices, triangles).expect("points of a sphere").welded()
}

/// A closed grid of `rows` by `columns` quads.
fn grid(at: impl Fn(usize, usize) -> Point, rows: usize, columns: usize) -> Mesh {
    let vertices = (0..rows * columns).map(|k| at(k / columns, k % columns)).collect();
    let index = |i: usize, j: usize| ((i % rows) * columns + j % columns) as u32;
    let quads = (0..rows * columns).map(|k| (k / columns, k % columns));
    let triangles = quads.flat_map(|(i, j)| {
        let [a, b, c, d] = [index(i, j), index(i + 1, j), index(i + 1, j + 1), index(i, j + 1)];
        [[a, b, c], [a, c, d]]
    });
    Mesh::new(vertices, triangles.collect()).expect("points of a grid")
}
