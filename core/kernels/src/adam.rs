//! Adam as one fused pass over a network's parameters.

use crate::simd::{Kernel, Simd};

/// Settings of Adam (Kingma and Ba, 2015).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Step size.
    pub learning_rate: f32,
    /// Decay of the mean of gradients.
    pub beta1: f32,
    /// Decay of the mean of squared gradients.
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
}

impl Default for Adam {
    fn default() -> Self {
        Self { learning_rate: 5e-3, beta1: 0.9, beta2: 0.99, epsilon: 1e-8 }
    }
}

/// One step's factors: with a = sqrt(1 - β2^t) and b = 1 - β1^t, m̂ / (sqrt(v̂) + ε) = (a / b) m / (sqrt(v) + a ε).
#[derive(Clone, Copy)]
pub(crate) struct Step {
    beta1: f32,
    beta2: f32,
    rate: f32,
    epsilon: f32,
    /// What remains of a parameter before the step: 1 - learning rate x weight decay.
    keep: f32,
}

impl Adam {
    /// Factors of step `step`, counted from 1.
    pub(crate) fn step(&self, step: u32, learning_rate: f32, weight_decay: f32) -> Step {
        let power = step.min(i32::MAX as u32) as i32;
        let second = (1.0 - f64::from(self.beta2).powi(power)).sqrt();
        let first = 1.0 - f64::from(self.beta1).powi(power);
        Step {
            beta1: self.beta1,
            beta2: self.beta2,
            rate: (f64::from(learning_rate) * second / first) as f32,
            epsilon: (f64::from(self.epsilon) * second) as f32,
            keep: (1.0 - f64::from(learning_rate) * f64::from(weight_decay)) as f32,
        }
    }
}

/// The four tensors of an update, of one length.
pub(crate) struct Update<'a> {
    pub(crate) step: Step,
    /// Factor of every gradient.
    pub(crate) scale: f32,
    pub(crate) parameters: &'a mut [f32],
    pub(crate) gradients: &'a [f32],
    pub(crate) m: &'a mut [f32],
    pub(crate) v: &'a mut [f32],
}

impl Kernel for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let length = self.parameters.len();
        let whole = length / S::LANES * S::LANES;
        let (p, g) = (self.parameters.as_mut_ptr(), self.gradients.as_ptr());
        let (m, v) = (self.m.as_mut_ptr(), self.v.as_mut_ptr());
        for i in (0..whole).step_by(S::LANES) {
            // SAFETY: the four slices have one length, which holds this vector.
            unsafe { update(s, &self.step, self.scale, p.add(i), g.add(i), m.add(i), v.add(i)) }
        }
        if whole < length {
            let mut rest = [[0.0; 16]; 4];
            let tail = whole..length;
            let count = tail.len();
            rest[0][..count].copy_from_slice(&self.parameters[tail.clone()]);
            rest[1][..count].copy_from_slice(&self.gradients[tail.clone()]);
            rest[2][..count].copy_from_slice(&self.m[tail.clone()]);
            rest[3][..count].copy_from_slice(&self.v[tail.clone()]);
            let [p, g, m, v] = &mut rest;
            // SAFETY: sixteen floats hold every vector.
            unsafe {
                update(s, &self.step, self.scale, p.as_mut_ptr(), g.as_ptr(), m.as_mut_ptr(), v.as_mut_ptr());
            }
            self.parameters[tail.clone()].copy_from_slice(&p[..count]);
            self.m[tail.clone()].copy_from_slice(&m[..count]);
            self.v[tail].copy_from_slice(&v[..count]);
        }
    }
}

/// One vector of an update.
#[inline(always)]
unsafe fn update<S: Simd>(s: S, step: &Step, scale: f32, p: *mut f32, g: *const f32, m: *mut f32, v: *mut f32) {
    // SAFETY: the caller's.
    unsafe {
        let gradient = s.mul(s.load(g), s.splat(scale));
        let mean = s.fma(s.splat(step.beta1), s.load(m), s.mul(s.splat(1.0 - step.beta1), gradient));
        let square = s.mul(s.mul(s.splat(1.0 - step.beta2), gradient), gradient);
        let square = s.fma(s.splat(step.beta2), s.load(v), square);
        s.store(m, mean);
        s.store(v, square);
        let direction = s.div(mean, s.add(s.sqrt(square), s.splat(step.epsilon)));
        let kept = s.mul(s.load(p), s.splat(step.keep));
        s.store(p, s.fma(s.splat(-step.rate), direction, kept));
    }
}
