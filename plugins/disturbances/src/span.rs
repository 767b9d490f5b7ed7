//! Moves within the span of the directions in which source items of one class differ most.

use std::sync::{Arc, OnceLock};

use equigen_core::seed::{self, Rng};
use equigen_core::{Disturbance, Error, FeatureBank, Result, register};
use nalgebra::{DMatrix, SymmetricEigen};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Moves along the leading directions in which source items of one class differ.
///
/// ψ' = ψ + level · Σ_k c_k σ_k u_k, where u_k are the leading principal directions of the source features less the
/// mean of their class, σ_k the standard deviations along them, and c_k independent N(0, 1): a move within the span of
/// the leading source directions (this project's reading of the paper's equivariant subspace, see docs/method.md,
/// section 8; principal directions as in Hotelling 1933). Unlike `source-delta` it mixes what different items show, and
/// leaves out the directions in which they hardly differ.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Span {
    /// Level at which samples are drawn: 1 moves a shot about as far from itself as source items are from their class's
    /// mean.
    pub scale: f64,
    /// How many directions moves are made of, the strongest; at most as many as features have entries.
    pub directions: usize,
    /// Of the first bank that was asked about: training asks about one and the same in every step.
    #[serde(skip)]
    principal: OnceLock<Arc<Principal>>,
}

impl Default for Span {
    fn default() -> Self {
        Self { scale: 1.0, directions: 16, principal: OnceLock::new() }
    }
}

#[typetag::serde(name = "span")]
impl Disturbance for Span {
    fn disturb(&self, rows: &mut [f32], level: &[f32], bank: &FeatureBank, rng: &mut Rng) -> Result<()> {
        super::check(self.scale, rows, level, bank)?;
        if self.directions == 0 {
            return Err(Error::config("disturbance.directions is 0: it must be 1 or more"));
        }
        if super::still(level) {
            return Ok(());
        }
        let principal = self.principal(bank)?;
        let count = self.directions.min(bank.dim);
        for (row, level) in rows.chunks_mut(bank.dim).zip(level) {
            // Drawn at level 0 too: what one row gets does not depend on the levels of the others.
            let coefficients = seed::normal(rng, count);
            if *level == 0.0 {
                continue; // adding 0 would turn -0 into 0
            }
            for (coefficient, direction) in coefficients.iter().zip(principal.moves.chunks(bank.dim)) {
                for (value, step) in row.iter_mut().zip(direction) {
                    *value += level * coefficient * step;
                }
            }
        }
        Ok(())
    }

    fn scale(&self) -> f64 {
        self.scale
    }
}

register!(Disturbance, Span);

impl Span {
    fn principal(&self, bank: &FeatureBank) -> Result<Arc<Principal>> {
        if bank.deltas.iter().any(|value| !value.is_finite()) {
            return Err(Error::failed(
                "disturbance `span`: the features of a source network are not finite; lower \
                 pretrain.schedule.learning_rate",
            ));
        }
        if bank.deltas.iter().all(|value| *value == 0.0) {
            return Err(Error::failed(
                "disturbance `span`: no two source networks of one class have different features, so there is no \
                 direction to move in; raise data.limit, or use the disturbance `gaussian`",
            ));
        }
        let first = self.principal.get_or_init(|| Arc::new(Principal::of(bank)));
        if first.is_of(bank) { Ok(first.clone()) } else { Ok(Arc::new(Principal::of(bank))) }
    }
}

/// The principal directions of a bank.
#[derive(Debug)]
struct Principal {
    /// What they are the directions of: the bank's length of a feature and its deltas.
    dim: usize,
    deltas: Vec<f32>,
    /// `[dim, dim]`: a direction a row, times the standard deviation along it, the strongest first.
    moves: Vec<f32>,
}

impl Principal {
    /// Of a bank that has a network or more, all finite.
    fn of(bank: &FeatureBank) -> Self {
        let dim = bank.dim;
        let deltas = DMatrix::from_row_iterator(bank.len(), dim, bank.deltas.iter().map(|value| f64::from(*value)));
        let covariance = deltas.transpose() * &deltas / bank.len() as f64;
        let SymmetricEigen { eigenvectors, eigenvalues } = SymmetricEigen::new(covariance);
        let mut order: Vec<usize> = (0..dim).collect();
        order.sort_by(|a, b| eigenvalues[*b].total_cmp(&eigenvalues[*a]));
        let mut moves = Vec::with_capacity(dim * dim);
        for k in order {
            let direction: Vec<f64> = eigenvectors.column(k).iter().copied().collect();
            // Rounding may leave a tiny negative variance where nothing varies.
            let factor = sign(&direction) * eigenvalues[k].max(0.0).sqrt();
            moves.extend(direction.iter().map(|value| (factor * value) as f32));
        }
        Self { dim, deltas: bank.deltas.clone(), moves }
    }

    fn is_of(&self, bank: &FeatureBank) -> bool {
        self.dim == bank.dim && self.deltas == bank.deltas
    }
}

/// The sign that makes the first entry of some size positive: of a direction and its opposite, a solver may give
/// either. The largest entry would do as well, were it not that two entries may be equally large and of opposite signs.
fn sign(direction: &[f64]) -> f64 {
    let largest = direction.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    direction.iter().find(|value| value.abs() >= 0.5 * largest).map_or(1.0, |value| value.signum())
}

#[cfg(test)]
mod tests {
    use equigen_core::Seed;

    use super::*;
    use crate::samples::bank;

    /// Four features of one class, ±2 along (1, 1, 0, 0, 0) and ±0.5 along (0, 0, 1, 0, 0): deviations √8 and 0.5 along
    /// the two directions, exactly.
    fn plane() -> FeatureBank {
        let corners = [(2.0, 0.5), (2.0, -0.5), (-2.0, 0.5), (-2.0, -0.5)];
        let features = corners.iter().flat_map(|(a, b)| [*a, *a, *b, 0.0, 0.0]).collect();
        FeatureBank::new(features, vec![0; 4], 5)
    }

    fn moved(span: &Span, n: usize, level: f32, seed: u64) -> Vec<f32> {
        let mut rows = vec![0.0; 5 * n];
        span.disturb(&mut rows, &vec![level; n], &plane(), &mut Seed::new(seed).stream(0)).unwrap();
        rows
    }

    /// Root of the mean square of one entry over rows of five.
    fn deviation(rows: &[f32], entry: usize) -> f64 {
        let square: f64 = rows.chunks(5).map(|row| f64::from(row[entry]).powi(2)).sum();
        (square / (rows.len() / 5) as f64).sqrt()
    }

    #[test]
    fn directions_are_sorted_scaled_and_of_one_sign() {
        let principal = Principal::of(&plane());
        let expected: [f32; 10] = [2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0];
        for (got, expected) in principal.moves.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-5, "{:?}", principal.moves);
        }
        assert_eq!([sign(&[0.1, -0.7, 0.7]), sign(&[0.1, 0.7, -0.7]), sign(&[0.0])], [-1.0, 1.0, 1.0]);
    }

    #[test]
    fn moves_stay_in_the_span_with_the_deviation_of_each_direction() {
        let rows = moved(&Span::default(), 20_000, 0.5, 1);
        assert!(rows.chunks(5).all(|row| (row[0] - row[1]).abs() < 1e-4 && row[3].abs() + row[4].abs() < 1e-4));
        assert!((deviation(&rows, 0) - 1.0).abs() < 0.03);
        assert!((deviation(&rows, 2) - 0.25).abs() < 0.01);
    }

    #[test]
    fn one_direction_is_the_leading_one() {
        let rows = moved(&Span { directions: 1, ..Span::default() }, 20_000, 1.0, 2);
        assert!(rows.chunks(5).all(|row| row[2].abs() < 1e-4));
        assert!((deviation(&rows, 0) - 2.0).abs() < 0.06);
    }

    #[test]
    fn another_bank_gives_its_own_directions() {
        let span = Span::default();
        let first = moved(&span, 3, 1.0, 1);
        let mut other = vec![0.0; 5 * 3];
        span.disturb(&mut other, &[1.0; 3], &bank(40, 5), &mut Seed::new(1).stream(0)).unwrap();
        let mut fresh = vec![0.0; 5 * 3];
        Span::default().disturb(&mut fresh, &[1.0; 3], &bank(40, 5), &mut Seed::new(1).stream(0)).unwrap();
        assert_eq!(other, fresh);
        assert_eq!(moved(&span, 3, 1.0, 1), first);
    }

    #[test]
    fn bad_settings_and_banks_without_directions_are_errors() {
        let message = |span: Span, bank: &FeatureBank| {
            let stuck = span.disturb(&mut [0.0; 2], &[1.0], bank, &mut Seed::new(1).stream(0));
            stuck.unwrap_err().to_string()
        };
        let good = FeatureBank::new(vec![1.0, 2.0, 3.0, 5.0], vec![0, 0], 2);
        assert!(message(Span { scale: -1.0, ..Span::default() }, &good).contains("disturbance.scale"));
        assert!(message(Span { directions: 0, ..Span::default() }, &good).contains("disturbance.directions"));
        let one_per_class = FeatureBank::new(vec![1.0, 2.0, 3.0, 4.0], vec![0, 1], 2);
        for bank in [one_per_class, FeatureBank::new(Vec::new(), Vec::new(), 2)] {
            assert!(message(Span::default(), &bank).contains("data.limit"));
        }
        let broken = FeatureBank::new(vec![1.0, f32::NAN, 3.0, 4.0], vec![0, 0], 2);
        assert!(message(Span::default(), &broken).contains("not finite"));
    }
}
