//! Walks over a module's parameters: read, load, replace, and the norm of their gradients.

use std::collections::BTreeMap;

use burn::backend::{Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor};

use crate::tensors::Tensors;
use crate::{Error, Result, device, flex, host};

/// Names from the root module to the current parameter.
#[derive(Debug, Default)]
pub(super) struct ParameterPath(Vec<String>);

impl ParameterPath {
    pub(super) fn push(&mut self, name: &str) {
        self.0.push(name.to_owned());
    }

    pub(super) fn pop(&mut self) {
        self.0.pop();
    }

    pub(super) fn join(&self) -> String {
        self.0.join(".")
    }
}

/// A parameter's values without autodiff, as a vector.
pub(super) fn flat<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    let length = tensor.dims().iter().product::<usize>();
    tensor.reshape([length])
}

/// Takes the gradient of a parameter as a vector.
pub(super) fn take_gradient<const D: usize>(param: &Param<Tensor<D>>, gradients: &mut Gradients) -> Option<Tensor<1>> {
    param.is_require_grad().then(|| param.val().grad_remove(gradients).map(flat)).flatten()
}

/// Puts a new value on the device of the old one; it asks for gradients where that device offers them.
pub(super) fn activate<const D: usize>(value: Tensor<D>, device: &Device) -> Tensor<D> {
    if device.is_autodiff() { Tensor::from_inner(value).require_grad() } else { value }
}

macro_rules! track_path {
    () => {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.push(name);
        }

        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.pop();
        }
    };
}

/// Reads a module's parameters to the host by path.
pub(super) fn read<M: Module>(module: &M) -> Tensors {
    struct Read {
        found: Tensors,
        path: ParameterPath,
    }
    impl ModuleVisitor for Read {
        track_path!();

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let value = param.val();
            self.found.insert(self.path.join(), &value.dims(), host::read(value));
        }
    }
    let mut walk = Read { found: Tensors::default(), path: ParameterPath::default() };
    module.visit(&mut walk);
    walk.found
}

/// Replaces a module's parameters by path; on an error those that do not fit keep their values.
pub(super) fn load<M: Module>(module: M, parameters: &Tensors) -> (M, Result<()>) {
    struct Load<'a> {
        parameters: &'a Tensors,
        path: ParameterPath,
        outcome: Result<()>,
    }
    impl ModuleMapper for Load<'_> {
        track_path!();

        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let path = self.path.join();
            let shape = param.val().dims();
            let found = self.parameters.get(&path).and_then(|found| {
                if found.shape == shape {
                    return Ok(found.values.clone());
                }
                let other = &found.shape;
                let text =
                    format!("parameter `{path}` has shape {other:?}, expected {shape:?}: it is of another model");
                Err(Error::failed(text))
            });
            match found {
                Ok(values) => param.map(|old| {
                    let device = old.device();
                    activate(host::tensor(values, shape, &device.clone().inner()), &device)
                }),
                Err(error) => {
                    self.outcome = self.outcome.clone().and(Err(error));
                    param
                }
            }
        }
    }
    let mut walk = Load { parameters, path: ParameterPath::default(), outcome: Ok(()) };
    let module = module.map(&mut walk);
    (module, walk.outcome)
}

/// The module with these values, flat, in place of its own.
pub(super) fn replace<M: Module>(module: M, values: BTreeMap<&String, &Tensor<1>>) -> M {
    struct Replace<'a> {
        values: BTreeMap<&'a String, &'a Tensor<1>>,
        path: ParameterPath,
    }
    impl ModuleMapper for Replace<'_> {
        track_path!();

        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let Some(value) = self.values.get(&self.path.join()) else {
                return param;
            };
            param.map(|old| activate((*value).clone().reshape(old.dims()), &old.device()))
        }
    }
    module.map(&mut Replace { values, path: ParameterPath::default() })
}

/// Sum of squares of all gradients of a module, `[1]`.
pub(super) fn gradient_norm_squared<M: Module>(module: &M, gradients: &Gradients) -> Option<Tensor<1>> {
    struct Norm<'a> {
        gradients: &'a Gradients,
        total: Option<Tensor<1>>,
    }
    impl ModuleVisitor for Norm<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let gradient = param.is_require_grad().then(|| param.val().grad(self.gradients)).flatten();
            if let Some(gradient) = gradient {
                let square = sum_of_squares(flat(gradient));
                self.total = Some(self.total.take().map_or(square.clone(), |total| total + square));
            }
        }
    }
    let mut walk = Norm { gradients, total: None };
    module.visit(&mut walk);
    walk.total
}

/// `[1]`.
fn sum_of_squares(vector: Tensor<1>) -> Tensor<1> {
    if device::is_flex(&vector.device()) {
        return Tensor::from_dispatch(<Dispatch as SumOfSquares>::sum_of_squares(vector.into_dispatch()));
    }
    // One axis at a time: burn's sum over a whole large tensor is not deterministic over threads.
    let length = vector.dims()[0];
    let rows = (1..=1024.min(length)).rev().find(|rows| length.is_multiple_of(*rows)).unwrap_or(1);
    vector.square().reshape([rows, length / rows]).sum_dim(1).reshape([rows]).sum()
}

#[backend_extension(Flex)]
trait SumOfSquares: Backend {
    fn sum_of_squares(vector: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl SumOfSquares for Flex {
    fn sum_of_squares(vector: FloatTensor<Self>) -> FloatTensor<Self> {
        let sum = equigen_kernels::sum_of_squares(vector.to_contiguous().storage()) as f32;
        flex::tensor(vec![sum], &[1])
    }
}
