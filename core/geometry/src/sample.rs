//! Random points: on a surface, near it, and in a cube. All from a given stream, one point after another.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::vector::{add, norm, normal, scale};
use crate::{Error, Mesh, Point, Result};

/// Draws points that are uniform on a mesh's surface.
pub struct Surface {
    corners: Vec<[Point; 3]>,
    /// The area of all triangles up to and with this one.
    areas: Vec<f64>,
}

impl Surface {
    /// Prepares a mesh's triangles.
    ///
    /// # Errors
    /// If the mesh has no area.
    pub fn new(mesh: &Mesh) -> Result<Self> {
        let corners: Vec<[Point; 3]> = mesh.corners().collect();
        let mut total = 0.0;
        let areas: Vec<f64> = corners
            .iter()
            .map(|corners| {
                total += norm(normal(*corners)) / 2.0;
                total
            })
            .collect();
        if !(total > 0.0 && total.is_finite()) {
            return Err(Error::new("the mesh has no area, so no points can be drawn on it"));
        }
        Ok(Self { corners, areas })
    }

    /// `count` points, each uniform by area.
    pub fn draw(&self, count: usize, rng: &mut ChaCha8Rng) -> Vec<Point> {
        (0..count).map(|_| self.point(rng)).collect()
    }

    /// `count` points of the surface, each moved by N(0, sigma²) along every axis.
    pub fn draw_near(&self, count: usize, sigma: f64, rng: &mut ChaCha8Rng) -> Vec<Point> {
        let point = |_| {
            self.point(rng).map(|x| {
                let noise: f64 = StandardNormal.sample(rng);
                x + sigma * noise
            })
        };
        (0..count).map(point).collect()
    }

    fn point(&self, rng: &mut ChaCha8Rng) -> Point {
        let total = *self.areas.last().expect("a surface has a triangle");
        let area = total * rng.random::<f64>();
        // The first triangle that ends beyond, so one without area is never met.
        let triangle = self.areas.partition_point(|end| *end <= area).min(self.areas.len() - 1);
        let [a, b, c] = self.corners[triangle];
        let (root, along) = (rng.random::<f64>().sqrt(), rng.random::<f64>());
        let (to_b, to_c) = (root * (1.0 - along), root * along);
        add(scale(a, 1.0 - root), add(scale(b, to_b), scale(c, to_c)))
    }
}

/// `count` points, uniform in the cube `[-half, half]^3`.
pub fn in_cube(count: usize, half: f64, rng: &mut ChaCha8Rng) -> Vec<Point> {
    (0..count).map(|_| std::array::from_fn(|_| half * (2.0 * rng.random::<f64>() - 1.0))).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::{Solid, shapes};

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    #[test]
    fn points_of_a_surface_are_uniform_by_area() {
        // Sides of a box: areas 2, 3 and 6, twice each, and each side's halves are alike.
        let mesh = shapes::cuboid([0.0; 3], [1.0, 2.0, 3.0]);
        let points = Surface::new(&mesh).unwrap().draw(88_000, &mut rng(1));
        let share = |inside: &dyn Fn(&Point) -> bool| points.iter().filter(|p| inside(p)).count() as f64 / 88_000.0;
        assert!((share(&|p| p[2].abs() < 1e-9) - 2.0 / 22.0).abs() < 0.005);
        assert!((share(&|p| (p[1] - 2.0).abs() < 1e-9) - 3.0 / 22.0).abs() < 0.005);
        assert!((share(&|p| (p[0] - 1.0).abs() < 1e-9) - 6.0 / 22.0).abs() < 0.005);
        assert!((share(&|p| p[0].abs() < 1e-9 && p[1] < 1.0) - 3.0 / 22.0).abs() < 0.005);
        let solid = Solid::new(&mesh).unwrap();
        assert!(points.iter().take(500).all(|point| solid.distance(*point) < 1e-12));
    }

    #[test]
    fn a_triangle_without_area_is_never_drawn() {
        let vertices = vec![[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [9.0, 9.0, 9.0]];
        let mesh = Mesh::new(vertices, vec![[3, 3, 3], [0, 1, 2], [3, 3, 0]]).unwrap();
        let points = Surface::new(&mesh).unwrap().draw(1000, &mut rng(2));
        assert!(points.iter().all(|p| p[2] == 0.0 && p[0] + p[1] <= 1.0 + 1e-12));
        assert!(Surface::new(&Mesh::new(vec![[0.0; 3]], vec![[0, 0, 0]]).unwrap()).is_err());
    }

    #[test]
    fn near_points_lie_at_the_stated_distance() {
        // A plane so large that the rim does not matter: the distance to it is |N(0, sigma²)|.
        let mesh = shapes::cuboid([-500.0, -500.0, -500.0], [500.0, 500.0, 500.0]);
        let points = Surface::new(&mesh).unwrap().draw_near(20_000, 0.1, &mut rng(3));
        let solid = Solid::new(&mesh).unwrap();
        let square = points.iter().map(|p| solid.distance(*p).powi(2)).sum::<f64>() / 20_000.0;
        assert!((square.sqrt() - 0.1).abs() < 0.002, "{}", square.sqrt());
    }

    #[test]
    fn the_same_seed_draws_the_same_points_and_the_cube_is_filled() {
        let points = in_cube(40_000, 0.5, &mut rng(4));
        assert_eq!(points, in_cube(40_000, 0.5, &mut rng(4)));
        assert_ne!(points, in_cube(40_000, 0.5, &mut rng(5)));
        for k in 0..3 {
            let mean = points.iter().map(|p| p[k]).sum::<f64>() / 40_000.0;
            let square = points.iter().map(|p| p[k] * p[k]).sum::<f64>() / 40_000.0;
            assert!(mean.abs() < 0.005 && (square - 1.0 / 12.0).abs() < 0.002);
            assert!(points.iter().all(|p| p[k].abs() <= 0.5));
        }
    }
}
