//! `1-nna`: can the set be told from real shapes?

use equigen_core::{Comparison, Judgement, Measure, Metric, Result, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clouds::{Distance, POINTS};

/// 1-nearest-neighbour accuracy: the share of all shapes, of the set and real, whose nearest other shape is of their own set.
///
/// Measures `1-nna-cd` or `1-nna-emd`: a half is best, then the sets cannot be told apart, and 1 is apart.
///
/// Source: Lopez-Paz and Oquab 2017; for clouds Yang et al. 2019, "PointFlow". For judges that see clouds of points, such as `surfaces`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OneNna {
    /// How far two shapes are apart.
    pub distance: Distance,
    /// Points of each cloud that are compared, the first ones, at most. The earth mover's distance takes about five times as
    /// long for twice as many.
    pub points: usize,
}

impl Default for OneNna {
    fn default() -> Self {
        Self { distance: Distance::Chamfer, points: POINTS }
    }
}

register!(Metric, OneNna);

#[typetag::serde(name = "1-nna")]
impl Metric for OneNna {
    fn measure(&self, of: &Judgement, with: &Comparison<'_>) -> Result<Vec<Measure>> {
        let value = self.distance.all(of, with, self.points)?.one_nn_accuracy();
        Ok(vec![Measure { name: self.distance.name("1-nna-cd", "1-nna-emd"), value }])
    }
}
