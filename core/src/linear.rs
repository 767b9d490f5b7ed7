//! The dense layer of ordinary models as one differentiable operation, with GELU if it follows.
//!
//! On burn's pure Rust backend this is our own kernel: batches are short and wide, and as separate tensor operations a layer
//! spends more on preparing its product, on temporaries and on GELU than on multiplying. Every other device gets plain
//! tensor code.

use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::{Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::{Tensor, activation};
use equigen_kernels::linear::{self, Shape};

use crate::precision::product;
use crate::{device, flex};

/// `y = x W + b`, and GELU of it if asked: `x [rows, inputs]`, `weight [inputs, outputs]`, `bias [outputs]`.
pub(crate) fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>, gelu: bool) -> Tensor<2> {
    if !device::is_flex(&x.device()) {
        return plain(x, weight, bias, gelu);
    }
    let (x, weight, bias) = (x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    let y = <Dispatch as LinearLayer>::linear_layer(x, weight, bias);
    Tensor::from_dispatch(if gelu { <Dispatch as LinearLayer>::fused_gelu(y) } else { y })
}

/// The same in plain tensor code.
fn plain(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>, gelu: bool) -> Tensor<2> {
    let y = product(x, weight) + bias.unsqueeze_dim::<2>(0);
    if gelu { activation::gelu(y) } else { y }
}

/// The operations, listed for the backends where our kernels run; [`linear`] sends every other device elsewhere.
#[backend_extension(Flex, Autodiff)]
trait LinearLayer: Backend {
    fn linear_layer(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;
    fn fused_gelu(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl LinearLayer for Flex {
    fn linear_layer(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.to_contiguous());
        let shape = shape_of(&x, &weight);
        let mut out = vec![0.0; shape.rows * shape.outputs];
        linear::forward(shape, x.storage(), weight.storage(), bias.storage(), &mut out);
        flex::tensor(out, &[shape.rows, shape.outputs])
    }

    fn fused_gelu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let x = x.to_contiguous();
        let mut out = vec![0.0; x.storage::<f32>().len()];
        linear::gelu(x.storage(), &mut out);
        flex::tensor(out, &flex::dims(&x))
    }
}

impl<C: CheckpointStrategy> LinearLayer for Autodiff<Flex, C> {
    fn linear_layer(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let state = (x.primitive().clone(), weight.primitive().clone());
        let bias_value = bias.primitive().clone();
        match LinearBackward.prepare::<C>([x.node(), weight.node(), bias.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let out = Flex::linear_layer(state.0.clone(), state.1.clone(), bias_value);
                prepared.finish(state, out)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(Flex::linear_layer(state.0, state.1, bias_value)),
        }
    }

    fn fused_gelu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let state = x.primitive().clone();
        match GeluBackward.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let out = Flex::fused_gelu(state.clone());
                prepared.finish(state, out)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(Flex::fused_gelu(state)),
        }
    }
}

#[derive(Debug)]
struct LinearBackward;

impl Backward<Flex, 3> for LinearBackward {
    /// x and weight.
    type State = (FloatTensor<Flex>, FloatTensor<Flex>);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [x_node, weight_node, bias_node] = ops.parents;
        let upstream = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let (x, weight) = (ops.state.0.to_contiguous(), ops.state.1.to_contiguous());
        let shape = shape_of(&x, &weight);
        let Shape { rows, inputs, outputs } = shape;
        if weight_node.is_some() || bias_node.is_some() {
            let (mut of_weight, mut of_bias) = (vec![0.0; inputs * outputs], vec![0.0; outputs]);
            linear::weight_gradient(shape, x.storage(), upstream.storage(), &mut of_weight, &mut of_bias);
            if let Some(node) = weight_node {
                gradients.register::<Flex>(node.id, flex::tensor(of_weight, &[inputs, outputs]));
            }
            if let Some(node) = bias_node {
                gradients.register::<Flex>(node.id, flex::tensor(of_bias, &[outputs]));
            }
        }
        if let Some(node) = x_node {
            let mut of_x = vec![0.0; rows * inputs];
            linear::input_gradient(shape, upstream.storage(), weight.storage(), &mut of_x);
            gradients.register::<Flex>(node.id, flex::tensor(of_x, &[rows, inputs]));
        }
    }
}

#[derive(Debug)]
struct GeluBackward;

impl Backward<Flex, 1> for GeluBackward {
    type State = FloatTensor<Flex>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let upstream = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let x = ops.state.to_contiguous();
        if let Some(node) = node {
            let mut out = vec![0.0; x.storage::<f32>().len()];
            linear::gelu_gradient(x.storage(), upstream.storage(), &mut out);
            gradients.register::<Flex>(node.id, flex::tensor(out, &flex::dims(&x)));
        }
    }
}

fn shape_of(x: &FloatTensor<Flex>, weight: &FloatTensor<Flex>) -> Shape {
    let (x, weight) = (flex::dims(x), flex::dims(weight));
    Shape { rows: x[0], inputs: weight[0], outputs: weight[1] }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::{Seed, host, seed};

    /// The operation against plain tensor code: values, and gradients to all three.
    #[test]
    fn is_what_plain_tensor_code_computes() {
        let device = Device::flex().autodiff();
        let mut rng = Seed::new(3).stream(0);
        let mut draw = |n: usize| seed::normal(&mut rng, n);
        let (x, weight, bias, upstream) = (draw(5 * 7), draw(7 * 33), draw(33), draw(5 * 33));
        for gelu in [false, true] {
            let run = |fused: bool| {
                let x = host::tensor(x.clone(), [5, 7], &device).require_grad();
                let weight = host::tensor(weight.clone(), [7, 33], &device).require_grad();
                let bias = host::tensor(bias.clone(), [33], &device).require_grad();
                let layer = if fused { linear } else { plain };
                let y = layer(x.clone(), weight.clone(), bias.clone(), gelu);
                let factor = host::tensor(upstream.clone(), [5, 33], &device);
                let gradients = (y.clone() * factor).sum().backward();
                let of = |tensor: Option<Vec<f32>>| tensor.expect("a gradient");
                [
                    host::read(y.inner()),
                    of(x.grad(&gradients).map(host::read)),
                    of(weight.grad(&gradients).map(host::read)),
                    of(bias.grad(&gradients).map(host::read)),
                ]
            };
            for (found, expected) in run(true).into_iter().zip(run(false)) {
                for (found, expected) in found.into_iter().zip(expected) {
                    assert!((found - expected).abs() < 1e-5, "gelu {gelu}: {found} is not {expected}");
                }
            }
        }
    }
}
