//! Renders a batch of dense networks at coordinates, as one differentiable operation.
//!
//! On burn's pure Rust backend this is our own fused kernel with its own backward pass; on every other device it is plain
//! tensor code. Both give gradients to the weights and to the coordinates.

use std::sync::Arc;

use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::{Tensor, activation::relu};
use equigen_kernels::{Activation, Coordinates, DenseStack, Positional};

use crate::{Weights, device, flex};

/// Where a batch of networks is evaluated.
#[derive(Debug, Clone)]
pub enum Points {
    /// The same points for every network: `[points, inputs]`.
    Shared(Tensor<2>),
    /// Each network at its own points: `[n, points, inputs]`.
    PerNetwork(Tensor<3>),
}

impl Points {
    /// Points per network.
    pub fn count(&self) -> usize {
        match self {
            Self::Shared(points) => points.dims()[0],
            Self::PerNetwork(points) => points.dims()[1],
        }
    }

    /// `[n, points, inputs]`, expanded where shared.
    pub fn expand(&self, n: usize) -> Tensor<3> {
        match self {
            Self::Shared(points) => {
                let [count, inputs] = points.dims();
                points.clone().unsqueeze_dim::<3>(0).expand([n, count, inputs])
            }
            Self::PerNetwork(points) => points.clone(),
        }
    }
}

/// Values of `n` networks at points: `[n, points, outputs]`.
///
/// # Panics
/// If the weights are not those of the stack.
pub fn render(stack: &DenseStack, weights: &Weights, points: &Points) -> Tensor<3> {
    if !device::is_flex(&weights.device()) {
        return plain(stack, weights, points).1;
    }
    let points = match points {
        Points::Shared(points) => points.clone().into_dispatch(),
        Points::PerNetwork(points) => points.clone().into_dispatch(),
    };
    let weights = weights.values().clone().into_dispatch();
    Tensor::from_dispatch(<Dispatch as DenseRender>::dense_render(weights, points, Arc::new(stack.clone())))
}

/// The same in plain tensor code, with the activations `[n, width, points]` of every hidden layer.
pub fn plain(stack: &DenseStack, weights: &Weights, points: &Points) -> (Vec<Tensor<3>>, Tensor<3>) {
    // Feature-first, so that each layer is one batched matrix product without transposing activations.
    let mut state = encode(stack.encoding, points.expand(weights.len()).swap_dims(1, 2));
    let mut hidden = Vec::new();
    for layer in 0..weights.layout().layers() {
        let bias = weights.bias(layer).unsqueeze_dim::<3>(2);
        state = weights.weight(layer).matmul(state) + bias;
        if let Some(activation) = stack.activations.get(layer) {
            state = match activation {
                Activation::Sine { omega } => (state * *omega).sin(),
                Activation::Relu => relu(state),
            };
            hidden.push(state.clone());
        }
    }
    (hidden, (state + stack.output_offset).swap_dims(1, 2))
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
    let at = |point: &[f32]| {
        let mut state = encode_exactly(stack.encoding, point.iter().map(|x| f64::from(*x)).collect());
        let mut rest = network;
        for (layer, outputs) in stack.widths[1..].iter().enumerate() {
            let (weight, after) = rest.split_at(outputs * state.len());
            let (bias, after) = after.split_at(*outputs);
            let unit = |(row, bias): (&[f32], &f32)| {
                let sum = row.iter().zip(&state).map(|(w, x)| f64::from(*w) * x).sum::<f64>() + f64::from(*bias);
                match stack.activations.get(layer) {
                    Some(Activation::Sine { omega }) => (f64::from(*omega) * sum).sin(),
                    Some(Activation::Relu) => sum.max(0.0),
                    None => sum + f64::from(stack.output_offset),
                }
            };
            state = weight.chunks(state.len()).zip(bias).map(unit).collect();
            rest = after;
        }
        state
    };
    points.chunks(stack.inputs()).flat_map(at).collect()
}

/// The fused operation. Listed for the backends where our kernel runs; [`render`] sends every other device elsewhere.
#[backend_extension(Flex, Autodiff)]
trait DenseRender: Backend {
    fn dense_render(weights: FloatTensor<Self>, points: FloatTensor<Self>, stack: Arc<DenseStack>)
    -> FloatTensor<Self>;
}

impl DenseRender for Flex {
    fn dense_render(
        weights: FloatTensor<Self>,
        points: FloatTensor<Self>,
        stack: Arc<DenseStack>,
    ) -> FloatTensor<Self> {
        let (weights, points) = (weights.to_contiguous(), points.to_contiguous());
        let geometry = Geometry::of(&weights, &points);
        let mut out = vec![0.0; geometry.networks * geometry.points * stack.outputs()];
        let coordinates = geometry.coordinates(points.storage());
        equigen_kernels::forward(&stack, weights.storage(), coordinates, geometry.points, &mut out);
        flex::tensor(out, &[geometry.networks, geometry.points, stack.outputs()])
    }
}

impl<C: CheckpointStrategy> DenseRender for Autodiff<Flex, C> {
    fn dense_render(
        weights: FloatTensor<Self>,
        points: FloatTensor<Self>,
        stack: Arc<DenseStack>,
    ) -> FloatTensor<Self> {
        let state = (weights.primitive().clone(), points.primitive().clone(), stack.clone());
        match RenderBackward.prepare::<C>([weights.node(), points.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let out = Flex::dense_render(state.0.clone(), state.1.clone(), stack);
                prepared.finish(state, out)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(Flex::dense_render(state.0, state.1, stack)),
        }
    }
}

#[derive(Debug)]
struct RenderBackward;

impl Backward<Flex, 2> for RenderBackward {
    type State = (FloatTensor<Flex>, FloatTensor<Flex>, Arc<DenseStack>);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [weights_node, points_node] = ops.parents;
        let upstream = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let (weights, points, stack) = ops.state;
        let (weights, points) = (weights.to_contiguous(), points.to_contiguous());
        let geometry = Geometry::of(&weights, &points);
        let mut weight_gradient = vec![0.0; weights.storage::<f32>().len()];
        let mut point_gradient = points_node.is_some().then(|| vec![0.0; points.storage::<f32>().len()]);
        equigen_kernels::backward(
            &stack,
            weights.storage(),
            geometry.coordinates(points.storage()),
            geometry.points,
            upstream.storage(),
            &mut weight_gradient,
            point_gradient.as_deref_mut(),
        );
        if let Some(node) = weights_node {
            gradients.register::<Flex>(node.id, flex::tensor(weight_gradient, &flex::dims(&weights)));
        }
        if let (Some(node), Some(values)) = (points_node, point_gradient) {
            gradients.register::<Flex>(node.id, flex::tensor(values, &flex::dims(&points)));
        }
    }
}

struct Geometry {
    networks: usize,
    points: usize,
    shared: bool,
}

impl Geometry {
    fn of(weights: &FloatTensor<Flex>, points: &FloatTensor<Flex>) -> Self {
        let shape = flex::dims(points);
        Self { networks: flex::dims(weights)[0], points: shape[shape.len() - 2], shared: shape.len() == 2 }
    }

    fn coordinates<'a>(&self, values: &'a [f32]) -> Coordinates<'a> {
        if self.shared { Coordinates::Shared(values) } else { Coordinates::PerNetwork(values) }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::{Activation, Axis, Hidden, Layout, Seed, host, seed};

    /// Values and gradients of encoded networks, in the coordinates before the encoding: kernel, tensor code and double
    /// precision.
    #[test]
    fn encoded_networks_are_one_function_of_raw_coordinates() {
        let device = Device::flex().autodiff();
        let stack = DenseStack::siren(&[14, 16, 2], 5.0).encoded(Positional { octaves: 3, include_input: true });
        let hidden = [Hidden { width: 16, activation: Activation::Sine { omega: 5.0 } }];
        let layout = Arc::new(Layout::dense(Axis::Encoded(14), &hidden, 2));
        let mut rng = Seed::new(1).stream(0);
        let networks = seed::uniform(&mut rng, 2 * layout.parameters(), -0.3, 0.3);
        let coordinates = seed::uniform(&mut rng, 2 * 9 * 2, -1.0, 1.0);
        let weights = Weights::from_host(layout, networks.clone(), &device).expect("two networks");
        let answer = |of: fn(&DenseStack, &Weights, &Points) -> Tensor<3>| {
            let at = host::tensor(coordinates.clone(), [2, 9, 2], &device).require_grad();
            let values = of(&stack, &weights, &Points::PerNetwork(at.clone()));
            let gradients = at.grad(&values.clone().square().sum().backward()).expect("gradients of the points");
            (host::read(values), host::read(gradients))
        };
        let (fused, plainly) = (answer(render), answer(|stack, weights, points| plain(stack, weights, points).1));
        let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4 * (1.0 + b.abs()));
        assert!(near(&fused.0, &plainly.0), "{:?} are not {:?}", fused.0, plainly.0);
        assert!(near(&fused.1, &plainly.1), "gradients {:?} are not {:?}", fused.1, plainly.1);
        let rows = networks.chunks(stack.parameters()).zip(coordinates.chunks(18));
        let exact: Vec<f32> = rows.flat_map(|(network, at)| reference(&stack, network, at)).map(|x| x as f32).collect();
        assert!(near(&fused.0, &exact), "{:?} are not {exact:?}", fused.0);
    }
}
