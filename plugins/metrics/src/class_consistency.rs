//! Are the signals of the class that they should be of?

use equigen_core::{Comparison, Error, Judgement, Measure, Metric, Result, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Share of signals to which the judge gives the target class.
///
/// Measures `class-consistency`, in 0 to 1, higher is better. The ceiling's own value, below 1, is what can be asked for:
/// the judge errs on real signals too.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClassConsistency {}

#[typetag::serde(name = "class-consistency")]
impl Metric for ClassConsistency {
    fn measure(&self, of: &Judgement, with: &Comparison<'_>) -> Result<Vec<Measure>> {
        super::check(of, 1, "the compared set", "sample.count")?;
        if of.classes.len() != of.len() {
            return Err(Error::config("this judge names no classes: leave `class-consistency` out"));
        }
        let right = of.classes.iter().filter(|class| **class == with.target).count();
        Ok(vec![Measure { name: "class-consistency", value: right as f64 / of.len() as f64 }])
    }
}

register!(Metric, ClassConsistency);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{comparison, reversed, set};

    #[test]
    fn counts_the_target_class_whatever_the_order() {
        let mut some = set(&[0.0; 4], 1);
        some.classes = vec![0, 1, 0, 0];
        let real = set(&[0.0, 1.0], 1);
        for judged in [reversed(&some), some] {
            let measures = ClassConsistency {}.measure(&judged, &comparison(&real, &real)).unwrap();
            assert_eq!(measures.len(), 1);
            assert_eq!((measures[0].name, measures[0].value), ("class-consistency", 0.75));
        }
    }

    #[test]
    fn an_empty_set_is_an_error() {
        let real = set(&[0.0, 1.0], 1);
        let error = ClassConsistency {}.measure(&set(&[], 1), &comparison(&real, &real)).unwrap_err();
        assert!(error.to_string().contains("sample.count"));
    }
}
