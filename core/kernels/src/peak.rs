//! What the processor could do: the roofline that rates are held against.

use std::hint::black_box;
use std::time::Instant;

use rayon::prelude::*;

use crate::InstructionSet;
use crate::simd::{Kernel, Simd, dispatch};

/// Independent chains of multiply-adds: more than latency times ports of any core of today.
const CHAINS: usize = 16;
const ROUNDS: usize = 2_000_000;

struct Chains;

impl Kernel for Chains {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> f32 {
        let (a, b) = (s.splat(black_box(0.999_999)), s.splat(black_box(1e-6)));
        let mut chains = [s.splat(1.0); CHAINS];
        for _ in 0..ROUNDS {
            for chain in &mut chains {
                *chain = s.fma(*chain, a, b);
            }
        }
        let mut sum = s.splat(0.0);
        for chain in chains {
            sum = s.add(sum, chain);
        }
        s.sum(sum)
    }
}

/// Peak rate of single precision multiply-adds over all cores, measured now: GFLOP/s, two operations each.
pub fn fma_peak() -> f64 {
    let set = InstructionSet::best();
    let threads = rayon::current_num_threads();
    let run = || {
        let begun = Instant::now();
        let sum: f32 = (0..threads).into_par_iter().map(|_| dispatch(set, Chains)).sum();
        black_box(sum);
        begun.elapsed().as_secs_f64()
    };
    // The first runs wake the cores, and others on the machine disturb some; the best of many is the peak.
    let seconds = (0..50).map(|_| run()).fold(f64::INFINITY, f64::min);
    2.0 * (threads * CHAINS * ROUNDS * set.lanes()) as f64 / seconds / 1e9
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_peak_is_a_rate() {
        let peak = super::fma_peak();
        assert!(peak.is_finite() && peak > 0.1, "{peak}");
    }
}
