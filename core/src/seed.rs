//! One random seed for a run, split by purpose into independent ChaCha streams.
//!
//! A stream depends on the seed, the purpose and a step number only, never on what was drawn before. So a run that
//! resumes at step 700 draws what an undisturbed run draws there, and no generator state stands in a checkpoint.

use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

/// The generator of every random number in equigen: stable across platforms and versions.
pub type Rng = rand_chacha::ChaCha8Rng;

/// A seed from which streams are split by purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The root seed of a run.
    pub fn new(seed: u64) -> Self {
        Self(*blake3::hash(&seed.to_le_bytes()).as_bytes())
    }

    /// The seed of one purpose, independent of every other purpose's.
    pub fn split(&self, purpose: &str) -> Self {
        Self(*blake3::keyed_hash(&self.0, purpose.as_bytes()).as_bytes())
    }

    /// The stream of one step (an item, a batch, a parameter) of this purpose.
    pub fn stream(&self, step: u64) -> Rng {
        let mut rng = Rng::from_seed(self.0);
        rng.set_stream(step);
        rng
    }
}

/// `count` draws from N(0, 1).
pub fn normal(rng: &mut Rng, count: usize) -> Vec<f32> {
    (0..count).map(|_| StandardNormal.sample(rng)).collect()
}

/// `count` draws, uniform in `[low, high)`.
pub fn uniform(rng: &mut Rng, count: usize, low: f32, high: f32) -> Vec<f32> {
    (0..count).map(|_| low + (high - low) * rng.random::<f32>()).collect()
}

/// `count` draws of `0..below`, with replacement.
pub fn indices(rng: &mut Rng, count: usize, below: usize) -> Vec<usize> {
    (0..count).map(|_| rng.random_range(0..below)).collect()
}

/// A uniformly random permutation of `0..count` (Fisher-Yates).
pub fn permutation(rng: &mut Rng, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for i in (1..count).rev() {
        order.swap(i, rng.random_range(0..=i));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_seed_purpose_and_step_and_repeat() {
        let draw = |seed: u64, purpose: &str, step| normal(&mut Seed::new(seed).split(purpose).stream(step), 4);
        let first = draw(7, "train", 0);
        assert_eq!(first, draw(7, "train", 0));
        for other in [draw(8, "train", 0), draw(7, "adapt", 0), draw(7, "train", 1)] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn permutation_holds_each_index_once() {
        let mut order = permutation(&mut Seed::new(1).stream(0), 100);
        assert_ne!(order, (0..100).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }
}
