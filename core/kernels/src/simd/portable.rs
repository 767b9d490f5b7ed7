//! Plain arrays of 8 lanes, which the compiler turns into whatever vectors the target has by default.

use super::Simd;

/// Needs nothing of the processor.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

const LANES: usize = 8;

/// One vector.
#[derive(Clone, Copy)]
#[repr(align(32))]
pub(crate) struct Lanes([f32; LANES]);

/// Applies an expression to every lane.
macro_rules! lanes {
    ($i:ident => $value:expr) => {{
        let mut out = [0.0; LANES];
        let mut $i = 0;
        while $i < LANES {
            out[$i] = $value;
            $i += 1;
        }
        Lanes(out)
    }};
}

impl Simd for Portable {
    type V = Lanes;
    const LANES: usize = LANES;
    // A fused operation that the target lacks would be a library call per lane.
    const FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));
    const TILE_ROWS: usize = 2;

    #[inline(always)]
    fn splat(self, x: f32) -> Lanes {
        Lanes([x; LANES])
    }
    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> Lanes {
        // SAFETY: the caller's.
        Lanes(unsafe { p.cast::<[f32; LANES]>().read() })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: Lanes) {
        // SAFETY: the caller's.
        unsafe { p.cast::<[f32; LANES]>().write(v.0) }
    }
    #[inline(always)]
    fn add(self, a: Lanes, b: Lanes) -> Lanes {
        lanes!(i => a.0[i] + b.0[i])
    }
    #[inline(always)]
    fn sub(self, a: Lanes, b: Lanes) -> Lanes {
        lanes!(i => a.0[i] - b.0[i])
    }
    #[inline(always)]
    fn mul(self, a: Lanes, b: Lanes) -> Lanes {
        lanes!(i => a.0[i] * b.0[i])
    }
    #[inline(always)]
    fn fma(self, a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        if Self::FUSED { lanes!(i => a.0[i].mul_add(b.0[i], c.0[i])) } else { lanes!(i => a.0[i] * b.0[i] + c.0[i]) }
    }
    #[inline(always)]
    fn div(self, a: Lanes, b: Lanes) -> Lanes {
        lanes!(i => a.0[i] / b.0[i])
    }
    #[inline(always)]
    fn sqrt(self, a: Lanes) -> Lanes {
        lanes!(i => a.0[i].sqrt())
    }
    #[inline(always)]
    fn max(self, a: Lanes, b: Lanes) -> Lanes {
        lanes!(i => if a.0[i] > b.0[i] { a.0[i] } else { b.0[i] })
    }
    #[inline(always)]
    fn min(self, a: Lanes, b: Lanes) -> Lanes {
        lanes!(i => if a.0[i] < b.0[i] { a.0[i] } else { b.0[i] })
    }
    #[inline(always)]
    fn is_positive(self, a: Lanes) -> Lanes {
        lanes!(i => if a.0[i] > 0.0 { 1.0 } else { 0.0 })
    }
    #[inline(always)]
    fn negate_odd(self, a: Lanes, parity: Lanes) -> Lanes {
        lanes!(i => f32::from_bits(a.0[i].to_bits() ^ (parity.0[i].to_bits() << 31)))
    }
    #[inline(always)]
    fn scale(self, a: Lanes, k: Lanes) -> Lanes {
        lanes!(i => f32::from_bits(a.0[i].to_bits().wrapping_add(k.0[i].to_bits() << 23)))
    }
    #[inline(always)]
    fn sum(self, a: Lanes) -> f32 {
        let [a0, a1, a2, a3, a4, a5, a6, a7] = a.0;
        let quad = [a0 + a4, a1 + a5, a2 + a6, a3 + a7];
        (quad[0] + quad[2]) + (quad[1] + quad[3])
    }
    #[inline(always)]
    fn largest(self, a: Lanes) -> f32 {
        let larger = |a: f32, b: f32| if a > b { a } else { b };
        let [a0, a1, a2, a3, a4, a5, a6, a7] = a.0;
        larger(larger(larger(a0, a4), larger(a1, a5)), larger(larger(a2, a6), larger(a3, a7)))
    }
}
