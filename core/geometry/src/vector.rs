//! Arithmetic on points of three coordinates.

/// A point or a vector: x, y, z.
pub type Point = [f64; 3];

pub(crate) fn add(a: Point, b: Point) -> Point {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(crate) fn subtract(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(crate) fn scale(a: Point, factor: f64) -> Point {
    a.map(|x| x * factor)
}

pub(crate) fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn cross(a: Point, b: Point) -> Point {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

pub(crate) fn norm(a: Point) -> f64 {
    dot(a, a).sqrt()
}

/// Squared Euclidean distance.
pub(crate) fn distance_squared(a: Point, b: Point) -> f64 {
    let d = subtract(a, b);
    dot(d, d)
}

/// The vector of length 1 in the same direction; the zero vector stays as it is.
pub(crate) fn unit(a: Point) -> Point {
    let length = norm(a);
    if length > 0.0 { scale(a, 1.0 / length) } else { a }
}

/// A triangle's normal, as long as twice its area.
pub(crate) fn normal([a, b, c]: [Point; 3]) -> Point {
    cross(subtract(b, a), subtract(c, a))
}

/// The mean of a triangle's corners, which is its centre of mass.
pub(crate) fn centre([a, b, c]: [Point; 3]) -> Point {
    scale(add(add(a, b), c), 1.0 / 3.0)
}
