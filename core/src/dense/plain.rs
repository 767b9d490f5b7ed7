//! Dense networks in plain tensor code, and in double precision, one formula after the other: what the fused kernel is held
//! to, and what computes the activations that it does not know.

use burn::tensor::{Tensor, activation::relu};
use equigen_kernels::{DenseStack, Positional};

use super::Points;
use crate::{Activation, Layout, Weights};

/// What [`render`](super::render) computes, with the activations `[n, width, points]` of every hidden layer.
pub fn plain(stack: &DenseStack, weights: &Weights, points: &Points) -> (Vec<Tensor<3>>, Tensor<3>) {
    let activations: Vec<Activation> = stack.activations.iter().map(|activation| (*activation).into()).collect();
    let inputs = encode(stack.encoding, points.expand(weights.len()).swap_dims(1, 2));
    layers(&activations, stack.output_offset, weights, inputs)
}

/// The same of networks that compute what their layout says, at points that are encoded already.
///
/// # Panics
/// If a layer's activation is [`Activation::Other`].
pub fn by_layout(weights: &Weights, points: &Points) -> (Vec<Tensor<3>>, Tensor<3>) {
    let inputs = points.expand(weights.len()).swap_dims(1, 2);
    layers(&activations(weights.layout()), 0.0, weights, inputs)
}

fn activations(layout: &Layout) -> Vec<Activation> {
    layout.hidden().iter().map(|hidden| hidden.activation).collect()
}

/// Feature-first, `state [n, inputs, points]`, so that each layer is one batched matrix product without transposing
/// activations.
fn layers(
    activations: &[Activation],
    offset: f32,
    weights: &Weights,
    mut state: Tensor<3>,
) -> (Vec<Tensor<3>>, Tensor<3>) {
    let mut hidden = Vec::new();
    for layer in 0..weights.layout().layers() {
        let bias = weights.bias(layer).unsqueeze_dim::<3>(2);
        state = weights.weight(layer).matmul(state) + bias;
        if let Some(activation) = activations.get(layer) {
            state = activate(*activation, state);
            hidden.push(state.clone());
        }
    }
    (hidden, (state + offset).swap_dims(1, 2))
}

fn activate(activation: Activation, z: Tensor<3>) -> Tensor<3> {
    match activation {
        Activation::Sine { omega } => (z * omega).sin(),
        Activation::Relu => relu(z),
        Activation::Finer { omega } => ((z.clone().abs() + 1.0) * z * omega).sin(),
        Activation::Gabor { omega, scale } => (z.clone() * omega).cos() * (-(z * scale).square()).exp(),
        Activation::Other => panic!("{OTHER}"),
    }
}

const OTHER: &str = "what a layer of `other` activation computes, its family alone knows";

/// The same of one number in double precision. Factors are rounded as in single precision, which all else computes in.
fn activate_exactly(activation: Activation, z: f64) -> f64 {
    let rounded = |factor: f64| f64::from(factor as f32);
    match activation {
        Activation::Sine { omega } => (rounded(omega) * z).sin(),
        Activation::Relu => z.max(0.0),
        Activation::Finer { omega } => (rounded(omega) * (z.abs() + 1.0) * z).sin(),
        Activation::Gabor { omega, scale } => (rounded(omega) * z).cos() * (-(rounded(scale) * z).powi(2)).exp(),
        Activation::Other => panic!("{OTHER}"),
    }
}

/// Positional encoding of coordinates `[n, coordinates, points]`, if there is one, as the kernel does it.
fn encode(encoding: Option<Positional>, points: Tensor<3>) -> Tensor<3> {
    let Some(encoding) = encoding else { return points };
    let waves = (0..encoding.octaves).flat_map(|octave| {
        let argument = points.clone() * (octave as f32).exp2();
        [argument.clone().sin(), argument.cos()]
    });
    let point = encoding.include_input.then(|| points.clone());
    Tensor::cat(point.into_iter().chain(waves).collect(), 1)
}

/// The same of one point in double precision.
fn encode_exactly(encoding: Option<Positional>, point: Vec<f64>) -> Vec<f64> {
    let Some(encoding) = encoding else { return point };
    let wave = |octave: usize, of: fn(f64) -> f64| {
        let frequency = (octave as f64).exp2();
        point.iter().map(move |x| of(frequency * x)).collect::<Vec<_>>()
    };
    let waves = (0..encoding.octaves).flat_map(|octave| [wave(octave, f64::sin), wave(octave, f64::cos)].concat());
    let mut features = if encoding.include_input { point.clone() } else { vec![] };
    features.extend(waves);
    features
}

/// Values `[points, outputs]` of one network in double precision, plainly: the reference for laws. Deep sine networks
/// multiply the rounding of single precision, which depends on the order of the neurons, so that it can hide or feign a
/// change of the function.
///
/// # Panics
/// If the parameters are not those of the stack.
pub fn reference(stack: &DenseStack, network: &[f32], points: &[f32]) -> Vec<f64> {
    assert_eq!(network.len(), stack.parameters(), "the parameters are not those of the stack");
    let activations: Vec<Activation> = stack.activations.iter().map(|activation| (*activation).into()).collect();
    let at = |point: &[f32]| {
        let inputs = encode_exactly(stack.encoding, point.iter().map(|x| f64::from(*x)).collect());
        layers_exactly(&stack.widths, &activations, stack.output_offset, network, inputs)
    };
    points.chunks(stack.inputs()).flat_map(at).collect()
}

/// The same of a network that computes what its layout says, at points that are encoded already.
///
/// # Panics
/// If the parameters are not those of the layout, or a layer's activation is [`Activation::Other`].
pub fn reference_by_layout(layout: &Layout, network: &[f32], points: &[f32]) -> Vec<f64> {
    assert_eq!(network.len(), layout.parameters(), "the parameters are not those of the layout");
    let (widths, activations) = (layout.widths(), activations(layout));
    let at = |point: &[f32]| {
        layers_exactly(&widths, &activations, 0.0, network, point.iter().map(|x| f64::from(*x)).collect())
    };
    points.chunks(layout.inputs()).flat_map(at).collect()
}

fn layers_exactly(
    widths: &[usize],
    activations: &[Activation],
    offset: f32,
    network: &[f32],
    mut state: Vec<f64>,
) -> Vec<f64> {
    let mut rest = network;
    for (layer, outputs) in widths[1..].iter().enumerate() {
        let (weight, after) = rest.split_at(outputs * state.len());
        let (bias, after) = after.split_at(*outputs);
        let unit = |(row, bias): (&[f32], &f32)| {
            let sum = row.iter().zip(&state).map(|(w, x)| f64::from(*w) * x).sum::<f64>() + f64::from(*bias);
            match activations.get(layer) {
                Some(activation) => activate_exactly(*activation, sum),
                None => sum + f64::from(offset),
            }
        };
        state = weight.chunks(state.len()).zip(bias).map(unit).collect();
        rest = after;
    }
    state
}
