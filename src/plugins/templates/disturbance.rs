//! `NAME`: features move as source networks differ.

use equigen_core::{Disturbance, Error, FeatureBank, Result, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Adds the difference of two random source networks' features.
///
/// ψ' = ψ + level · (ψ_a - ψ_b), where a and b are drawn for each feature, whatever their classes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TYPE {
    /// Level at which samples are drawn: 1 is the whole difference.
    pub scale: f64,
}

impl Default for TYPE {
    fn default() -> Self {
        Self { scale: 0.3 }
    }
}

equigen_core::register!(Disturbance, TYPE);

#[typetag::serde(name = "NAME")]
impl Disturbance for TYPE {
    fn disturb(&self, rows: &mut [f32], level: &[f32], bank: &FeatureBank, rng: &mut Rng) -> Result<()> {
        if !(self.scale.is_finite() && self.scale >= 0.0) {
            let text = format!("`scale` = {}: give a number of at least 0", self.scale);
            return Err(Error::config(text).within("NAME"));
        }
        if bank.len() < 2 {
            let text = "there are no two source networks to compare; raise data.limit";
            return Err(Error::failed(text).within("NAME"));
        }
        let feature = |i: usize| &bank.features[i * bank.dim..(i + 1) * bank.dim];
        for (row, level) in rows.chunks_mut(bank.dim).zip(level) {
            // Drawn at level 0 too: what one row gets does not depend on the levels of the others.
            let a = seed::indices(rng, 1, bank.len())[0];
            let b = (a + 1 + seed::indices(rng, 1, bank.len() - 1)[0]) % bank.len();
            if *level == 0.0 {
                continue; // adding 0 would turn -0 into 0
            }
            for (value, (a, b)) in row.iter_mut().zip(feature(a).iter().zip(feature(b))) {
                *value += level * (a - b);
            }
        }
        Ok(())
    }

    fn scale(&self) -> f64 {
        self.scale
    }
}

#[test]
fn keeps_its_laws() {
    for law in equigen_core::laws::disturbance::laws(&TYPE::default()) {
        law.holds(256, None).unwrap_or_else(|broken| panic!("{}: {broken}", law.name));
    }
}
