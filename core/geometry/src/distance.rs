//! Distances between point clouds: Chamfer and earth mover's, and tables of them.

use rayon::prelude::*;

use crate::assignment::assign;
use crate::mesh::Bounds;
use crate::tree::Tree;
use crate::vector::distance_squared;
use crate::{Error, Point, Result};

/// Points prepared for questions about their nearest neighbours.
pub struct Cloud {
    /// In the tree's order.
    points: Vec<Point>,
    tree: Tree,
}

/// How far two clouds are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// [`chamfer`]
    Chamfer,
    /// [`earth_mover`]
    EarthMover,
}

/// Numbers `[rows, columns]`, the rows one after another.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// The number of rows.
    pub rows: usize,
    /// The number of columns.
    pub columns: usize,
    /// `rows x columns` numbers.
    pub values: Vec<f64>,
}

impl Cloud {
    /// A cloud of these points.
    ///
    /// # Errors
    /// If there is no point, or a coordinate is not finite.
    pub fn new(points: &[Point]) -> Result<Self> {
        if points.is_empty() {
            return Err(Error::new("a cloud without points has no distance to another"));
        }
        if let Some(point) = points.iter().find(|point| !point.iter().all(|x| x.is_finite())) {
            return Err(Error::new(format!("a cloud has a point at {point:?}; coordinates must be finite numbers")));
        }
        let boxes: Vec<Bounds> = points.iter().map(|point| Bounds { low: *point, high: *point }).collect();
        let tree = Tree::new(&boxes);
        let points = tree.order.iter().map(|&i| points[i as usize]).collect();
        Ok(Self { points, tree })
    }

    /// The points, in an order of the cloud's own.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The cloud shifted so that its mean is the origin, and scaled so that the standard deviation over all its
    /// coordinates is 1, as HyperDiffusion compares clouds.
    ///
    /// # Errors
    /// If all points are one.
    pub fn standardised(&self) -> Result<Self> {
        let count = self.points.len() as f64;
        let sum = self.points.iter().fold([0.0; 3], |sum, point| crate::vector::add(sum, *point));
        let mean = sum.map(|x| x / count);
        let variance = self.points.iter().map(|point| distance_squared(*point, mean)).sum::<f64>() / (3.0 * count);
        if variance <= 0.0 {
            return Err(Error::new("all points of a cloud are one point, so it cannot be scaled"));
        }
        let factor = 1.0 / variance.sqrt();
        let moved = |point: &Point| std::array::from_fn(|k| (point[k] - mean[k]) * factor);
        Self::new(&self.points.iter().map(moved).collect::<Vec<_>>())
    }

    /// The squared distance from a point to the nearest of the cloud's.
    pub fn nearest_squared(&self, point: Point) -> f64 {
        self.tree.nearest(point, f64::INFINITY, |place| distance_squared(self.points[place], point))
    }

    /// The mean over this cloud's points of the squared distance to the nearest point of another.
    fn mean_square_to(&self, other: &Self) -> f64 {
        self.points.iter().map(|point| other.nearest_squared(*point)).sum::<f64>() / self.points.len() as f64
    }
}

/// The Chamfer distance: the mean over `a` of the *squared* distance to the nearest point of `b`, plus the mean over
/// `b` of that to `a`. Others take the distances unsquared, or half of the sum. As in PointFlow and HyperDiffusion.
pub fn chamfer(a: &Cloud, b: &Cloud) -> f64 {
    a.mean_square_to(b) + b.mean_square_to(a)
}

/// The earth mover's distance: the mean distance, not squared, from the points of `a` to those of `b`, under the
/// pairing that makes it least. Exact. Twice the points take about five times as long.
///
/// # Errors
/// If the clouds do not have equally many points.
pub fn earth_mover(a: &Cloud, b: &Cloud) -> Result<f64> {
    let n = a.points.len();
    if n != b.points.len() {
        return Err(Error::new(format!(
            "the earth mover's distance pairs points, but the clouds have {n} and {}; draw equally many from each",
            b.points.len()
        )));
    }
    let costs: Vec<f64> =
        a.points.iter().flat_map(|p| b.points.iter().map(|q| distance_squared(*p, *q).sqrt())).collect();
    let columns = assign(n, &costs);
    Ok(columns.iter().enumerate().map(|(i, j)| costs[i * n + j]).sum::<f64>() / n as f64)
}

impl Measure {
    /// The distance of two clouds.
    ///
    /// # Errors
    /// See [`earth_mover`].
    pub fn of(self, a: &Cloud, b: &Cloud) -> Result<f64> {
        match self {
            Self::Chamfer => Ok(chamfer(a, b)),
            Self::EarthMover => earth_mover(a, b),
        }
    }

    /// All distances from clouds `rows` to clouds `columns`: `[rows, columns]`, in parallel.
    ///
    /// # Errors
    /// See [`earth_mover`].
    pub fn between(self, rows: &[Cloud], columns: &[Cloud]) -> Result<Matrix> {
        let pairs = (0..rows.len() * columns.len()).into_par_iter();
        let distance = |k: usize| self.of(&rows[k / columns.len()], &columns[k % columns.len()]);
        let values = pairs.map(distance).collect::<Result<_>>()?;
        Ok(Matrix { rows: rows.len(), columns: columns.len(), values })
    }

    /// All distances among clouds: `[clouds, clouds]`, in parallel. Each pair is measured once, and the diagonal is 0.
    ///
    /// # Errors
    /// See [`earth_mover`].
    pub fn within(self, clouds: &[Cloud]) -> Result<Matrix> {
        let n = clouds.len();
        let pairs: Vec<(usize, usize)> = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).collect();
        let found = pairs.par_iter().map(|&(i, j)| self.of(&clouds[i], &clouds[j])).collect::<Result<Vec<f64>>>()?;
        let mut values = vec![0.0; n * n];
        for ((i, j), distance) in pairs.into_iter().zip(found) {
            (values[i * n + j], values[j * n + i]) = (distance, distance);
        }
        Ok(Matrix { rows: n, columns: n, values })
    }
}

impl Matrix {
    /// A row.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.columns..(i + 1) * self.columns]
    }

    /// The numbers of a column.
    pub fn column(&self, j: usize) -> impl Iterator<Item = f64> + Clone + '_ {
        self.values[j..].iter().step_by(self.columns.max(1)).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn points(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Point>> {
        prop::collection::vec(prop::array::uniform3(-1.0..1.0f64), count)
    }

    #[test]
    fn hand_cases() {
        let a = Cloud::new(&[[0.0; 3], [3.0, 0.0, 0.0]]).unwrap();
        let b = Cloud::new(&[[0.0, 1.0, 0.0], [3.0, 0.0, 2.0]]).unwrap();
        assert_eq!(chamfer(&a, &b), 0.5 * (1.0 + 4.0) * 2.0);
        assert_eq!(earth_mover(&a, &b).unwrap(), 1.5);
        // Both of these are nearest to one point of the other, but have to be paired with different ones.
        let c = Cloud::new(&[[0.0; 3], [0.0, 0.0, 1.0]]).unwrap();
        let d = Cloud::new(&[[0.0; 3], [0.0, 0.0, 10.0]]).unwrap();
        assert_eq!(earth_mover(&c, &d).unwrap(), 4.5);
        assert_eq!(chamfer(&c, &d), 0.5 + 40.5);
    }

    #[test]
    fn clouds_without_points_or_of_bad_points_are_refused() {
        assert!(Cloud::new(&[]).is_err());
        assert!(Cloud::new(&[[0.0, f64::INFINITY, 0.0]]).is_err());
        assert!(Cloud::new(&[[1.0; 3]; 5]).unwrap().standardised().is_err());
    }

    proptest! {
        #[test]
        fn chamfer_is_the_sum_over_all_pairs(a in points(1..60), b in points(1..60)) {
            let mean = |a: &[Point], b: &[Point]| {
                let least = a.iter().map(|p| b.iter().map(|q| distance_squared(*p, *q)).fold(f64::INFINITY, f64::min));
                least.sum::<f64>() / a.len() as f64
            };
            let found = chamfer(&Cloud::new(&a).unwrap(), &Cloud::new(&b).unwrap());
            prop_assert!((found - mean(&a, &b) - mean(&b, &a)).abs() < 1e-12);
        }

        /// No other pairing is better: tried by all exchanges of a few points.
        #[test]
        fn no_pairing_beats_the_earth_movers(a in points(1..6), shift in prop::array::uniform3(-1.0..1.0f64)) {
            let b: Vec<Point> = a.iter().rev().map(|p| [p[1] + shift[0], p[2] * shift[1], p[0] + shift[2]]).collect();
            fn least(a: &[Point], b: &[Point]) -> f64 {
                let Some((first, rest)) = a.split_first() else { return 0.0 };
                let each = |i: usize| {
                    let mut b = b.to_vec();
                    let other = b.remove(i);
                    distance_squared(*first, other).sqrt() + least(rest, &b)
                };
                (0..b.len()).map(each).fold(f64::INFINITY, f64::min)
            }
            let expected = least(&a, &b) / a.len() as f64;
            let found = earth_mover(&Cloud::new(&a).unwrap(), &Cloud::new(&b).unwrap()).unwrap();
            prop_assert!((found - expected).abs() < 1e-12);
        }

        #[test]
        fn standardised_clouds_are_alike_however_they_are_moved(
            a in points(2..30),
            shift in -5.0..5.0f64,
            scale in 0.1..9.0f64,
        ) {
            let moved: Vec<Point> = a.iter().map(|p| p.map(|x| x * scale + shift)).collect();
            let [a, b] = [a, moved].map(|points| Cloud::new(&points).unwrap().standardised().unwrap());
            prop_assert!(chamfer(&a, &b) < 1e-12);
            let square: f64 = a.points().iter().flatten().map(|x| x * x).sum();
            prop_assert!((square / (3 * a.points().len()) as f64 - 1.0).abs() < 1e-9);
        }
    }
}
