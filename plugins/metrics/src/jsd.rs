//! `jsd`: do the points of all shapes together lie where those of real ones do?

use equigen_core::{Comparison, Error, Judgement, Measure, Metric, Result, register};
use equigen_geometry::protocol::jensen_shannon;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clouds::{POINTS, both, wrong};

/// Jensen-Shannon divergence between where the points of all shapes of the set lie and where those of real ones do.
///
/// Measures `jsd`, in bits: 0 is the same, 1 is apart. It looks at no shape in particular. Source: Achlioptas et al. 2018,
/// "Learning Representations and Generative Models for 3D Point Clouds". For judges that see clouds of points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Jsd {
    /// Cells along each axis in which points are counted.
    pub resolution: usize,
    /// Half of the side of the cube that they fill; points beyond count at its border.
    pub half: f64,
    /// Points of each cloud that count, the first ones, at most.
    pub points: usize,
}

impl Default for Jsd {
    fn default() -> Self {
        Self { resolution: 28, half: 2.5, points: POINTS }
    }
}

register!(Metric, Jsd);

#[typetag::serde(name = "jsd")]
impl Metric for Jsd {
    fn measure(&self, of: &Judgement, with: &Comparison<'_>) -> Result<Vec<Measure>> {
        if !((2..=256).contains(&self.resolution) && self.half > 0.0 && self.half.is_finite()) {
            let (resolution, half) = (self.resolution, self.half);
            let remedy = "give 2 to 256 cells and a half above 0";
            return Err(Error::config(format!("`resolution` = {resolution}, `half` = {half}: {remedy}")));
        }
        let (set, reference) = both(of, with, self.points)?;
        let value = jensen_shannon(&set, &reference, self.resolution, self.half).map_err(wrong)?;
        Ok(vec![Measure { name: "jsd", value }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clouds::samples::{drawn, shapes};
    use crate::samples::comparison;

    fn jsd(of: &Judgement, real: &Judgement) -> f64 {
        Jsd::default().measure(of, &comparison(real, real)).unwrap()[0].value
    }

    #[test]
    fn the_same_half_of_it_and_apart() {
        let real = drawn(20, 1.0, 1);
        assert_eq!(jsd(&real, &real), 0.0);
        let at = |x: &[f32]| shapes(&x.iter().map(|x| vec![*x, 0.0, 0.0]).collect::<Vec<_>>());
        assert!((jsd(&at(&[-2.0]), &at(&[2.0])) - 1.0).abs() < 1e-12);
        // Half of the points lie where all of the others do: 0.5 log2(4/3) and log2(2) / 2 of a half, log2(2/3) ….
        let (p, q): ([f64; 2], [f64; 2]) = ([0.5, 0.5], [1.0, 0.0]);
        let part = |a: f64, b: f64| if a > 0.0 { a * (2.0 * a / (a + b)).log2() } else { 0.0 };
        let expected: f64 = (0..2).map(|k| (part(p[k], q[k]) + part(q[k], p[k])) / 2.0).sum();
        assert!((jsd(&at(&[-2.0, 2.0]), &at(&[-2.0, -2.0])) - expected).abs() < 1e-12);
    }
}
