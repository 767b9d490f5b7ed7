//! Gradients against central differences.

use burn::tensor::Tensor;

use super::Verdict;
use crate::host;
use crate::seed::{self, Rng};

/// Whether the gradient of `value` at `at [n, m]`, which lives on an autodiff device, agrees with central differences along
/// `directions` random directions, to 3 % of the gradient's length.
///
/// A slope along a random direction is of the order of that length. Where a kink of ReLU or maximum lies between the two
/// ends, a shorter step passes it: a true gradient agrees at some of the `steps`, a false one at none.
pub(super) fn agrees(
    at: &Tensor<2>,
    value: impl Fn(Tensor<2>) -> Tensor<1>,
    directions: usize,
    steps: &[f64],
    rng: &mut Rng,
) -> Verdict {
    let (shape, device) = (at.dims(), at.device());
    let tracked = at.clone().require_grad();
    let Some(gradient) = tracked.grad(&value(tracked.clone()).backward()) else {
        return Verdict::Broken("no gradient reaches the weights".to_owned());
    };
    let length = host::scalar(gradient.clone().square().sum().sqrt()).max(1e-3);
    for _ in 0..directions {
        let direction = host::tensor(seed::normal(rng, shape[0] * shape[1]), shape, &device);
        let slope = host::scalar((gradient.clone() * direction.clone().inner()).sum());
        let difference = |step: &f64| {
            let (ahead, behind) = (at.clone() + direction.clone() * *step, at.clone() - direction.clone() * *step);
            host::scalar((value(ahead) - value(behind)) / (2.0 * step))
        };
        let differences: Vec<f32> = steps.iter().map(difference).collect();
        if !differences.iter().any(|difference| (slope - difference).abs() < 0.03 * length) {
            return Verdict::Broken(format!("the gradient says {slope}, differences say {differences:?}"));
        }
    }
    Verdict::Holds
}
