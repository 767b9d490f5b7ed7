//! What a fit makes small, and when it is good enough.

use crate::simd::Simd;

/// How far values are from their targets, as a mean over points and outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// (value - target)^2.
    SquaredError,
    /// Binary cross-entropy of a logit with a target in [0, 1]: softplus(value) - target x value, in nats. Values above 0
    /// and targets above 1/2 count as occupied.
    CrossEntropy,
    /// (value - target)^2 of signed distances: values and targets below 0 count as occupied.
    SignedDistance,
}

/// When a network stops: at the first step whose points, before the update, show it. With random points that is an
/// estimate, and the first one that is lucky enough ends the fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Peak signal-to-noise ratio in dB, at least, for a peak of 1; of squared errors only.
    Psnr(f32),
    /// Loss, at most.
    Loss(f32),
    /// Intersection over union of the occupied values and the occupied targets, at least; not of plain squared errors.
    Iou(f32),
}

impl Goal {
    /// # Panics
    /// If the goal belongs to another loss.
    pub(crate) fn check(self, loss: Loss) {
        let fits = match self {
            Self::Psnr(_) => loss == Loss::SquaredError,
            Self::Iou(_) => loss.tells_occupied(),
            Self::Loss(_) => true,
        };
        assert!(fits, "{loss:?} cannot reach {self:?}: the goal of another loss");
    }

    /// Whether what was measured reaches it.
    pub(crate) fn reached(self, measured: &Measured, values: usize) -> bool {
        match self {
            Self::Psnr(psnr) => measured.loss(values) <= 10f32.powf(psnr / -10.0),
            Self::Loss(most) => measured.loss(values) <= most,
            Self::Iou(least) => measured.iou() >= least,
        }
    }
}

/// Sums over the points of a step.
#[derive(Default)]
pub(crate) struct Measured {
    loss: f64,
    /// Values that are occupied like their targets, and those where either is.
    both: f64,
    either: f64,
}

impl Measured {
    /// Adds the sums over other points.
    pub(crate) fn add(&mut self, other: &Self) {
        self.loss += other.loss;
        self.both += other.both;
        self.either += other.either;
    }

    /// Mean loss of so many values.
    pub(crate) fn loss(&self, values: usize) -> f32 {
        (self.loss / values as f64) as f32
    }

    /// Intersection over union; 1 where nothing is occupied.
    pub(crate) fn iou(&self) -> f32 {
        if self.either == 0.0 { 1.0 } else { (self.both / self.either) as f32 }
    }
}

impl Loss {
    /// Whether values tell what is occupied.
    pub(crate) fn tells_occupied(self) -> bool {
        self != Self::SquaredError
    }

    /// Adds the losses of `values`, as many as targets, to `sums`, and writes the gradients of their mean over `all`
    /// values.
    #[inline(always)]
    pub(crate) fn add<S: Simd>(
        self,
        s: S,
        values: &[f32],
        targets: &[f32],
        all: usize,
        gradients: &mut [f32],
        sums: &mut Measured,
    ) {
        match self {
            Self::SquaredError => sums.loss += f64::from(squares(values, targets, 2.0 / all as f32, gradients)),
            Self::CrossEntropy => entropies(s, values, targets, 1.0 / all as f32, gradients, sums),
            Self::SignedDistance => {
                sums.loss += f64::from(squares(values, targets, 2.0 / all as f32, gradients));
                occupied(values, targets, sums);
            }
        }
    }
}

/// Writes `scale` times value minus target to `gradients`; returns the sum of squared differences.
#[inline(always)]
fn squares(values: &[f32], targets: &[f32], scale: f32, gradients: &mut [f32]) -> f32 {
    const PARTS: usize = 16;
    let mut parts = [0.0; PARTS];
    let n = targets.len();
    let whole = n / PARTS * PARTS;
    for i in (0..whole).step_by(PARTS) {
        let (values, targets) = (&values[i..i + PARTS], &targets[i..i + PARTS]);
        let gradients = &mut gradients[i..i + PARTS];
        for j in 0..PARTS {
            let difference = values[j] - targets[j];
            parts[j] += difference * difference;
            gradients[j] = scale * difference;
        }
    }
    for i in whole..n {
        let difference = values[i] - targets[i];
        parts[i - whole] += difference * difference;
        gradients[i] = scale * difference;
    }
    parts.iter().sum()
}

/// Counts values and targets below 0: those that both are, and those that either is.
#[inline(always)]
fn occupied(values: &[f32], targets: &[f32], sums: &mut Measured) {
    let (mut both, mut either) = (0u32, 0u32);
    for (value, target) in values.iter().zip(targets) {
        both += u32::from((*value < 0.0) & (*target < 0.0));
        either += u32::from((*value < 0.0) | (*target < 0.0));
    }
    sums.both += f64::from(both);
    sums.either += f64::from(either);
}

/// A logit that adds nothing to any sum: it fills the last vector.
const EMPTY: f32 = -100.0;

/// Writes `scale` times probability minus target to `gradients`.
#[inline(always)]
fn entropies<S: Simd>(s: S, values: &[f32], targets: &[f32], scale: f32, gradients: &mut [f32], sums: &mut Measured) {
    let mut losses = s.splat(0.0);
    let (mut both, mut either) = (losses, losses);
    let chunks = values.chunks(S::LANES).zip(targets.chunks(S::LANES)).zip(gradients.chunks_mut(S::LANES));
    for ((values, targets), gradients) in chunks {
        let count = targets.len();
        let (mut logit, mut target, mut gradient) = ([EMPTY; 16], [0.0; 16], [0.0; 16]);
        logit[..count].copy_from_slice(&values[..count]);
        target[..count].copy_from_slice(targets);
        // SAFETY: no vector has more than 16 lanes.
        unsafe {
            let (logit, target) = (s.load(logit.as_ptr()), s.load(target.as_ptr()));
            let (occupied, wanted) = (s.is_positive(logit), s.is_positive(s.sub(target, s.splat(0.5))));
            let (logarithm, probability) = logarithm_and_sigmoid(s, logit, occupied);
            // softplus(x) - yx in this order: where x is large and y is 1, the first difference is exact.
            let linear = s.sub(s.max(logit, s.splat(0.0)), s.mul(target, logit));
            losses = s.add(losses, s.add(linear, logarithm));
            both = s.fma(occupied, wanted, both);
            either = s.add(either, s.max(occupied, wanted));
            s.store(gradient.as_mut_ptr(), s.mul(s.splat(scale), s.sub(probability, target)));
        }
        gradients[..count].copy_from_slice(&gradient[..count]);
    }
    sums.loss += f64::from(s.sum(losses));
    sums.both += f64::from(s.sum(both));
    sums.either += f64::from(s.sum(either));
}

/// 2^r for r in [-1/2, 1/2]: relative error 1.9e-9 (minimax). The second is ln 2.
const POWER: [f32; 7] =
    [1.0, std::f32::consts::LN_2, 0.240_226_46, 0.055_503_286, 0.009_618_489, 0.001_339_993_1, 0.000_153_458_12];
/// 2 artanh(q) / q in powers of q^2, for q in [0, 1/3]: error 8e-9 (minimax).
const ARTANH: [f32; 5] = [2.0, 0.666_663_1, 0.400_251_15, 0.279_576_66, 0.281_915_5];
/// 3·2^22, as in the reduction of the sine.
const ROUND: f32 = 12_582_912.0;

/// ln(1 + e^-|x|) and 1 / (1 + e^-x) of every lane; `positive` is 1 where x > 0, else 0.
#[inline(always)]
fn logarithm_and_sigmoid<S: Simd>(s: S, x: S::V, positive: S::V) -> (S::V, S::V) {
    let one = s.splat(1.0);
    let magnitude = s.max(x, s.sub(s.splat(0.0), x));
    // Beyond 87 the power would be no normal number; it is nothing beside 1 long before.
    let power = s.max(s.mul(magnitude, s.splat(-std::f32::consts::LOG2_E)), s.splat(-125.0));
    let shifted = s.add(power, s.splat(ROUND));
    let r = s.sub(power, s.sub(shifted, s.splat(ROUND)));
    let exponential = s.scale(polynomial(s, &POWER, r), shifted);
    let inverse = s.div(one, s.add(one, exponential));
    // ln(1 + e) = 2 artanh(e / (2 + e)).
    let q = s.div(exponential, s.add(s.splat(2.0), exponential));
    let logarithm = s.mul(q, polynomial(s, &ARTANH, s.mul(q, q)));
    let numerator = s.fma(positive, s.sub(one, exponential), exponential);
    (logarithm, s.mul(inverse, numerator))
}

/// Sum of coefficients times powers of `x`.
#[inline(always)]
fn polynomial<S: Simd>(s: S, coefficients: &[f32], x: S::V) -> S::V {
    let mut sum = s.splat(0.0);
    for &coefficient in coefficients.iter().rev() {
        sum = s.fma(sum, x, s.splat(coefficient));
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::simd::{InstructionSet, Kernel, dispatch};

    struct Evaluate<'a> {
        loss: Loss,
        values: &'a [f32],
        targets: &'a [f32],
    }

    impl Kernel for Evaluate<'_> {
        type Output = (Vec<f32>, Measured);
        #[inline(always)]
        fn run<S: Simd>(self, s: S) -> Self::Output {
            let (mut gradients, mut sums) = (vec![9.0; self.targets.len()], Measured::default());
            self.loss.add(s, self.values, self.targets, self.targets.len(), &mut gradients, &mut sums);
            (gradients, sums)
        }
    }

    proptest! {
        #[test]
        fn losses_and_gradients_are_those_of_double_precision(
            pairs in prop::collection::vec((-120f32..120.0, 0.01f32..1.0, prop::bool::ANY, 0f32..1.0), 1..200),
            entropy in prop::bool::ANY,
        ) {
            let values: Vec<f32> = pairs.iter().map(|&(x, small, shrink, _)| if shrink { x * small * small } else { x }).collect();
            let targets: Vec<f32> = pairs.iter().map(|&(.., y)| if y < 0.3 { 0.0 } else if y > 0.6 { 1.0 } else { y }).collect();
            let n = targets.len() as f64;
            let loss = if entropy { Loss::CrossEntropy } else { Loss::SquaredError };
            let (mut total, mut both, mut either) = (0.0, 0, 0);
            let mut slopes = Vec::new();
            for (&value, &target) in values.iter().zip(&targets) {
                let (x, y) = (f64::from(value), f64::from(target));
                let one = if entropy { x.max(0.0) + (-x.abs()).exp().ln_1p() - x * y } else { (x - y).powi(2) };
                total += one;
                slopes.push(if entropy { 1.0 / (1.0 + (-x).exp()) - y } else { 2.0 * (x - y) });
                both += usize::from(value > 0.0 && target > 0.5);
                either += usize::from(value > 0.0 || target > 0.5);
            }
            for set in InstructionSet::ALL.into_iter().filter(|set| set.available()) {
                let (gradients, sums) = dispatch(set, Evaluate { loss, values: &values, targets: &targets });
                let mean = f64::from(sums.loss(targets.len()));
                prop_assert!((mean - total / n).abs() < 1e-6 * (0.1 + total / n), "{:?}: {} is not {}", set, mean, total / n);
                for (&gradient, &slope) in gradients.iter().zip(&slopes) {
                    let error = (f64::from(gradient) * n - slope).abs();
                    prop_assert!(error < 4e-7 * (1.0 + slope.abs()), "{:?}: {} is not {}", set, gradient, slope / n);
                }
                if entropy {
                    let iou = if either == 0 { 1.0 } else { both as f32 / either as f32 };
                    prop_assert_eq!(sums.iou(), iou);
                }
            }
        }
    }

    #[test]
    fn hopeless_values_have_finite_losses() {
        for set in InstructionSet::ALL.into_iter().filter(|set| set.available()) {
            let (values, targets) = ([1e30, -1e30, 1e30, 0.0], [0.0, 1.0, 1.0, 0.0]);
            let (gradients, sums) =
                dispatch(set, Evaluate { loss: Loss::CrossEntropy, values: &values, targets: &targets });
            assert_eq!(gradients, [0.25, -0.25, 0.0, 0.125], "{set:?}");
            assert_eq!(sums.loss(4), 5e29, "{set:?}");
        }
    }

    #[test]
    #[should_panic(expected = "CrossEntropy cannot reach Psnr(30.0)")]
    fn goals_belong_to_losses() {
        Goal::Psnr(30.0).check(Loss::CrossEntropy);
    }
}
