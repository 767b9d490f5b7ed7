//! `NAME`: is the middle of a set that of the real signals?

use equigen_core::{Comparison, Error, Judgement, Measure, Metric, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Distance of the mean feature of a set from that of real signals.
///
/// Measures `NAME`, 0 or more, lower is better: 0 for the reference itself.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TYPE {
    /// Whether distances count in units of the reference's spread: the root mean square distance from its mean.
    pub relative: bool,
}

impl Default for TYPE {
    fn default() -> Self {
        Self { relative: true }
    }
}

equigen_core::register!(Metric, TYPE);

#[typetag::serde(name = "NAME")]
impl Metric for TYPE {
    fn measure(&self, of: &Judgement, with: &Comparison<'_>) -> Result<Vec<Measure>> {
        let real = with.reference;
        if of.is_empty() || real.is_empty() {
            let text = "a set is empty: raise sample.count and data.reference";
            return Err(Error::config(text).within("NAME"));
        }
        let centre = mean(real);
        let squares = (0..real.len()).map(|i| square(real.feature(i).iter().map(|x| f64::from(*x)), &centre));
        let spread = (squares.sum::<f64>() / real.len() as f64).sqrt();
        let unit = if self.relative { spread } else { 1.0 };
        let value = square(mean(of).into_iter(), &centre).sqrt() / unit;
        if !value.is_finite() {
            let text = "the judge tells no real signals apart, or sees what is not finite: train it otherwise";
            return Err(Error::failed(text).within("NAME"));
        }
        Ok(vec![Measure { name: "NAME", value }])
    }
}

/// Mean feature of a set.
fn mean(set: &Judgement) -> Vec<f64> {
    let sum = |k: usize| (0..set.len()).map(|i| f64::from(set.feature(i)[k])).sum::<f64>();
    (0..set.dim).map(|k| sum(k) / set.len() as f64).collect()
}

/// Squared distance of two features.
fn square(a: impl Iterator<Item = f64>, b: &[f64]) -> f64 {
    a.zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

#[test]
fn keeps_its_laws() {
    for law in equigen_core::laws::metric::laws(&TYPE::default()) {
        law.holds(256, None).unwrap_or_else(|broken| panic!("{}: {broken}", law.name));
    }
}
