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

/// 1 / π, and what the rounding of that left.
const INVERSE_PI: f32 = std::f32::consts::FRAC_1_PI;
const INVERSE_PI_REST: f32 = (std::f64::consts::FRAC_1_PI - INVERSE_PI as f64) as f32;

/// sin(πu) and cos(πu) of every lane; absolute error at most 2^-22 for |u| <= 1e4 / π.
#[inline(always)]
pub(crate) fn sin_cos_half_turns<S: Simd>(s: S, u: S::V) -> (S::V, S::V) {
    let round = s.splat(ROUND);
    let shifted = s.add(u, round);
    let r = s.sub(u, s.sub(shifted, round));
    reduced_sin_cos(s, r, shifted)
}

/// sin(x) and cos(x) of every lane, x in radians; absolute error at most 2^-22 for |x| <= 1e4.
#[inline(always)]
pub(crate) fn sin_cos_radians<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let round = s.splat(ROUND);
    let product = s.mul(x, s.splat(INVERSE_PI));
    let shifted = s.add(product, round);
    let nearest = s.sub(shifted, round);
    // What the rounding of the product lost, exactly.
    let lost = if S::FUSED {
        s.fma(x, s.splat(INVERSE_PI), s.sub(s.splat(0.0), product))
    } else {
        // Halves of twelve bits have exact products (Dekker).
        let (high, low) = split(s, x);
        let (pi_high, pi_low) = split(s, s.splat(INVERSE_PI));
        let rest = s.sub(s.mul(high, pi_high), product);
        s.add(s.add(s.add(rest, s.mul(high, pi_low)), s.mul(low, pi_high)), s.mul(low, pi_low))
    };
    // x / π - nearest is the sum of an exact difference and a rest. What its rounding loses would cost half the bound:
    // both functions are corrected by it to first order.
    let difference = s.sub(product, nearest);
    let rest = s.fma(x, s.splat(INVERSE_PI_REST), lost);
    let r = s.add(difference, rest);
    let missing = s.mul(s.sub(rest, s.sub(r, difference)), s.splat(std::f32::consts::PI));
    let (sine, cosine) = reduced_sin_cos(s, r, shifted);
    let minus = s.sub(s.splat(0.0), missing);
    (s.fma(missing, cosine, sine), s.fma(minus, sine, cosine))
}

/// A value as a sum of two with half as many bits each (Veltkamp).
#[inline(always)]
fn split<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let large = s.mul(x, s.splat(4_097.0));
    let high = s.sub(large, s.sub(large, x));
    (high, s.sub(x, high))
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

    /// Sines and cosines of all arguments on one instruction set: of half turns, or of radians.
    struct Evaluate<'a> {
        arguments: &'a [f32],
        radians: bool,
    }

    impl Kernel for Evaluate<'_> {
        type Output = Vec<(f32, f32)>;
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> Self::Output {
            let mut out = Vec::new();
            for chunk in self.arguments.chunks(S::LANES) {
                let (mut x, mut sine, mut cosine) = ([0.0; 16], [0.0; 16], [0.0; 16]);
                x[..chunk.len()].copy_from_slice(chunk);
                // SAFETY: no vector has more than 16 lanes.
                unsafe {
                    let x = s.load(x.as_ptr());
                    let (v, w) = if self.radians { sin_cos_radians(s, x) } else { sin_cos_half_turns(s, x) };
                    s.store(sine.as_mut_ptr(), v);
                    s.store(cosine.as_mut_ptr(), w);
                }
                out.extend(sine.into_iter().zip(cosine).take(chunk.len()));
            }
            out
        }
    }

    fn assert_close(name: &str, x: f32, radians: f64, (sine, cosine): (f32, f32)) {
        let exact = radians.sin_cos();
        assert!((f64::from(sine) - exact.0).abs() <= BOUND, "{name}: sin at {x} is {sine}, not {}", exact.0);
        assert!((f64::from(cosine) - exact.1).abs() <= BOUND, "{name}: cos at {x} is {cosine}, not {}", exact.1);
    }

    /// Holds the scalar function and the vectors of every set against `f64`, at radians and at as many half turns.
    fn check(radians: &[f32]) {
        for &x in radians {
            assert_close("scalar", x, f64::from(x), sin_cos(x));
        }
        let half_turns: Vec<f32> = radians.iter().map(|x| x / std::f32::consts::PI).collect();
        for set in InstructionSet::ALL.into_iter().filter(|set| set.available()) {
            for (arguments, unit) in [(radians, 1.0), (&half_turns, std::f64::consts::PI)] {
                let values = dispatch(set, Evaluate { arguments, radians: unit == 1.0 });
                assert_eq!(values.len(), arguments.len());
                for (&x, &value) in arguments.iter().zip(&values) {
                    assert_close(&format!("{set:?}, unit {unit}"), x, f64::from(x) * unit, value);
                }
            }
        }
    }

    #[test]
    fn error_on_dense_grids() {
        check(&(-1_000_000..=1_000_000).map(|i| i as f32 * 0.01).collect::<Vec<_>>());
        check(&(0..1_000_000).map(|i| i as f32 * 1e-5).collect::<Vec<_>>());
    }

    /// Where a reduction loses most: the floats around every multiple of a quarter of π up to 1e4.
    #[test]
    fn error_next_to_multiples() {
        let most = (1e4 / std::f64::consts::FRAC_PI_4) as i32;
        let around = |k: i32| {
            let nearest = (f64::from(k) * std::f64::consts::FRAC_PI_4) as f32;
            (-3..=3).map(move |step| f32::from_bits((nearest.to_bits() as i32 + step).max(0) as u32))
        };
        let arguments: Vec<f32> = (1..=most).flat_map(around).flat_map(|x| [x, -x]).collect();
        check(&arguments);
    }

    /// Half turns next to multiples of a half, which no rounded quotient of radians reaches.
    #[test]
    fn error_of_half_turns_next_to_multiples() {
        let around = |k: i32| {
            let nearest = k as f32 * 0.25;
            (-3..=3).map(move |step| f32::from_bits((nearest.to_bits() as i32 + step) as u32))
        };
        let arguments: Vec<f32> = (1..12_732).flat_map(around).flat_map(|u| [u, -u]).collect();
        for set in InstructionSet::ALL.into_iter().filter(|set| set.available()) {
            let values = dispatch(set, Evaluate { arguments: &arguments, radians: false });
            for (&u, &value) in arguments.iter().zip(&values) {
                assert_close(&format!("{set:?}"), u, f64::from(u) * std::f64::consts::PI, value);
            }
        }
    }

    #[test]
    fn not_finite_arguments_do_not_hang() {
        assert!(sin_cos(f32::INFINITY).0.is_nan() && sin_cos(f32::NAN).1.is_nan());
    }

    proptest! {
        #[test]
        fn error_at_random_arguments(arguments in prop::collection::vec(-1e4f32..1e4, 1..5_000), small in -20i32..0) {
            check(&arguments);
            check(&arguments.iter().map(|x| x * (small as f32).exp2()).collect::<Vec<_>>());
        }
    }
}
