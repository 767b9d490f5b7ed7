//! One triangle and one point: the distance between them, and the solid angle under which the point sees the triangle.

use crate::Point;
use crate::tree::LEAF;
use crate::vector::{add, cross, distance_squared, dot, norm, scale, subtract};

/// Squared distance from a point to the nearest point of a triangle, which may be a segment or a point.
///
/// Source: Ericson, "Real-Time Collision Detection", section 5.1.5.
pub(crate) fn distance_to_triangle([a, b, c]: [Point; 3], point: Point) -> f64 {
    let (ab, ac, ap) = (subtract(b, a), subtract(c, a), subtract(point, a));
    let (d1, d2) = (dot(ab, ap), dot(ac, ap));
    if d1 <= 0.0 && d2 <= 0.0 {
        return dot(ap, ap);
    }
    let bp = subtract(point, b);
    let (d3, d4) = (dot(ab, bp), dot(ac, bp));
    if d3 >= 0.0 && d4 <= d3 {
        return dot(bp, bp);
    }
    let along = |from: Point, direction: Point, part: f64| distance_squared(point, add(from, scale(direction, part)));
    let vc = d1 * d4 - d3 * d2;
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        return along(a, ab, d1 / (d1 - d3));
    }
    let cp = subtract(point, c);
    let (d5, d6) = (dot(ab, cp), dot(ac, cp));
    if d6 >= 0.0 && d5 <= d6 {
        return dot(cp, cp);
    }
    let vb = d5 * d2 - d1 * d6;
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        return along(a, ac, d2 / (d2 - d6));
    }
    let va = d3 * d6 - d5 * d4;
    if va <= 0.0 && d4 >= d3 && d5 >= d6 {
        return along(b, subtract(c, b), (d4 - d3) / ((d4 - d3) + (d5 - d6)));
    }
    let total = va + vb + vc;
    distance_squared(point, add(a, add(scale(ab, vb / total), scale(ac, vc / total))))
}

/// The solid angle of up to [`LEAF`] triangles seen from a point, over 4 pi: positive from behind, 0 in their plane.
///
/// Source: van Oosterom and Strackee, "The Solid Angle of a Plane Triangle", 1983.
pub(crate) fn winding_of_triangles(triangles: &[[Point; 3]], point: Point) -> f64 {
    debug_assert!(triangles.len() <= LEAF);
    // Half of an angle is the argument of a complex number. Arguments of a product add up, so one arctangent serves for
    // all triangles that are seen small: eight times the arctangent of 0.39 is less than pi, and nothing wraps around.
    let (mut real, mut imaginary, mut sum) = (1.0, 0.0, 0.0);
    for corners in triangles {
        let [a, b, c] = corners.map(|corner| subtract(corner, point));
        let (la, lb, lc) = (norm(a), norm(b), norm(c));
        let volume = dot(a, cross(b, c));
        let rest = la * lb * lc + dot(a, b) * lc + dot(b, c) * la + dot(c, a) * lb;
        if volume.abs() < 0.39 * rest {
            let slope = volume / rest;
            (real, imaginary) = (real - imaginary * slope, real * slope + imaginary);
        } else {
            // On an edge or a corner both are 0, and so is the angle.
            sum += volume.atan2(rest);
        }
    }
    (sum + f64::atan2(imaginary, real)) / (2.0 * std::f64::consts::PI)
}
