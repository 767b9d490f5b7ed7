//! A published network in a judge's place: it makes features of pictures, and names no classes.

use equigen_core::{JudgeModel, Judgement, Likeness, Result, host};

/// Looks at each distinct signal once.
pub(crate) struct Eyes<F> {
    /// Numbers of a signal.
    pub(crate) length: usize,
    /// Signals looked at in one go.
    pub(crate) at_once: usize,
    /// Signals `[n, length]` to features `[n, dim]`.
    pub(crate) look: F,
}

impl<F: Fn(&[f32]) -> Vec<f32> + Send> JudgeModel for Eyes<F> {
    fn judge(&self, signals: &[f32]) -> Result<Judgement> {
        let features = distinct(signals, self.length, self.at_once, &self.look);
        let dim = features.len() * self.length / signals.len().max(1);
        Ok(Judgement { dim, features, likeness: Likeness::Vectors, classes: Vec::new() })
    }
}

/// Works each distinct signal out once, some at a time, and gives the features of all, `[n, dim]`: sets of repeated shots hold
/// the same few again and again, and a look takes long.
fn distinct(signals: &[f32], length: usize, batch: usize, mut look: impl FnMut(&[f32]) -> Vec<f32>) -> Vec<f32> {
    let mut places = std::collections::HashMap::new();
    let mut firsts: Vec<f32> = Vec::new();
    let mut place = |signal: &[f32]| {
        let bits: Vec<u32> = signal.iter().map(|value| value.to_bits()).collect();
        let next = places.len();
        *places.entry(bits).or_insert_with(|| {
            firsts.extend_from_slice(signal);
            next
        })
    };
    let order: Vec<usize> = signals.chunks(length).map(&mut place).collect();
    let features: Vec<f32> = firsts.chunks(batch * length).flat_map(&mut look).collect();
    host::gather(&features, features.len() / places.len().max(1), &order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_signals_are_looked_at_once() {
        let mut looks = Vec::new();
        let features = distinct(&[1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 5.0, 6.0], 2, 2, |signals| {
            looks.push(signals.to_vec());
            signals.chunks(2).flat_map(|signal| [signal[0], signal[1], 0.5]).collect()
        });
        assert_eq!(looks, [vec![1.0, 2.0, 3.0, 4.0], vec![5.0, 6.0]]);
        assert_eq!(features, [1.0, 2.0, 0.5, 3.0, 4.0, 0.5, 1.0, 2.0, 0.5, 5.0, 6.0, 0.5]);
        assert!(distinct(&[], 2, 2, |_| unreachable!()).is_empty());
    }
}
