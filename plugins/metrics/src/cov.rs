//! `cov`: how many of the real shapes does the set remind of?

use equigen_core::{Comparison, Judgement, Measure, Metric, Result, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clouds::{Distance, POINTS};

/// Coverage: the share of real shapes that are the nearest real one of some shape of the set.
///
/// Measures `cov-cd` or `cov-emd`, in 0 to 1, higher is better. It says nothing about how near. (`coverage` is another
/// figure, that of Naeem et al. 2020.)
///
/// Source: Achlioptas et al. 2018, "Learning Representations and Generative Models for 3D Point Clouds". For judges that see clouds of points, such as `surfaces`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cov {
    /// How far two shapes are apart.
    pub distance: Distance,
    /// Points of each cloud that are compared, the first ones, at most. The earth mover's distance takes about five times as
    /// long for twice as many.
    pub points: usize,
}

impl Default for Cov {
    fn default() -> Self {
        Self { distance: Distance::Chamfer, points: POINTS }
    }
}

register!(Metric, Cov);

#[typetag::serde(name = "cov")]
impl Metric for Cov {
    fn measure(&self, of: &Judgement, with: &Comparison<'_>) -> Result<Vec<Measure>> {
        let value = self.distance.across(of, with, self.points)?.coverage();
        Ok(vec![Measure { name: self.distance.name("cov-cd", "cov-emd"), value }])
    }
}
