//! GELU, x Φ(x) (Hendrycks and Gimpel, 2016), and its derivative.

use rayon::prelude::*;

use crate::simd::{InstructionSet, Kernel, Simd, dispatch};

/// Elements of one task.
const CHUNK: usize = 1 << 13;

/// `out = x Φ(x)`, to 4e-7 times the larger of 1 and |x|.
///
/// # Panics
/// If lengths differ.
pub fn gelu(x: &[f32], out: &mut [f32]) {
    assert!(x.len() == out.len(), "{} values go to {}", x.len(), out.len());
    let set = InstructionSet::best();
    out.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(out, x)| {
        dispatch(set, Map { x, upstream: None, out });
    });
}

/// `out = upstream · (Φ(x) + x φ(x))`.
///
/// # Panics
/// If lengths differ.
pub fn gelu_gradient(x: &[f32], upstream: &[f32], out: &mut [f32]) {
    assert!(
        x.len() == out.len() && upstream.len() == out.len(),
        "{} values and {} gradients go to {}",
        x.len(),
        upstream.len(),
        out.len()
    );
    let set = InstructionSet::best();
    let parts = x.par_chunks(CHUNK).zip(upstream.par_chunks(CHUNK));
    out.par_chunks_mut(CHUNK).zip(parts).for_each(|(out, (x, upstream))| {
        dispatch(set, Map { x, upstream: Some(upstream), out });
    });
}

struct Map<'a> {
    x: &'a [f32],
    upstream: Option<&'a [f32]>,
    out: &'a mut [f32],
}

impl Kernel for Map<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { x, upstream, out } = self;
        let whole = x.len() / S::LANES * S::LANES;
        for i in (0..whole).step_by(S::LANES) {
            // SAFETY: all slices hold a vector at `i`.
            unsafe {
                let at = s.load(x.as_ptr().add(i));
                let value = match upstream {
                    None => value(s, at),
                    Some(upstream) => s.mul(slope(s, at), s.load(upstream.as_ptr().add(i))),
                };
                s.store(out.as_mut_ptr().add(i), value);
            }
        }
        if whole < x.len() {
            let count = x.len() - whole;
            let (mut rest, mut upstreams, mut results) = ([0.0; 16], [1.0; 16], [0.0; 16]);
            rest[..count].copy_from_slice(&x[whole..]);
            if let Some(upstream) = upstream {
                upstreams[..count].copy_from_slice(&upstream[whole..]);
            }
            // SAFETY: sixteen floats hold every vector.
            unsafe {
                let at = s.load(rest.as_ptr());
                let value = if upstream.is_some() { slope(s, at) } else { value(s, at) };
                s.store(results.as_mut_ptr(), s.mul(value, s.load(upstreams.as_ptr())));
            }
            out[whole..].copy_from_slice(&results[..count]);
        }
    }
}

#[inline(always)]
fn value<S: Simd>(s: S, x: S::V) -> S::V {
    s.mul(x, normal(s, x).0)
}

#[inline(always)]
fn slope<S: Simd>(s: S, x: S::V) -> S::V {
    let (below, density) = normal(s, x);
    s.fma(x, density, below)
}

/// Φ(x) and φ(x): Abramowitz and Stegun, 7.1.26, absolute error 7.5e-8 (Φ).
#[inline(always)]
fn normal<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let negative = s.sub(s.splat(0.0), x);
    let magnitude = s.max(x, negative);
    let t = s.div(s.splat(1.0), s.fma(magnitude, s.splat(0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2), s.splat(1.0)));
    let mut tail = s.splat(0.5 * 1.061_405_4);
    for coefficient in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        tail = s.fma(tail, t, s.splat(0.5 * coefficient));
    }
    let bell = exp_negative(s, s.mul(s.mul(magnitude, magnitude), s.splat(-0.5)));
    let tail = s.mul(s.mul(tail, t), bell);
    // The tail below -|x|: Φ(x) is it, or one minus it.
    let other = s.fma(s.splat(-2.0), tail, s.splat(1.0));
    let below = s.fma(s.is_positive(x), other, tail);
    (below, s.mul(bell, s.splat(0.398_942_3)))
}

/// e^y for y <= 0, to a relative error of 1e-5 at -30 and far less near 0; what lies below -30 counts as -30. The Taylor
/// series of e^(y/64), squared six times, needs no access to the exponent's bits.
#[inline(always)]
fn exp_negative<S: Simd>(s: S, y: S::V) -> S::V {
    let w = s.mul(s.max(y, s.splat(-30.0)), s.splat(1.0 / 64.0));
    let mut power = s.splat(1.0 / 5_040.0);
    for factorial in [720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0] {
        power = s.fma(power, w, s.splat(1.0 / factorial));
    }
    for _ in 0..6 {
        power = s.mul(power, power);
    }
    power
}
