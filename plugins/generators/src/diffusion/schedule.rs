//! The noise schedule, what a denoiser predicts, and the deterministic sampler's step.

use burn::tensor::{Device, Tensor};
use equigen_core::host;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the denoiser's output means. Loss and sampler read the same setting (the authors' code trained on noise and
/// sampled as if the output were the clean weights).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The clean weights.
    #[default]
    X0,
    /// The noise.
    Epsilon,
    /// `sqrt(ᾱ) ε - sqrt(1 - ᾱ) x0` (Salimans & Ho 2022).
    V,
}

/// The cosine schedule (Nichol & Dhariwal 2021), with β cut at 0.999 as in `squaredcos_cap_v2`.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    /// ᾱ of each timestep.
    alpha_bar: Vec<f64>,
}

impl Schedule {
    pub(crate) fn cosine(steps: usize) -> Self {
        let f = |t: f64| ((t / steps as f64 + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2).cos().powi(2);
        let mut product = 1.0;
        let alpha_bar = (0..steps).map(|t| {
            product *= 1.0 - (1.0 - f(t as f64 + 1.0) / f(t as f64)).min(0.999);
            product
        });
        Self { alpha_bar: alpha_bar.collect() }
    }

    pub(crate) fn steps(&self) -> usize {
        self.alpha_bar.len()
    }

    /// ᾱ at timesteps, `[n, 1]`.
    pub(crate) fn at(&self, timesteps: &[usize], device: &Device) -> Tensor<2> {
        let values = timesteps.iter().map(|t| self.alpha_bar[*t] as f32).collect();
        host::tensor(values, [timesteps.len(), 1], device)
    }

    /// Timesteps of a sampler, from the noisiest down, evenly spaced.
    pub(crate) fn trajectory(&self, count: usize) -> Vec<usize> {
        let last = self.steps() - 1;
        let count = count.clamp(1, self.steps());
        (0..count).map(|i| if count == 1 { last } else { last - i * last / (count - 1) }).collect()
    }
}

/// `sqrt(ᾱ) x0 + sqrt(1 - ᾱ) ε`.
pub(crate) fn add_noise(x0: Tensor<2>, noise: Tensor<2>, alpha_bar: Tensor<2>) -> Tensor<2> {
    x0 * alpha_bar.clone().sqrt() + noise * (-alpha_bar + 1.0).sqrt()
}

impl Target {
    /// What a denoiser should predict.
    pub(crate) fn of(self, x0: Tensor<2>, noise: Tensor<2>, alpha_bar: Tensor<2>) -> Tensor<2> {
        match self {
            Self::X0 => x0,
            Self::Epsilon => noise,
            Self::V => noise * alpha_bar.clone().sqrt() - x0 * (-alpha_bar + 1.0).sqrt(),
        }
    }

    /// The clean weights that a prediction means.
    pub(crate) fn to_x0(self, prediction: Tensor<2>, x_t: Tensor<2>, alpha_bar: Tensor<2>) -> Tensor<2> {
        let (signal, noise) = (alpha_bar.clone().sqrt(), (-alpha_bar + 1.0).sqrt());
        match self {
            Self::X0 => prediction,
            Self::Epsilon => (x_t - prediction * noise) / signal.clamp_min(1e-3),
            Self::V => x_t * signal - prediction * noise,
        }
    }
}

/// One step of DDIM (Song et al. 2021) from ᾱ to the less noisy ᾱ of the next timestep. `fresh` is new noise, `eta` its
/// share: 0 is deterministic, 1 is ancestral sampling.
pub(crate) fn ddim_step(
    x_t: Tensor<2>,
    x0: Tensor<2>,
    (alpha_bar, next): (Tensor<2>, Tensor<2>),
    fresh: Tensor<2>,
    eta: f64,
) -> Tensor<2> {
    let rest = (-alpha_bar.clone() + 1.0).clamp_min(1e-12);
    let noise = (x_t - x0.clone() * alpha_bar.clone().sqrt()) / rest.clone().sqrt();
    let ratio = (-next.clone() + 1.0) / rest * (-alpha_bar / next.clone() + 1.0);
    let variance = ratio.clamp_min(0.0) * (eta * eta);
    let kept = (-next.clone() + 1.0 - variance.clone()).clamp_min(0.0).sqrt();
    x0 * next.sqrt() + noise * kept + fresh * variance.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oracle_recovers_the_data_for_every_target() {
        let device = Device::flex();
        let schedule = Schedule::cosine(1000);
        let x0: Tensor<2> = host::tensor(vec![1.0, -2.0, 0.5, 3.0], [2, 2], &device);
        for (target, eta) in [(Target::X0, 0.0), (Target::Epsilon, 0.0), (Target::V, 0.0), (Target::X0, 1.0)] {
            let start: Tensor<2> = host::tensor(vec![0.3, 1.2, -0.7, 0.1], [2, 2], &device);
            let mut x = start;
            let trajectory = schedule.trajectory(20);
            for (i, t) in trajectory.iter().enumerate() {
                let alpha_bar = schedule.at(&[*t, *t], &device);
                // The oracle knows the data, and answers in the target's terms.
                let noise = (x.clone() - x0.clone() * alpha_bar.clone().sqrt()) / (-alpha_bar.clone() + 1.0).sqrt();
                let prediction = target.of(x0.clone(), noise, alpha_bar.clone());
                let guess = target.to_x0(prediction, x.clone(), alpha_bar.clone());
                x = match trajectory.get(i + 1) {
                    Some(next) => {
                        let next = schedule.at(&[*next, *next], &device);
                        ddim_step(x.clone(), guess, (alpha_bar, next), x.ones_like(), eta)
                    }
                    None => guess,
                };
            }
            let error = host::scalar((x - x0.clone()).abs().max());
            assert!(error < 2e-3, "{target:?}: {error}");
        }
    }

    #[test]
    fn the_schedule_falls_from_clean_to_noise() {
        let schedule = Schedule::cosine(1000);
        assert!(schedule.alpha_bar.windows(2).all(|pair| pair[1] < pair[0]));
        assert!(schedule.alpha_bar[0] > 0.999 && schedule.alpha_bar[999] < 1e-4);
        let trajectory = schedule.trajectory(7);
        assert_eq!((trajectory.len(), trajectory[0], trajectory[6]), (7, 999, 0));
        assert_eq!(schedule.trajectory(1), [999]);
    }
}
