use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::shapes::{cuboid, sphere, torus};
use crate::vector::{distance_squared, norm};
use crate::{Mesh, Point, Solid, sample, triangle};

fn points(count: usize, half: f64, seed: u64) -> Vec<Point> {
    sample::in_cube(count, half, &mut ChaCha8Rng::seed_from_u64(seed))
}

/// The sum over all triangles, without a tree.
fn exact(mesh: &Mesh, point: Point) -> f64 {
    mesh.corners().map(|corners| triangle::winding_of_triangles(&[corners], point)).sum()
}

/// How far a point lies outside the torus of radii 0.6 and 0.25 around z.
fn outside_torus([x, y, z]: Point) -> f64 {
    ((x.hypot(y) - 0.6).hypot(z)) - 0.25
}

#[test]
fn analytic_shapes_have_their_inside_and_their_distance() {
    let ball = Solid::new(&sphere(0.7, 40)).unwrap();
    let ring = Solid::new(&torus(0.6, 0.25, 60)).unwrap();
    let block = Solid::new(&cuboid([-0.5, -0.25, -0.75], [0.5, 0.25, 0.75])).unwrap();
    let outside_block = |p: Point| {
        let d = [p[0].abs() - 0.5, p[1].abs() - 0.25, p[2].abs() - 0.75];
        norm(d.map(|x| x.max(0.0))) + d[0].max(d[1]).max(d[2]).min(0.0)
    };
    let outside_ball = |p: Point| norm(p) - 0.7;
    let check = |solid: &Solid, outside: &dyn Fn(Point) -> f64, tolerance: f64| {
        let points = points(3000, 1.0, 1);
        let found = solid.signed_distances(&points);
        for (point, distance) in points.iter().zip(found) {
            let expected = outside(*point);
            if expected.abs() > tolerance {
                assert!((distance - expected).abs() <= tolerance, "{point:?}: {distance}, not {expected}");
                assert_eq!(solid.inside(*point, 0.0), expected < 0.0, "{point:?}");
                assert!((solid.winding(*point) - f64::from(u8::from(expected < 0.0))).abs() < 0.02);
            }
        }
    };
    check(&ball, &outside_ball, 2e-3);
    check(&ring, &outside_torus, 2e-3);
    check(&block, &outside_block, 1e-12);
}

#[test]
fn the_expansion_is_close_to_the_sum_for_any_triangles() {
    // A soup: triangles of a torus in a random half, with a ball that is inside out.
    let ring = torus(0.6, 0.25, 30);
    let kept = ring.triangles().iter().enumerate().filter(|(i, _)| (i * 7919) % 13 < 6).map(|(_, t)| *t).collect();
    let ring = Mesh::new(ring.vertices().to_vec(), kept).unwrap();
    let ball = sphere(0.5, 10).mapped(|[x, y, z]| [-x, y, z + 0.4]).unwrap();
    let mesh = Mesh::joined([&ring, &ball]);
    let solid = Solid::new(&mesh).unwrap();
    let (mut worst, mut sum) = (0f64, 0.0);
    for point in points(2000, 1.2, 2) {
        let error = (solid.winding(point) - exact(&mesh, point)).abs();
        (worst, sum) = (worst.max(error), sum + error);
    }
    assert!(worst < 0.01 && sum / 2000.0 < 0.001, "worst {worst}, mean {}", sum / 2000.0);
}

#[test]
fn holes_loose_parts_and_overlaps_leave_the_inside_where_it_is() {
    // A ball with a hole of a tenth of its triangles, a block through it that overlaps, and a loose sheet beside it.
    let ball = sphere(0.6, 20);
    let holed = ball.corners().zip(ball.triangles()).filter(|([a, ..], _)| a[2] < 0.5).map(|(_, t)| *t).collect();
    let holed = Mesh::new(ball.vertices().to_vec(), holed).unwrap();
    assert!(holed.triangles().len() < ball.triangles().len() * 95 / 100);
    let block = cuboid([-0.9, -0.1, -0.1], [0.9, 0.1, 0.1]);
    let sheet = Mesh::new(vec![[0.8, 0.8, -0.5], [0.9, 0.8, -0.5], [0.9, 0.9, 0.5]], vec![[0, 1, 2]]).unwrap();
    let solid = Solid::new(&Mesh::joined([&holed, &block, &sheet])).unwrap();
    let points = points(4000, 1.0, 3);
    let occupied = solid.occupancy(&points, 0.0);
    let expected = |p: &Point| norm(*p) < 0.6 || (p[0].abs() < 0.9 && p[1].abs() < 0.1 && p[2].abs() < 0.1);
    // Apart from the hole, and from where the ball's triangles lie within the ball.
    let clear = |p: &Point| p[2] < 0.4 && (norm(*p) - 0.6).abs() > 0.005;
    let wrong = points.iter().zip(&occupied).filter(|(p, found)| clear(p) && expected(p) != **found).count();
    assert_eq!(wrong, 0);
    assert!(occupied.iter().filter(|inside| **inside).count() > 300);
}

#[test]
fn distances_are_those_to_the_nearest_triangle() {
    let mesh = torus(0.6, 0.25, 12);
    let solid = Solid::new(&mesh).unwrap();
    for point in points(500, 1.5, 4) {
        let each = mesh.corners().map(|corners| triangle::distance_to_triangle(corners, point));
        let expected = each.fold(f64::INFINITY, f64::min).sqrt();
        assert_eq!(solid.distance(point), expected);
    }
}

#[test]
fn the_distance_to_a_triangle_is_the_least_over_its_points() {
    // Against a fine grid of the triangle's points, from all sides, corners and edges among them.
    let corners = [[0.0, 0.0, 0.0], [1.0, 0.2, 0.1], [0.3, 0.9, -0.2]];
    for point in points(200, 2.0, 5) {
        let found = triangle::distance_to_triangle(corners, point);
        let mut least = f64::INFINITY;
        for i in 0..=200 {
            for j in 0..=200 - i {
                let (u, v) = (f64::from(i) / 200.0, f64::from(j) / 200.0);
                let at = std::array::from_fn(|k| corners[0][k] * (1.0 - u - v) + corners[1][k] * u + corners[2][k] * v);
                least = least.min(distance_squared(point, at));
            }
        }
        assert!(found <= least + 1e-12 && found.sqrt() >= least.sqrt() - 0.01, "{found} {least}");
    }
}

#[test]
fn thickness_gives_sheets_a_body() {
    let sheet = Mesh::new(vec![[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], vec![[0, 1, 2]]).unwrap();
    let solid = Solid::new(&sheet).unwrap();
    for z in [-0.04, 0.04] {
        assert!(!solid.inside([0.25, 0.25, z], 0.0));
        assert!(solid.inside([0.25, 0.25, z], 0.05));
    }
    assert!(!solid.inside([0.25, 0.25, 0.06], 0.05));
    assert!(Solid::new(&Mesh::default()).is_err());
}

#[test]
fn surfaces_that_are_there_once_for_each_side_enclose_nothing_until_they_are_single() {
    let cube = cuboid([-0.5; 3], [0.5; 3]);
    let back = cube.triangles().iter().map(|[a, b, c]| [*c, *b, *a]);
    let both = cube.triangles().iter().copied().chain(back).collect();
    let both = Mesh::new(cube.vertices().to_vec(), both).unwrap();
    assert!(Solid::new(&both).unwrap().winding([0.1; 3]).abs() < 1e-9);
    assert_eq!(both.single_sided(), cube);
    assert_eq!(cube.single_sided(), cube);
}
