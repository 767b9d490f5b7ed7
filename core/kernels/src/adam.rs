//! Adam as one fused pass over a network's parameters.

use crate::buffer::Buffer;
use crate::network::Network;
use crate::plan::Plan;
use crate::simd::Simd;

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
    pub(crate) beta1: f32,
    pub(crate) beta2: f32,
    pub(crate) rate: f32,
    pub(crate) epsilon: f32,
}

impl Adam {
    /// Factors of step `step`, counted from 1.
    pub(crate) fn step(&self, step: u32, learning_rate: f32) -> Step {
        let [beta1, beta2, epsilon] = [self.beta1, self.beta2, self.epsilon].map(f64::from);
        Step::new(step, f64::from(learning_rate), beta1, beta2, epsilon)
    }
}

impl Step {
    /// Factors of step `step`, counted from 1.
    pub(crate) fn new(step: u32, learning_rate: f64, beta1: f64, beta2: f64, epsilon: f64) -> Self {
        let power = step.min(i32::MAX as u32) as i32;
        let (first, second) = (1.0 - beta1.powi(power), (1.0 - beta2.powi(power)).sqrt());
        Self {
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            rate: (learning_rate * second / first) as f32,
            epsilon: (epsilon * second) as f32,
        }
    }

    /// Updates the moments of one vector by its gradient, and gives what the step subtracts, divided by [`Step::rate`].
    ///
    /// # Safety
    /// `m` and `v` hold a vector.
    #[inline(always)]
    pub(crate) unsafe fn direction<S: Simd>(&self, s: S, gradient: S::V, m: *mut f32, v: *mut f32) -> S::V {
        // SAFETY: the caller's.
        unsafe {
            let mean = s.fma(s.splat(self.beta1), s.load(m), s.mul(s.splat(1.0 - self.beta1), gradient));
            let square = s.mul(s.mul(s.splat(1.0 - self.beta2), gradient), gradient);
            let square = s.fma(s.splat(self.beta2), s.load(v), square);
            s.store(m, mean);
            s.store(v, square);
            s.div(mean, s.add(s.sqrt(square), s.splat(self.epsilon)))
        }
    }
}

/// Moments of one network's packed parameters.
pub(crate) struct Moments {
    m: Buffer,
    v: Buffer,
    /// Gradients that they hold.
    updates: u32,
}

impl Moments {
    pub(crate) fn zeros(plan: &Plan) -> Self {
        Self { m: Buffer::zeros(plan.packed), v: Buffer::zeros(plan.packed), updates: 0 }
    }

    /// Forgets the network before.
    pub(crate) fn reset(&mut self) {
        self.m.fill(0.0);
        self.v.fill(0.0);
        self.updates = 0;
    }

    /// Updates the parameters of the network by its gradients.
    #[inline(always)]
    pub(crate) fn update<S: Simd>(&mut self, s: S, network: &mut Network<'_>, adam: &Adam, learning_rate: f32) {
        self.updates = self.updates.saturating_add(1);
        let step = &adam.step(self.updates, learning_rate);
        let (p, g) = (network.parameters.as_mut_ptr(), network.gradients.as_ptr());
        let (m, v) = (self.m.as_mut_ptr(), self.v.as_mut_ptr());
        for layer in &network.plan.layers {
            for i in (layer.weight..layer.end).step_by(S::LANES) {
                // SAFETY: the four buffers have the length of packed parameters, and layers are padded to whole vectors.
                unsafe { update(s, step, layer.slope_scale(), p.add(i), g.add(i), m.add(i), v.add(i)) }
            }
        }
    }
}

/// One vector of an update.
#[inline(always)]
unsafe fn update<S: Simd>(s: S, step: &Step, scale: f32, p: *mut f32, g: *const f32, m: *mut f32, v: *mut f32) {
    // SAFETY: the caller's.
    unsafe {
        let direction = step.direction(s, s.mul(s.load(g), s.splat(scale)), m, v);
        s.store(p, s.fma(s.splat(-step.rate), direction, s.load(p)));
    }
}
