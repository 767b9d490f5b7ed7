//! AdamW over one large tensor, in one pass over memory.

use rayon::prelude::*;

use crate::adam::Step;
use crate::simd::{InstructionSet, Kernel, Simd, dispatch};

/// Settings of one step of AdamW (Loshchilov and Hutter, 2019).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Step size.
    pub learning_rate: f64,
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Factor of every gradient, such as a clipped norm asks for.
    pub scale: f32,
    /// Decay of the moving average of the parameters.
    pub average: f64,
}

/// One tensor with its state, all of one length.
#[derive(Debug)]
pub struct AdamWState<'a> {
    /// The parameters.
    pub parameters: &'a mut [f32],
    /// Their gradients.
    pub gradients: &'a [f32],
    /// Mean of the gradients.
    pub first: &'a mut [f32],
    /// Mean of their squares.
    pub second: &'a mut [f32],
    /// Moving average of the parameters, if one is kept.
    pub average: Option<&'a mut [f32]>,
}

/// Elements of one task: small enough to share, large enough to be worth a task.
const CHUNK: usize = 1 << 15;

/// One step: the moments are updated, then `param -= lr * (m̂ / (sqrt(v̂) + eps) + weight_decay * param)`, then the average
/// follows: `average = decay * average + (1 - decay) * param`. `step` counts from 1. Large tensors are shared between all
/// cores; the result does not depend on their number.
///
/// # Panics
/// If lengths differ or `step` is 0.
pub fn adamw_step(settings: &AdamW, step: u32, state: AdamWState<'_>) {
    let AdamWState { parameters, gradients, first, second, average } = state;
    let length = parameters.len();
    assert!(step > 0, "steps of Adam count from 1");
    let average_length = average.as_ref().map_or(length, |average| average.len());
    for (what, found) in
        [("gradients", gradients.len()), ("first", first.len()), ("second", second.len()), ("average", average_length)]
    {
        assert!(found == length, "{length} parameters have {what} of length {found}");
    }
    let set = InstructionSet::best();
    let factors = Factors::new(settings, step);
    let tensors = parameters.par_chunks_mut(CHUNK).zip(gradients.par_chunks(CHUNK));
    let tensors = tensors.zip(first.par_chunks_mut(CHUNK)).zip(second.par_chunks_mut(CHUNK));
    match average {
        Some(average) => tensors.zip(average.par_chunks_mut(CHUNK)).for_each(|((((p, g), m), v), average)| {
            dispatch(set, Update { factors, p, g, m, v, average: Some(average) });
        }),
        None => tensors.for_each(|(((p, g), m), v)| dispatch(set, Update { factors, p, g, m, v, average: None })),
    }
}

/// Sum of squares, in double precision beyond a chunk and in a fixed order.
pub fn sum_of_squares(values: &[f32]) -> f64 {
    let set = InstructionSet::best();
    let parts: Vec<f64> = values.par_chunks(CHUNK).map(|part| f64::from(dispatch(set, Squares(part)))).collect();
    parts.iter().sum()
}

/// One step's factors.
#[derive(Clone, Copy)]
struct Factors {
    adam: Step,
    scale: f32,
    /// What remains of a parameter before the step: 1 - learning rate x weight decay.
    keep: f32,
    average: f32,
}

impl Factors {
    fn new(settings: &AdamW, step: u32) -> Self {
        let AdamW { learning_rate, beta1, beta2, epsilon, weight_decay, scale, average } = *settings;
        Self {
            adam: Step::new(step, learning_rate, beta1, beta2, epsilon),
            scale,
            keep: (1.0 - learning_rate * weight_decay) as f32,
            average: average as f32,
        }
    }
}

struct Update<'a> {
    factors: Factors,
    p: &'a mut [f32],
    g: &'a [f32],
    m: &'a mut [f32],
    v: &'a mut [f32],
    average: Option<&'a mut [f32]>,
}

impl Kernel for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { factors, p, g, m, v, average } = self;
        let whole = p.len() / S::LANES * S::LANES;
        let mut each = average;
        for i in (0..whole).step_by(S::LANES) {
            // SAFETY: the slices have one length, which holds this vector.
            unsafe {
                let new = update(s, &factors, p, g, m, v, i);
                if let Some(average) = each.as_deref_mut() {
                    let old = s.mul(s.load(average.as_ptr().add(i)), s.splat(factors.average));
                    s.store(average.as_mut_ptr().add(i), s.fma(s.splat(1.0 - factors.average), new, old));
                }
            }
        }
        let Step { beta1, beta2, rate, epsilon } = factors.adam;
        for i in whole..p.len() {
            let gradient = g[i] * factors.scale;
            m[i] = beta1 * m[i] + (1.0 - beta1) * gradient;
            v[i] = beta2 * v[i] + (1.0 - beta2) * gradient * gradient;
            p[i] = p[i] * factors.keep - rate * m[i] / (v[i].sqrt() + epsilon);
            if let Some(average) = each.as_deref_mut() {
                average[i] = average[i] * factors.average + (1.0 - factors.average) * p[i];
            }
        }
    }
}

/// Updates the vector at `i` and returns the new parameters.
///
/// # Safety
/// All slices hold a vector at `i`.
#[inline(always)]
unsafe fn update<S: Simd>(
    s: S,
    factors: &Factors,
    p: &mut [f32],
    g: &[f32],
    m: &mut [f32],
    v: &mut [f32],
    i: usize,
) -> S::V {
    // SAFETY: the caller's.
    unsafe {
        let gradient = s.mul(s.load(g.as_ptr().add(i)), s.splat(factors.scale));
        let direction = factors.adam.direction(s, gradient, m.as_mut_ptr().add(i), v.as_mut_ptr().add(i));
        let kept = s.mul(s.load(p.as_ptr().add(i)), s.splat(factors.keep));
        let new = s.fma(s.splat(-factors.adam.rate), direction, kept);
        s.store(p.as_mut_ptr().add(i), new);
        new
    }
}

struct Squares<'a>(&'a [f32]);

impl Kernel for Squares<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> f32 {
        let values = self.0;
        // Four sums, so that additions need not wait for each other.
        let mut sums = [s.splat(0.0); 4];
        let width = 4 * S::LANES;
        let whole = values.len() / width * width;
        for i in (0..whole).step_by(width) {
            for (k, sum) in sums.iter_mut().enumerate() {
                // SAFETY: four vectors fit at `i`.
                let x = unsafe { s.load(values.as_ptr().add(i + k * S::LANES)) };
                *sum = s.fma(x, x, *sum);
            }
        }
        let sum = s.sum(s.add(s.add(sums[0], sums[1]), s.add(sums[2], sums[3])));
        values[whole..].iter().fold(sum, |sum, x| x * x + sum)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(i: usize, salt: u32) -> f32 {
        ((i as u32).wrapping_mul(2_654_435_761).wrapping_add(salt) >> 8) as f32 / 16_777_216.0 - 0.5
    }

    proptest! {
        #[test]
        fn steps_follow_the_formula(
            length in 1usize..200,
            seed in any::<u32>(),
            large in any::<bool>(),
            weight_decay in 0.0f64..0.1,
            scale in 0.1f32..1.0,
        ) {
            let length = if large { length + CHUNK } else { length };
            let mut p: Vec<f32> = (0..length).map(|i| value(i, seed ^ 1)).collect();
            let (mut m, mut v, mut average) = (vec![0.0; length], vec![0.0; length], p.clone());
            let mut exact: Vec<[f64; 4]> = p.iter().map(|&p| [f64::from(p), 0.0, 0.0, f64::from(p)]).collect();
            let settings = AdamW {
                learning_rate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weight_decay, scale, average: 0.7,
            };
            for step in 1..=4u32 {
                let g: Vec<f32> = (0..length).map(|i| value(i, seed ^ (step + 1))).collect();
                let state = AdamWState {
                    parameters: &mut p, gradients: &g, first: &mut m, second: &mut v, average: Some(&mut average),
                };
                adamw_step(&settings, step, state);
                for (state, &g) in exact.iter_mut().zip(&g) {
                    let g = f64::from(g) * f64::from(scale);
                    state[1] = 0.9 * state[1] + 0.1 * g;
                    state[2] = 0.99 * state[2] + 0.01 * g * g;
                    let mean = state[1] / (1.0 - 0.9f64.powi(step as i32));
                    let square = state[2] / (1.0 - 0.99f64.powi(step as i32));
                    state[0] -= 0.01 * (mean / (square.sqrt() + 1e-8) + weight_decay * state[0]);
                    state[3] = 0.7 * state[3] + 0.3 * state[0];
                }
            }
            for (state, (&p, &average)) in exact.iter().zip(p.iter().zip(&average)) {
                prop_assert!((state[0] - f64::from(p)).abs() < 1e-5, "{} is not {}", p, state[0]);
                prop_assert!((state[3] - f64::from(average)).abs() < 1e-5, "{} is not {}", average, state[3]);
            }
        }

        #[test]
        fn squares_are_summed(length in 0usize..100_000, seed in any::<u32>()) {
            let values: Vec<f32> = (0..length).map(|i| value(i, seed)).collect();
            let exact: f64 = values.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            prop_assert!((sum_of_squares(&values) - exact).abs() <= 1e-6 * exact);
        }
    }

    #[test]
    #[should_panic(expected = "3 parameters have gradients of length 2")]
    fn lengths_must_agree() {
        let settings = AdamW {
            learning_rate: 0.1,
            beta1: 0.9,
            beta2: 0.99,
            epsilon: 1e-8,
            weight_decay: 0.0,
            scale: 1.0,
            average: 0.0,
        };
        let state = AdamWState {
            parameters: &mut [0.0; 3],
            gradients: &[0.0; 2],
            first: &mut [0.0; 3],
            second: &mut [0.0; 3],
            average: None,
        };
        adamw_step(&settings, 1, state);
    }
}
