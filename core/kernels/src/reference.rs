//! Dense stacks written down plainly in `f64`, against which the kernels are tested.

use crate::stack::{Activation, DenseStack};

/// Uniform numbers in [-1, 1).
pub(crate) struct Uniform(pub(crate) u64);

impl Uniform {
    pub(crate) fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / 8_388_608.0 - 1.0
    }

    pub(crate) fn vector(&mut self, length: usize) -> Vec<f32> {
        (0..length).map(|_| self.next()).collect()
    }
}

/// Random weights of `n` networks at the scale of the usual initialisations.
pub(crate) fn random_weights(stack: &DenseStack, n: usize, random: &mut Uniform) -> Vec<f32> {
    let mut weights = Vec::new();
    for _ in 0..n {
        for (l, pair) in stack.widths.windows(2).enumerate() {
            let fan_in = pair[0] as f32;
            let bound = match stack.activations.get(l) {
                Some(Activation::Sine { .. }) if l == 0 => 1.0 / fan_in,
                Some(Activation::Sine { omega }) => (6.0 / fan_in).sqrt() / omega,
                _ => (6.0 / fan_in).sqrt(),
            };
            weights.extend((0..pair[0] * pair[1]).map(|_| bound * random.next()));
            weights.extend((0..pair[1]).map(|_| random.next() / fan_in.sqrt()));
        }
    }
    weights
}

/// Value and derivative of an activation.
fn activate(activation: Activation, z: f64) -> (f64, f64) {
    match activation {
        Activation::Sine { omega } => {
            let (sine, cosine) = (f64::from(omega) * z).sin_cos();
            (sine, f64::from(omega) * cosine)
        }
        Activation::Relu if z > 0.0 => (z, 1.0),
        Activation::Relu => (0.0, 0.0),
    }
}

/// The inputs of the first layer at a point, and for each the coordinate that it depends on and its derivative.
fn encode(stack: &DenseStack, point: &[f32]) -> Vec<(f64, usize, f64)> {
    let point: Vec<f64> = point.iter().map(|&x| f64::from(x)).collect();
    let plain = point.iter().enumerate().map(|(c, &x)| (x, c, 1.0));
    let Some(encoding) = stack.encoding else { return plain.collect() };
    let mut features: Vec<_> = if encoding.include_input { plain.collect() } else { vec![] };
    for k in 0..encoding.octaves {
        let frequency = 2f64.powi(k as i32);
        let waves = point.iter().enumerate().map(|(c, &x)| (c, (frequency * x).sin_cos()));
        features.extend(waves.clone().map(|(c, (sine, cosine))| (sine, c, frequency * cosine)));
        features.extend(waves.map(|(c, (sine, cosine))| (cosine, c, -frequency * sine)));
    }
    features
}

/// One network at one point: its values, and the smallest |z| of a ReLU, whose derivative jumps at 0.
pub(crate) struct Evaluation {
    pub(crate) values: Vec<f64>,
    pub(crate) nearest_kink: f64,
    /// Input of each layer.
    pub(crate) inputs: Vec<Vec<f64>>,
    /// Derivative of each activation.
    slopes: Vec<Vec<f64>>,
}

/// Evaluates one network, flat `weights`, at one point.
pub(crate) fn evaluate(stack: &DenseStack, weights: &[f32], point: &[f32]) -> Evaluation {
    let mut x: Vec<f64> = encode(stack, point).into_iter().map(|(value, ..)| value).collect();
    let mut evaluation = Evaluation { values: vec![], nearest_kink: f64::INFINITY, inputs: vec![], slopes: vec![] };
    let mut rest = weights;
    for (l, pair) in stack.widths.windows(2).enumerate() {
        let (weight, after) = rest.split_at(pair[0] * pair[1]);
        let (bias, after) = after.split_at(pair[1]);
        rest = after;
        let row = |o: usize| weight[o * pair[0]..].iter().zip(&x).map(|(&w, &x)| f64::from(w) * x).sum::<f64>();
        let z: Vec<f64> = (0..pair[1]).map(|o| row(o) + f64::from(bias[o])).collect();
        evaluation.inputs.push(std::mem::take(&mut x));
        match stack.activations.get(l) {
            Some(&activation) => {
                if activation == Activation::Relu {
                    evaluation.nearest_kink = z.iter().map(|z| z.abs()).fold(evaluation.nearest_kink, f64::min);
                }
                x = z.iter().map(|&z| activate(activation, z).0).collect();
                evaluation.slopes.push(z.iter().map(|&z| activate(activation, z).1).collect());
            }
            None => evaluation.values = z.iter().map(|z| z + f64::from(stack.output_offset)).collect(),
        }
    }
    evaluation
}

/// Adds the gradients of the scalar product of `gradient` with the values of an evaluation: to `to`, flat like the
/// weights, and to `by_point`.
pub(crate) fn add_gradients(
    stack: &DenseStack,
    weights: &[f32],
    point: &[f32],
    evaluation: &Evaluation,
    gradient: &[f32],
    to: &mut [f64],
    by_point: &mut [f64],
) {
    let mut delta: Vec<f64> = gradient.iter().map(|&g| f64::from(g)).collect();
    let mut end = weights.len();
    for (l, pair) in stack.widths.windows(2).enumerate().rev() {
        if let Some(slopes) = evaluation.slopes.get(l) {
            delta.iter_mut().zip(slopes).for_each(|(delta, slope)| *delta *= slope);
        }
        let start = end - (pair[0] + 1) * pair[1];
        let mut below = vec![0.0; pair[0]];
        for o in 0..pair[1] {
            for i in 0..pair[0] {
                to[start + o * pair[0] + i] += delta[o] * evaluation.inputs[l][i];
                below[i] += delta[o] * f64::from(weights[start + o * pair[0] + i]);
            }
            to[start + pair[0] * pair[1] + o] += delta[o];
        }
        (delta, end) = (below, start);
    }
    for ((_, coordinate, derivative), delta) in encode(stack, point).into_iter().zip(&delta) {
        by_point[coordinate] += derivative * delta;
    }
}

/// Norm of the difference over the norm of `exact`, with a floor for vectors near zero.
pub(crate) fn relative_error(values: &[f32], exact: &[f64]) -> f64 {
    let difference: f64 = values.iter().zip(exact).map(|(&a, b)| (f64::from(a) - b).powi(2)).sum();
    (difference / exact.iter().map(|x| x * x).sum::<f64>().max(1e-12)).sqrt()
}
