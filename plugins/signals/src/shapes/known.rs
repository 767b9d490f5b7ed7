//! Shapes that are known at points of their own only.

use equigen_core::seed::{self, Rng};
use equigen_geometry::distance::Cloud;
use equigen_geometry::{Error, Point, Result};

use super::{Body, Sampling};

/// Points of a shape with whether each is inside.
struct Known {
    /// `[n, 4]`: a point, and 1 inside or 0 outside.
    rows: Vec<[f32; 4]>,
    inside: Cloud,
    outside: Cloud,
}

/// A shape that is known at these points, of which those beyond the cube `[-1, 1]^3` are left out. A signal has some of
/// them, drawn without replacement.
///
/// # Errors
/// If there are fewer than a signal has, none is inside, or none outside.
pub(crate) fn known(points: &[Point], inside: &[bool], sampling: &Sampling) -> Result<Box<dyn Body>> {
    let pairs = points.iter().zip(inside);
    let pairs: Vec<(Point, bool)> = pairs
        .filter(|(point, _)| point.iter().all(|x| x.abs() <= 1.0))
        .map(|(point, inside)| (*point, *inside))
        .collect();
    let (have, needed) = (pairs.len(), sampling.points + sampling.tested);
    if have < needed {
        return Err(Error::new(format!(
            "it has {have} points in the cube, and sampling.points + sampling.tested are {needed}; lower them"
        )));
    }
    let cloud = |wanted: bool, place: &str| {
        let points: Vec<Point> =
            pairs.iter().filter(|(_, inside)| *inside == wanted).map(|(point, _)| *point).collect();
        if points.is_empty() {
            return Err(Error::new(format!("no point of it is {place}, so it has no surface")));
        }
        Cloud::new(&points)
    };
    let (inside, outside) = (cloud(true, "inside")?, cloud(false, "outside")?);
    let row = |([x, y, z], inside): &(Point, bool)| [*x as f32, *y as f32, *z as f32, f32::from(*inside)];
    Ok(Box::new(Known { rows: pairs.iter().map(row).collect(), inside, outside }))
}

impl Body for Known {
    fn signal(&self, sampling: &Sampling, rng: &mut Rng) -> Vec<f32> {
        let order = seed::permutation(rng, self.rows.len());
        order[..sampling.points + sampling.tested].iter().flat_map(|row| self.rows[*row]).collect()
    }

    /// How near the nearest point outside is, as a share of the ways to that and to the nearest inside. Above a half the
    /// nearest point of all is inside, and a surface at a half runs midway between points that differ.
    fn at(&self, points: &[f32]) -> Vec<f32> {
        let value = |point: &[f32]| {
            let point = [point[0], point[1], point[2]].map(f64::from);
            let to = |cloud: &Cloud| cloud.nearest_squared(point).sqrt();
            let (inside, outside) = (to(&self.inside), to(&self.outside));
            (outside / (inside + outside).max(f64::MIN_POSITIVE)) as f32
        };
        points.chunks_exact(3).map(value).collect()
    }
}

#[cfg(test)]
mod tests {
    use equigen_core::Seed;
    use equigen_geometry::sample;

    use super::*;

    /// A ball of radius 0.6 at random points.
    fn ball(count: usize, half: f64) -> (Vec<Point>, Vec<bool>) {
        let points = sample::in_cube(count, half, &mut Seed::new(2).stream(0));
        let inside = points.iter().map(|p| p.iter().map(|x| x * x).sum::<f64>() < 0.36).collect();
        (points, inside)
    }

    fn sampling(points: usize) -> Sampling {
        Sampling { points, tested: 500, ..Sampling::default() }
    }

    #[test]
    fn a_signal_has_points_of_the_shape_once_each_and_other_points_agree() {
        let (points, inside) = ball(20_000, 0.99);
        let shape = known(&points, &inside, &sampling(1000)).unwrap();
        let signal = shape.signal(&sampling(1000), &mut Seed::new(3).stream(0));
        let mut rows: Vec<[u32; 4]> = signal.chunks(4).map(|row| [0, 1, 2, 3].map(|k| row[k].to_bits())).collect();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), 1500);
        let radius = |p: &[f32]| p[..3].iter().map(|x| x * x).sum::<f32>().sqrt();
        assert!(signal.chunks(4).all(|row| (row[3] == 1.0) == (radius(row) < 0.6)));
        let others: Vec<f32> =
            sample::in_cube(4000, 1.0, &mut Seed::new(4).stream(0)).concat().iter().map(|x| *x as f32).collect();
        let values = shape.at(&others);
        let right = others.chunks(3).zip(&values).filter(|(p, value)| (**value > 0.5) == (radius(p) < 0.6)).count();
        assert!(right > 3900, "{right} of 4000");
    }

    #[test]
    fn too_few_points_and_shapes_without_a_surface_are_refused() {
        let message = |(points, inside): (Vec<Point>, Vec<bool>), sampling| {
            known(&points, &inside, &sampling).err().unwrap().to_string()
        };
        assert!(message(ball(1400, 0.99), sampling(1000)).contains("1400 points"));
        // A half of 1.2 leaves 58 % in the cube.
        assert!(message(ball(2000, 1.2), sampling(1000)).contains("sampling.points"));
        let (points, _) = ball(2000, 0.99);
        assert!(message((points.clone(), vec![false; 2000]), sampling(1000)).contains("inside"));
        assert!(message((points, vec![true; 2000]), sampling(1000)).contains("outside"));
    }
}
