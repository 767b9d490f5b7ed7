//! Moves along the differences between source items of one class.

use equigen_core::seed::{self, Rng};
use equigen_core::{Disturbance, Error, FeatureBank, Result, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Adds the difference between a random source item and the mean of its class.
///
/// ψ' = ψ + level · (ψ_i - mean of i's class) with i uniform over the source networks: a move in a direction in which
/// signals of known classes really vary (the idea of feature-space hallucination; this project's own choice here, see
/// docs/method.md, section 11).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SourceDelta {
    /// Level at which samples are drawn: 1 moves a shot as far from itself as source items are from their class's mean.
    pub scale: f64,
}

impl Default for SourceDelta {
    fn default() -> Self {
        Self { scale: 0.5 }
    }
}

#[typetag::serde(name = "source-delta")]
impl Disturbance for SourceDelta {
    fn disturb(&self, rows: &mut [f32], level: &[f32], bank: &FeatureBank, rng: &mut Rng) -> Result<()> {
        super::check(self.scale, rows, level, bank)?;
        if super::still(level) {
            return Ok(());
        }
        if bank.deltas.iter().all(|value| *value == 0.0) {
            return Err(Error::failed(
                "disturbance `source-delta`: no two source networks of one class have different features, so there is no \
                 direction to move in; raise data.limit, or use the disturbance `gaussian`",
            ));
        }
        // Drawn for every row, level 0 included: what one row gets does not depend on the levels of the others.
        let picked = seed::indices(rng, level.len(), bank.len());
        for ((row, level), i) in rows.chunks_mut(bank.dim).zip(level).zip(picked) {
            if *level == 0.0 {
                continue; // adding 0 would turn -0 into 0
            }
            for (value, delta) in row.iter_mut().zip(bank.delta(i)) {
                *value += level * delta;
            }
        }
        Ok(())
    }

    fn scale(&self) -> f64 {
        self.scale
    }
}

register!(Disturbance, SourceDelta);

#[cfg(test)]
mod tests {
    use equigen_core::Seed;

    use super::*;
    use crate::samples::{bank, moved};

    #[test]
    fn every_move_is_the_delta_of_one_source_item() {
        let bank = bank(40, 5);
        for row in moved(&SourceDelta::default(), &[1.0; 64], 4).chunks(5) {
            let is_delta = (0..bank.len()).any(|i| bank.delta(i).iter().zip(row).all(|(delta, moved)| delta == moved));
            assert!(is_delta, "{row:?} is no delta of the bank");
        }
    }

    #[test]
    fn a_bank_without_directions_is_an_error() {
        let mut rng = Seed::new(1).stream(0);
        let one_per_class = FeatureBank::new(vec![1.0, 2.0, 3.0, 4.0], vec![0, 1], 2);
        for bank in [one_per_class, FeatureBank::new(Vec::new(), Vec::new(), 2)] {
            let stuck = SourceDelta::default().disturb(&mut [0.0; 2], &[1.0], &bank, &mut rng);
            assert!(stuck.unwrap_err().to_string().contains("data.limit"));
        }
        let wrong = SourceDelta { scale: -1.0 }.disturb(&mut [0.0; 5], &[1.0], &bank(40, 5), &mut rng);
        assert!(wrong.unwrap_err().to_string().contains("disturbance.scale"));
    }
}
