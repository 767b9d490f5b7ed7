//! Vectors of `f32` behind one trait, and the run-time choice of the instruction set.
//!
//! A kernel is written once over [`Simd`] and instantiated for every set. [`dispatch`] enters it through a function that
//! carries the set's `target_feature`; everything below is `#[inline(always)]`, so that the whole kernel is compiled with
//! those features and no `-C target-cpu` is needed. Closures do not inherit the features: kernels use loops and small
//! traits instead of iterator adaptors.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

/// Operations on vectors of [`Simd::LANES`] floats. A value of an implementing type proves that the processor has the set.
pub(crate) trait Simd: Copy {
    /// One vector.
    type V: Copy;
    /// Floats in a vector.
    const LANES: usize;
    /// Whether [`Simd::fma`] rounds once.
    const FUSED: bool;
    /// Rows of a register tile (with two vectors each) that the register file holds.
    const TILE_ROWS: usize;

    /// All lanes `x`.
    fn splat(self, x: f32) -> Self::V;
    /// Reads [`Simd::LANES`] floats.
    ///
    /// # Safety
    /// `p` must be readable for that many floats.
    unsafe fn load(self, p: *const f32) -> Self::V;
    /// Writes [`Simd::LANES`] floats.
    ///
    /// # Safety
    /// `p` must be writable for that many floats.
    unsafe fn store(self, p: *mut f32, v: Self::V);
    /// `a + b`.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a - b`.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b`.
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`, in one rounding where the set has it.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `a / b`.
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// Square root.
    fn sqrt(self, a: Self::V) -> Self::V;
    /// Larger of the two, 0 where `a` is not a number and `b` is 0.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// Smaller of the two, of numbers.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// 1 where `a > 0`, else 0.
    fn is_positive(self, a: Self::V) -> Self::V;
    /// `a`, negated where the lowest bit of `parity`'s representation is set.
    fn negate_odd(self, a: Self::V, parity: Self::V) -> Self::V;
    /// `a` times 2^k, where the lowest bits of `k`'s representation hold the integer; the result must be a normal number.
    fn scale(self, a: Self::V, k: Self::V) -> Self::V;
    /// Sum of the lanes, in a fixed order.
    fn sum(self, a: Self::V) -> f32;
    /// Largest of the lanes, of numbers.
    fn largest(self, a: Self::V) -> f32;

    /// Lane `i` is `table[index[i]]`, where the bits of `index` are integers.
    ///
    /// # Safety
    /// `table` must be readable at every index.
    #[inline(always)]
    unsafe fn gather(self, table: *const f32, index: Self::V) -> Self::V {
        let (mut indices, mut values) = ([0.0f32; 16], [0.0; 16]);
        // SAFETY: sixteen floats hold every vector; the table is the caller's.
        unsafe {
            self.store(indices.as_mut_ptr(), index);
            for lane in 0..Self::LANES {
                values[lane] = *table.add(indices[lane].to_bits() as usize);
            }
            self.load(values.as_ptr())
        }
    }

    /// [`Simd::gather`] from a table of 32 numbers and zeros, which a set with long vectors keeps in registers.
    ///
    /// # Safety
    /// `table` must be readable for 32 numbers and at every index, and hold 0 at those above 31.
    #[inline(always)]
    unsafe fn gather32(self, table: *const f32, index: Self::V) -> Self::V {
        // SAFETY: the caller's.
        unsafe { self.gather(table, index) }
    }
}

/// A computation that can run on every instruction set.
pub(crate) trait Kernel {
    /// What it returns.
    type Output;
    /// Runs on the set `s`; must be `#[inline(always)]`.
    fn run<S: Simd>(self, s: S) -> Self::Output;
}

/// Instruction sets that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    /// AVX-512 F and DQ: 16 lanes.
    Avx512,
    /// AVX2 and FMA: 8 lanes.
    Avx2,
    /// Plain Rust on 8 lanes, for every processor.
    Portable,
}

impl InstructionSet {
    /// Every set, the fastest first.
    pub const ALL: [Self; 3] = [Self::Avx512, Self::Avx2, Self::Portable];

    /// Whether this processor has it.
    pub fn available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx512 | Self::Avx2 => false,
            Self::Portable => true,
        }
    }

    /// The one that kernels run on: the first available of [`InstructionSet::ALL`].
    pub fn best() -> Self {
        Self::ALL.into_iter().find(|set| set.available()).unwrap_or(Self::Portable)
    }

    /// Floats in a vector.
    pub fn lanes(self) -> usize {
        if self == Self::Avx512 { 16 } else { 8 }
    }
}

/// Runs `kernel` on `set`.
///
/// # Panics
/// If the processor lacks the set.
pub(crate) fn dispatch<K: Kernel>(set: InstructionSet, kernel: K) -> K::Output {
    assert!(set.available(), "this processor does not have {set:?}");
    match set {
        // SAFETY: the assertion above found the features.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => unsafe { avx512::enter(kernel) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => unsafe { avx2::enter(kernel) },
        _ => kernel.run(portable::Portable),
    }
}
