//! Pictures of meshes: a small rasteriser with a depth buffer and two lights. The same bytes each time.

use crate::vector::{add, dot, normal, scale, unit};
use crate::{Mesh, Point};

/// Rows and columns of samples in each pixel.
const SAMPLES: usize = 3;
/// Colours, before light: of the surface, and of what is behind it.
const SURFACE: Point = [0.55, 0.62, 0.72];
const BACKGROUND: Point = [0.93, 0.93, 0.94];
/// Where light comes from as the viewer sees it (right, up, towards the viewer), and how much.
const LIGHTS: [(Point, f64); 2] = [([-0.45, 0.75, 0.6], 0.7), ([0.85, 0.15, 0.5], 0.25)];
const AMBIENT: f64 = 0.22;

/// From where a mesh is looked at, in parallel projection, the origin in the middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Pixels from left to right.
    pub width: usize,
    /// Pixels from top to bottom.
    pub height: usize,
    /// Degrees around the upright axis y: 0 looks from +z, 90 from +x.
    pub azimuth: f64,
    /// Degrees above the horizon.
    pub elevation: f64,
    /// Half of the lengths that the shorter side of the picture shows.
    pub half: f64,
    /// Whether normals are interpolated between vertices, as for iso-surfaces, or each triangle is flat.
    pub smooth: bool,
}

impl Default for View {
    /// 256 x 256 pixels, from the front, the right and above; a mesh in the unit ball fills the picture.
    fn default() -> Self {
        Self { width: 256, height: 256, azimuth: 35.0, elevation: 25.0, half: 1.05, smooth: false }
    }
}

/// A shaded picture: `[height, width, 4]`, RGBA, opaque. Both sides of a triangle are lit.
pub fn shade(mesh: &Mesh, view: &View) -> Vec<u8> {
    let (columns, rows) = (view.width * SAMPLES, view.height * SAMPLES);
    let turned = Camera::new(view);
    let to_sample = columns.min(rows) as f64 / (2.0 * view.half);
    let place = |point: &Point| {
        let [x, y, z] = turned.apply(*point);
        [columns as f64 / 2.0 + x * to_sample, rows as f64 / 2.0 - y * to_sample, z]
    };
    let places: Vec<Point> = mesh.vertices().iter().map(place).collect();
    let smooth = view.smooth.then(|| mesh.normals());
    let mut samples = vec![(f64::NEG_INFINITY, BACKGROUND); columns * rows];
    for (corners, points) in mesh.triangles().iter().zip(mesh.corners()) {
        let flat = unit(normal(points));
        let normals = match &smooth {
            Some(normals) => corners.map(|corner| normals[corner as usize]),
            None => [flat; 3],
        };
        let normals = normals.map(|normal| turned.apply(normal));
        let corners = corners.map(|corner| places[corner as usize]);
        fill(corners, [columns, rows], |place, depth, weights| {
            if depth > samples[place].0 {
                let parts = [0, 1, 2].map(|k| scale(normals[k], weights[k]));
                samples[place] = (depth, lit(unit(add(add(parts[0], parts[1]), parts[2]))));
            }
        });
    }
    let mut pixels = Vec::with_capacity(4 * view.width * view.height);
    for row in 0..view.height {
        for column in 0..view.width {
            let of_pixel = (0..SAMPLES * SAMPLES).map(|k| {
                let (i, j) = (row * SAMPLES + k / SAMPLES, column * SAMPLES + k % SAMPLES);
                samples[i * columns + j].1
            });
            let sum = of_pixel.fold([0.0; 3], add);
            pixels.extend(sum.map(|x| (x / (SAMPLES * SAMPLES) as f64 * 255.0).round().clamp(0.0, 255.0) as u8));
            pixels.push(255);
        }
    }
    pixels
}

/// The colour of the surface where it has this normal, as the viewer sees it.
fn lit(normal: Point) -> Point {
    // The side that is seen is the one that faces the viewer.
    let normal = if normal[2] < 0.0 { scale(normal, -1.0) } else { normal };
    let light: f64 = LIGHTS.iter().map(|(from, power)| power * dot(normal, unit(*from)).max(0.0)).sum();
    SURFACE.map(|part| (part * (AMBIENT + light) * 1.25).min(1.0).powf(1.0 / 1.4))
}

/// The samples of a triangle: place, depth, and the corners' weights.
fn fill(corners: [Point; 3], [columns, rows]: [usize; 2], mut set: impl FnMut(usize, f64, [f64; 3])) {
    let [a, b, c] = corners;
    let turn = |a: Point, b: Point, x: f64, y: f64| (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]);
    let area = turn(a, b, c[0], c[1]);
    if area == 0.0 || !area.is_finite() {
        return;
    }
    // Samples lie in the middle of their cells.
    let range = |axis: usize, count: usize| {
        let low = corners.iter().map(|corner| corner[axis]).fold(f64::INFINITY, f64::min);
        let high = corners.iter().map(|corner| corner[axis]).fold(f64::NEG_INFINITY, f64::max);
        ((low - 0.5).ceil().max(0.0) as usize)..((high + 0.5).floor().clamp(0.0, count as f64) as usize)
    };
    for row in range(1, rows) {
        for column in range(0, columns) {
            let (x, y) = (column as f64 + 0.5, row as f64 + 0.5);
            let weights = [turn(b, c, x, y), turn(c, a, x, y), turn(a, b, x, y)].map(|part| part / area);
            if weights.iter().all(|weight| *weight >= 0.0) {
                let depth = (0..3).map(|k| weights[k] * corners[k][2]).sum();
                set(row * columns + column, depth, weights);
            }
        }
    }
}

/// Turns points to what the viewer sees: right, up, towards the viewer.
struct Camera {
    azimuth: (f64, f64),
    elevation: (f64, f64),
}

impl Camera {
    fn new(view: &View) -> Self {
        Self { azimuth: view.azimuth.to_radians().sin_cos(), elevation: view.elevation.to_radians().sin_cos() }
    }

    fn apply(&self, [x, y, z]: Point) -> Point {
        let (sin, cos) = self.azimuth;
        let (right, ahead) = (cos * x - sin * z, sin * x + cos * z);
        let (sin, cos) = self.elevation;
        [right, cos * y - sin * ahead, sin * y + cos * ahead]
    }
}

#[cfg(test)]
mod tests;
