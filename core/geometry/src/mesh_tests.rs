use std::f64::consts::PI;

use crate::shapes::{cuboid, sphere, torus};
use crate::{Bounds, Frame, Mesh, Topology};

fn close(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance * b.abs(), "{a} is not {b}");
}

#[test]
fn areas_and_volumes_are_those_of_the_shapes() {
    let cube = cuboid([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]);
    close(cube.area(), 22.0, 1e-12);
    close(cube.volume(), 6.0, 1e-12);
    close(sphere(2.0, 60).area(), 16.0 * PI, 1e-3);
    close(sphere(2.0, 60).volume(), 32.0 / 3.0 * PI, 1e-3);
    close(torus(1.0, 0.25, 100).volume(), 2.0 * PI * PI / 16.0, 1e-3);
    close(torus(1.0, 0.25, 100).area(), PI * PI, 1e-3);
    let away = cube.mapped(|p| p.map(|x| x + 1e6)).unwrap();
    close(away.volume(), 6.0, 1e-9);
    let mirrored = cube.mapped(|[x, y, z]| [-x, y, z]).unwrap();
    close(mirrored.volume(), -6.0, 1e-12);
}

#[test]
fn frames_centre_the_box_and_reach_their_extent() {
    let mesh = cuboid([1.0, 2.0, 3.0], [2.0, 4.0, 7.0]);
    let (cube, map) = mesh.normalised(Frame::Cube, 0.9).unwrap();
    assert_eq!(cube.bounds().unwrap().centre(), [0.0; 3]);
    assert_eq!(cube.bounds().unwrap().high, [0.225, 0.45, 0.9]);
    let back = map.invert(map.apply([1.5, -3.0, 0.25]));
    assert!(back.iter().zip([1.5, -3.0, 0.25]).all(|(a, b)| (a - b).abs() < 1e-12));
    let (ball, _) = mesh.normalised(Frame::Sphere, 1.0).unwrap();
    let farthest = ball.vertices().iter().map(|p| p.iter().map(|x| x * x).sum::<f64>().sqrt()).fold(0.0, f64::max);
    close(farthest, 1.0, 1e-12);
    // A vertex that no triangle uses, such as the end of a line, does not count.
    let mut vertices = mesh.vertices().to_vec();
    vertices.push([1e9; 3]);
    let with_point = Mesh::new(vertices, mesh.triangles().to_vec()).unwrap();
    assert_eq!(with_point.bounds(), mesh.bounds());
    assert!(Mesh::default().normalised(Frame::Cube, 1.0).is_err());
    let point = Mesh::new(vec![[1.0; 3]], vec![[0, 0, 0]]).unwrap();
    assert!(point.normalised(Frame::Sphere, 1.0).unwrap_err().to_string().contains("one point"));
}

#[test]
fn bad_vertices_and_indices_are_refused() {
    let nan = Mesh::new(vec![[0.0; 3], [0.0, f64::NAN, 0.0]], vec![]).unwrap_err();
    assert!(nan.to_string().contains("vertex 1"), "{nan}");
    let far = Mesh::new(vec![[0.0; 3]], vec![[0, 0, 1]]).unwrap_err();
    assert!(far.to_string().contains("triangle 0"), "{far}");
    assert!(cuboid([0.0; 3], [1.0; 3]).mapped(|p| p.map(|x| x / 0.0)).is_err());
}

#[test]
fn welding_closes_a_soup_and_drops_what_has_no_side() {
    let cube = cuboid([-1.0; 3], [1.0; 3]);
    let mut vertices: Vec<_> = cube.corners().flatten().collect();
    // The same place, written otherwise, and a triangle that has become a line.
    vertices.iter_mut().flatten().filter(|x| **x == 0.0).for_each(|x| *x = -0.0);
    vertices.extend([[1.0; 3], [-1.0; 3], [1.0; 3], [7.0; 3]]);
    let triangles = (0..13).map(|i| [3 * i, 3 * i + 1, 3 * i + 2]).collect();
    let soup = Mesh::new(vertices, triangles).unwrap();
    assert_eq!(Topology::of(&soup).open, 39);
    let welded = soup.welded();
    assert_eq!((welded.vertices().len(), welded.triangles().len()), (8, 12));
    assert!(Topology::of(&welded).watertight());
}

#[test]
fn normals_point_outward_and_are_units_everywhere() {
    let ball = sphere(3.0, 8);
    for (normal, vertex) in ball.normals().iter().zip(ball.vertices()) {
        let along: f64 = normal.iter().zip(vertex).map(|(a, b)| a * b / 3.0).sum();
        assert!(along > 0.99, "{along}");
    }
    let flat = Mesh::new(vec![[0.0; 3], [1.0, 0.0, 0.0]], vec![[0, 1, 1]]).unwrap();
    assert_eq!(flat.normals(), [[0.0, 0.0, 1.0]; 2]);
}

#[test]
fn bounds_are_those_of_all_points() {
    let bounds = Bounds::of([[0.0, 1.0, 2.0], [3.0, -1.0, 2.0]]).unwrap();
    assert_eq!((bounds.low, bounds.high), ([0.0, -1.0, 2.0], [3.0, 1.0, 2.0]));
    assert_eq!(Bounds::of([]), None);
}
