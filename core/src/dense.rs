//! Renders a batch of dense networks at coordinates, as one differentiable operation.
//!
//! On burn's pure Rust backend this is our own fused kernel with its own backward pass; on every other device, and for
//! activations that the kernel does not know, it is plain tensor code. Both give gradients to the weights and to the
//! coordinates.

mod plain;

use std::sync::Arc;

use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
use equigen_kernels::{Coordinates, DenseStack};
pub use plain::{by_layout, plain, reference, reference_by_layout};

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
    use equigen_kernels::Positional;

    use super::*;
    use crate::{Activation, Axis, Hidden, Layout, Seed, host, seed};

    /// Values and gradients of encoded networks, in the coordinates before the encoding: kernel, tensor code and double
    /// precision.
    #[test]
    fn encoded_networks_are_one_function_of_raw_coordinates() {
        let device = Device::flex().autodiff();
        let stack = DenseStack::siren(&[14, 16, 2], 5.0).encoded(Positional { octaves: 3, include_input: true });
        let hidden = [Hidden { width: 16, activation: Activation::Sine { omega: 5.0 } }];
        let layout = Arc::new(Layout::dense(Axis::Encoded { coordinates: 2, features: 14 }, &hidden, 2));
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
