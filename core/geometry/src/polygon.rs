//! Polygons of a mesh file to triangles, by cutting off ears.
//!
//! A polygon of n corners always becomes n - 2 triangles with each of its sides in exactly one, also where it is not
//! planar, crosses itself or has corners in a row: so a closed mesh of polygons is a closed mesh of triangles.
//! (Libraries for this drop corners that lie on a line, which tears the neighbours' edges apart.)

use crate::Point;
use crate::vector::{cross, dot, norm, subtract};

/// Polygons of more corners are cut as fans even where that covers too much: ears cost the square of the corners and
/// more.
const MOST_EARS: usize = 2000;

/// Triangles of a polygon, as places in `corners`, in its direction of rotation.
pub(crate) fn triangulate(corners: &[Point]) -> Vec<[usize; 3]> {
    let n = corners.len();
    let fan = || (1..n.saturating_sub(1)).map(|i| [0, i, i + 1]).collect();
    if n <= 3 {
        return fan();
    }
    let flat = flatten(corners);
    // A fan whose triangles all turn left covers the polygon once: it is convex, or its first corner sees all of it.
    let turns = || (1..n - 1).map(|i| turn(flat[0], flat[i], flat[i + 1]));
    let slack = 1e-9 * turns().map(f64::abs).fold(0.0, f64::max);
    if turns().all(|turn| turn >= -slack) || n > MOST_EARS {
        return fan();
    }
    let mut rest: Vec<usize> = (0..n).collect();
    let mut triangles = Vec::with_capacity(n - 2);
    while rest.len() > 3 {
        let m = rest.len();
        let around = |i: usize| [rest[(i + m - 1) % m], rest[i], rest[(i + 1) % m]];
        let is_ear = |i: &usize| {
            let [a, b, c] = around(*i);
            turn(flat[a], flat[b], flat[c]) > slack
                && !rest.iter().any(|&p| {
                    let elsewhere = flat[p] != flat[a] && flat[p] != flat[b] && flat[p] != flat[c];
                    elsewhere && within([flat[a], flat[b], flat[c]], flat[p])
                })
        };
        let turn_at = |i: usize| {
            let [a, b, c] = around(i);
            turn(flat[a], flat[b], flat[c])
        };
        // Else a corner in a row with its neighbours, or at one place with one, which costs no area. Without either the
        // polygon crosses itself, and the corner that turns most is as good as any.
        let straight = || (0..m).find(|i| turn_at(*i).abs() <= slack);
        let most = || (0..m).max_by(|i, j| turn_at(*i).total_cmp(&turn_at(*j))).expect("there are corners");
        let ear = (0..m).find(is_ear).or_else(straight).unwrap_or_else(most);
        triangles.push(around(ear));
        rest.remove(ear);
    }
    triangles.push([rest[0], rest[1], rest[2]]);
    triangles
}

/// The corners seen along the polygon's normal (Newell's), so that it runs counter-clockwise.
fn flatten(corners: &[Point]) -> Vec<[f64; 2]> {
    let origin = corners[0];
    let local: Vec<Point> = corners.iter().map(|corner| subtract(*corner, origin)).collect();
    let sides = local.iter().zip(local.iter().cycle().skip(1));
    let normal = sides.fold([0.0; 3], |sum, (a, b)| crate::vector::add(sum, cross(*a, *b)));
    // Axes of the plane: any two that are at right angles to the normal and to each other.
    let least = (0..3).min_by(|&i, &j| normal[i].abs().total_cmp(&normal[j].abs())).expect("three axes");
    let mut axis = [0.0; 3];
    axis[least] = 1.0;
    let u = cross(axis, normal);
    let length = norm(u);
    let u = if length > 0.0 { u.map(|x| x / length) } else { [1.0, 0.0, 0.0] };
    let v = cross(normal, u);
    let length = norm(v);
    let v = if length > 0.0 { v.map(|x| x / length) } else { [0.0, 1.0, 0.0] };
    local.iter().map(|point| [dot(*point, u), dot(*point, v)]).collect()
}

/// Twice the signed area of a triangle: positive for a turn to the left.
fn turn(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Whether a point lies in a triangle that turns left, or on its rim.
fn within([a, b, c]: [[f64; 2]; 3], p: [f64; 2]) -> bool {
    turn(a, b, p) >= 0.0 && turn(b, c, p) >= 0.0 && turn(c, a, p) >= 0.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Mesh;

    fn area(corners: &[Point]) -> f64 {
        let triangles = triangulate(corners).into_iter().map(|t| t.map(|i| i as u32)).collect();
        Mesh::new(corners.to_vec(), triangles).unwrap().area()
    }

    #[test]
    fn notched_polygons_keep_their_area() {
        // An arrow: a fan from its first corner would cover it with 1.5 times the area.
        let arrow = [[0.0, 0.5, 0.0], [1.0, 2.0, 0.0], [0.0, 1.0, 0.0], [-1.0, 2.0, 0.0]];
        assert!((area(&arrow) - 0.5).abs() < 1e-12, "{}", area(&arrow));
        // A comb of five teeth, upright in space, with corners in a row along its back.
        let mut comb = vec![[0.0, 3.0, 0.0], [0.0, 3.0, -1.0]];
        for tooth in 0..5 {
            let x = f64::from(tooth);
            comb.extend([[x, 3.0, -1.0], [x + 0.5, 3.0, 2.0], [x + 1.0, 3.0, -1.0]]);
        }
        comb.extend((0..10).map(|k| [5.0 - 0.5 * f64::from(k), 3.0, -2.0]));
        comb.remove(0);
        comb.remove(0);
        comb.push([0.0, 3.0, -2.0]);
        assert!((area(&comb) - (5.0 * 1.5 + 5.0)).abs() < 1e-9, "{}", area(&comb));
        assert_eq!(triangulate(&comb).len(), comb.len() - 2);
    }

    proptest! {
        /// Stars of random radii are seen whole from the middle, and mostly not convex: no triangle may lie outside.
        #[test]
        fn stars_keep_their_area_and_their_direction(
            radii in prop::collection::vec(0.1..1.0f64, 4..40),
            tilt in prop::array::uniform3(-2.0..2.0f64),
        ) {
            let n = radii.len() as f64;
            let corners: Vec<Point> = radii.iter().enumerate().map(|(i, r)| {
                let (sin, cos) = (std::f64::consts::TAU * i as f64 / n).sin_cos();
                [r * cos + 5.0, r * sin - 3.0, tilt[0] * r * cos + tilt[1] * r * sin + tilt[2]]
            }).collect();
            let sides = radii.iter().zip(radii.iter().cycle().skip(1));
            let plane: f64 = sides.map(|(a, b)| a * b * (std::f64::consts::TAU / n).sin() / 2.0).sum();
            let expected = plane * (1.0 + tilt[0] * tilt[0] + tilt[1] * tilt[1]).sqrt();
            prop_assert!((area(&corners) / expected - 1.0).abs() < 1e-9);
            for [a, b, c] in triangulate(&corners) {
                let normal = crate::vector::normal([corners[a], corners[b], corners[c]]);
                prop_assert!(normal[2] > -1e-12);
            }
        }

        /// Whatever the corners: n - 2 triangles, each side of the polygon in one, each diagonal in two.
        #[test]
        fn every_side_is_in_one_triangle(
            corners in prop::collection::vec(prop::array::uniform3((-3..3i32).prop_map(f64::from)), 3..20),
        ) {
            let n = corners.len();
            let triangles = triangulate(&corners);
            prop_assert_eq!(triangles.len(), n - 2);
            let mut sides: Vec<(usize, usize)> =
                triangles.iter().flat_map(|&[a, b, c]| [(a, b), (b, c), (c, a)]).collect();
            sides.sort_unstable();
            let inner = |side: &(usize, usize)| sides.binary_search(&(side.1, side.0)).is_ok();
            let rim: Vec<(usize, usize)> = sides.iter().copied().filter(|side| !inner(side)).collect();
            let mut expected: Vec<(usize, usize)> = (0..n).map(|i| (i, (i + 1) % n)).collect();
            expected.sort_unstable();
            prop_assert_eq!(rim, expected);
        }
    }
}
