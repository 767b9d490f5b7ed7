//! Sine and cosine together, from one range reduction and two polynomials.
//!
//! Arguments are counted in half turns, u = x / π, because the reduction is then exact: with k the integer nearest to u
//! and r = u - k in [-1/2, 1/2], sin(πu) = (-1)^k sin(πr) and cos(πu) = (-1)^k cos(πr). The polynomials are minimax
//! approximations of absolute error on [0, 1/2] (Remez exchange), of degree 9 (error 3.4e-9) and 8 (error 5.3e-8).

use crate::simd::Simd;

/// r, r^3, ..., r^9 of sin(πr).
const SINE: [f32; 5] = [3.141_592_5, -5.167_707, 2.550_031_4, -0.598_045_2, 0.077_220_13];
/// r^2, ..., r^8 of cos(πr) - 1.
const COSINE: [f32; 4] = [-4.934_795_5, 4.058_451, -1.332_094, 0.220_080_66];
/// 3·2^22: adding it to a value below 2^22 in magnitude leaves the nearest integer in the low bits.
const ROUND: f32 = 12_582_912.0;

/// sin(πu) and cos(πu) of every lane.
#[inline(always)]
pub(crate) fn sin_cos_half_turns<S: Simd>(s: S, u: S::V) -> (S::V, S::V) {
    let round = s.splat(ROUND);
    let shifted = s.add(u, round);
    let r = s.sub(u, s.sub(shifted, round));
    reduced_sin_cos(s, r, shifted)
}

/// Polynomials at r in [-1/2, 1/2], negated where `parity` is odd.
#[inline(always)]
fn reduced_sin_cos<S: Simd>(s: S, r: S::V, parity: S::V) -> (S::V, S::V) {
    let square = s.mul(r, r);
    let mut sine = s.splat(SINE[4]);
    sine = s.fma(sine, square, s.splat(SINE[3]));
    sine = s.fma(sine, square, s.splat(SINE[2]));
    sine = s.fma(sine, square, s.splat(SINE[1]));
    sine = s.fma(sine, square, s.splat(SINE[0]));
    let mut cosine = s.splat(COSINE[3]);
    cosine = s.fma(cosine, square, s.splat(COSINE[2]));
    cosine = s.fma(cosine, square, s.splat(COSINE[1]));
    cosine = s.fma(cosine, square, s.splat(COSINE[0]));
    cosine = s.fma(cosine, square, s.splat(1.0));
    (s.mul(sine, s.negate_odd(r, parity)), s.negate_odd(cosine, parity))
}

/// Sine and cosine of `x` radians: absolute error at most 2^-22 for |x| <= 1e4, on every processor the same polynomials
/// as the vector kernels.
///
/// ```
/// let (sine, cosine) = equigen_kernels::sin_cos(2.0);
/// assert!((sine - 0.909_297_4).abs() < 2.4e-7 && (cosine + 0.416_146_8).abs() < 2.4e-7);
/// ```
pub fn sin_cos(x: f32) -> (f32, f32) {
    // Twice the precision takes the place of a constant in several parts (Cody and Waite).
    let half_turns = f64::from(x) * std::f64::consts::FRAC_1_PI;
    let nearest = half_turns.round_ties_even();
    let r = (half_turns - nearest) as f32;
    let square = r * r;
    let sine = (((SINE[4] * square + SINE[3]) * square + SINE[2]) * square + SINE[1]) * square + SINE[0];
    let cosine = (((COSINE[3] * square + COSINE[2]) * square + COSINE[1]) * square + COSINE[0]) * square + 1.0;
    let sign = if nearest as i64 & 1 == 1 { -1.0 } else { 1.0 };
    (sine * r * sign, cosine * sign)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::simd::{InstructionSet, Kernel, dispatch};

    const BOUND: f64 = 1.0 / 4_194_304.0;

    struct Evaluate<'a> {
        half_turns: &'a [f32],
    }

    impl Kernel for Evaluate<'_> {
        type Output = Vec<(f32, f32)>;
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> Self::Output {
            let mut out = Vec::new();
            for chunk in self.half_turns.chunks_exact(S::LANES) {
                let (mut sine, mut cosine) = ([0.0; 16], [0.0; 16]);
                // SAFETY: a chunk holds a vector, and no vector has more than 16 lanes.
                unsafe {
                    let (v, w) = sin_cos_half_turns(s, s.load(chunk.as_ptr()));
                    s.store(sine.as_mut_ptr(), v);
                    s.store(cosine.as_mut_ptr(), w);
                }
                for lane in 0..S::LANES {
                    out.push((sine[lane], cosine[lane]));
                }
            }
            out
        }
    }

    fn assert_close(x: f32) {
        let (sine, cosine) = sin_cos(x);
        let exact = f64::from(x).sin_cos();
        assert!((f64::from(sine) - exact.0).abs() <= BOUND, "sin({x}) = {sine}, not {}", exact.0);
        assert!((f64::from(cosine) - exact.1).abs() <= BOUND, "cos({x}) = {cosine}, not {}", exact.1);
    }

    #[test]
    fn scalar_error_on_a_dense_grid() {
        for i in -1_000_000..=1_000_000 {
            assert_close(i as f32 * 0.01);
        }
        for i in 0..1_000_000 {
            assert_close(i as f32 * 1e-5);
        }
    }

    #[test]
    fn vector_error_of_every_set() {
        let half_turns: Vec<f32> = (-1_600_000..1_600_000).map(|i| i as f32 * 0.001_988_7).collect();
        for set in InstructionSet::ALL.into_iter().filter(|set| set.available()) {
            let values = dispatch(set, Evaluate { half_turns: &half_turns });
            assert_eq!(values.len(), half_turns.len());
            for (&u, &(sine, cosine)) in half_turns.iter().zip(&values) {
                let exact = (f64::from(u) * std::f64::consts::PI).sin_cos();
                assert!((f64::from(sine) - exact.0).abs() <= BOUND, "{set:?}: sin at {u}: {sine}");
                assert!((f64::from(cosine) - exact.1).abs() <= BOUND, "{set:?}: cos at {u}: {cosine}");
            }
        }
    }

    #[test]
    fn not_finite_arguments_do_not_hang() {
        assert!(sin_cos(f32::INFINITY).0.is_nan() && sin_cos(f32::NAN).1.is_nan());
    }

    proptest! {
        #[test]
        fn scalar_error(x in -1e4f32..1e4) {
            assert_close(x);
        }
    }
}
