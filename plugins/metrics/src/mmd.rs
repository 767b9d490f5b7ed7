//! `mmd`: is there a shape of the set near every real one?

use equigen_core::{Comparison, Judgement, Measure, Metric, Result, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clouds::{Distance, POINTS};

/// Minimum matching distance: the mean over real shapes of the distance to the nearest shape of the set.
///
/// Measures `mmd-cd` or `mmd-emd`, 0 or more, lower is better. Shapes of the set that no real one is near to do not count.
///
/// Source: Achlioptas et al. 2018, "Learning Representations and Generative Models for 3D Point Clouds". For judges that see clouds of points, such as `surfaces`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mmd {
    /// How far two shapes are apart.
    pub distance: Distance,
    /// Points of each cloud that are compared, the first ones, at most. The earth mover's distance takes about five times as
    /// long for twice as many.
    pub points: usize,
}

impl Default for Mmd {
    fn default() -> Self {
        Self { distance: Distance::Chamfer, points: POINTS }
    }
}

register!(Metric, Mmd);

#[typetag::serde(name = "mmd")]
impl Metric for Mmd {
    fn measure(&self, of: &Judgement, with: &Comparison<'_>) -> Result<Vec<Measure>> {
        let value = self.distance.across(of, with, self.points)?.mmd();
        Ok(vec![Measure { name: self.distance.name("mmd-cd", "mmd-emd"), value }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clouds::samples::{drawn, shapes};
    use crate::samples::comparison;
    use crate::{Cov, OneNna};

    fn figures(of: &Judgement, real: &Judgement, distance: Distance) -> [f64; 3] {
        let with = comparison(real, real);
        let points = POINTS;
        let metrics: [&dyn Metric; 3] =
            [&Mmd { distance, points }, &Cov { distance, points }, &OneNna { distance, points }];
        metrics.map(|metric| metric.measure(of, &with).unwrap()[0].value)
    }

    /// Real shapes are single points at 0, 1 and 10, generated ones at 0, 2 and 3.
    #[test]
    fn hand_computed_and_the_right_way_round() {
        let points = |at: [f32; 3]| shapes(&at.map(|x| vec![x, 0.0, 0.0]));
        let (of, real) = (points([0.0, 2.0, 3.0]), points([0.0, 1.0, 10.0]));
        // Chamfer is squared and added both ways: real 0, 1 and 10 have 0, 2 and 98 to the nearest generated one. The
        // generated ones' nearest are 0, 1 and 1. Nearest others: 0 has 0 of the other set, 2 ties between 1 and 3; 3 has
        // 2; real 0 has 0 of the other set, 1 ties between both sets (0 twice, 2), 10 has 3.
        let [mmd, cov, nna] = figures(&of, &real, Distance::Chamfer);
        assert_eq!((mmd, cov), (100.0 / 3.0, 2.0 / 3.0));
        assert!((nna - (0.0 + 0.5 + 1.0 + 0.0 + 1.0 / 3.0 + 0.0) / 6.0).abs() < 1e-12, "{nna}");
        // The earth mover's is not squared.
        assert_eq!(figures(&of, &real, Distance::EarthMover)[0], (0.0 + 1.0 + 7.0) / 3.0);
    }

    #[test]
    fn a_copy_of_the_real_set_and_two_halves_of_one_set() {
        let real = drawn(30, 2.0, 1);
        assert_eq!(figures(&real, &real, Distance::Chamfer), [0.0, 1.0, 0.0]);
        let [mmd, cov, nna] = figures(&drawn(30, 2.0, 2), &real, Distance::EarthMover);
        assert!(mmd > 0.1 && cov > 0.4 && (0.25..0.75).contains(&nna), "{mmd} {cov} {nna}");
        let [_, cov, nna] = figures(&drawn(30, 0.01, 3), &real, Distance::Chamfer);
        assert!(cov < 0.2 && nna > 0.7, "{cov} {nna}");
    }

    #[test]
    fn judges_without_surfaces_and_sets_without_shapes_are_refused() {
        let vectors = crate::samples::set(&[0.0; 6], 3);
        let error = Mmd::default().measure(&vectors, &comparison(&vectors, &vectors)).unwrap_err().to_string();
        assert!(error.contains("`surfaces`"), "{error}");
        let real = drawn(3, 1.0, 1);
        let error = Mmd::default().measure(&real.select(&[]), &comparison(&real, &real)).unwrap_err().to_string();
        assert!(error.contains("sample.count"), "{error}");
    }
}
