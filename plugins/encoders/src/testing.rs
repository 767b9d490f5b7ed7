//! What the tests of all encoders need beside the laws: a context, and that no parameter is built in vain.

use burn::tensor::Device;
use equigen_core::laws::{Case, OMEGA};
use equigen_core::learner::Step;
use equigen_core::{Activation, Axis, Encoder, EncoderContext, Hidden, Seed, host, seed};

/// Four sine networks 2-8-6-1.
fn case() -> Case {
    let hidden = [8, 6].map(|width| Hidden { width, activation: Activation::Sine { omega: OMEGA } }).to_vec();
    Case { input: Axis::Coordinates(2), hidden, channels: 1, networks: 4, seed: 5 }
}

/// The context of an encoder for them.
pub(crate) fn context(device: &Device) -> EncoderContext {
    case().encoder_context(device, Seed::new(3))
}

/// Every parameter gets a gradient.
pub(crate) fn uses_every_parameter(encoder: &dyn Encoder) {
    let device = Device::flex().autodiff();
    let weights = case().weights(&device);
    let mut model = encoder.build(&context(&device)).unwrap();
    let before = model.learner().parameters();
    let shape = [weights.len(), encoder.dim()];
    let toward = host::tensor(seed::normal(&mut Seed::new(8).stream(0), shape[0] * shape[1]), shape, &device);
    let mut gradients = (model.pooled(&weights) * toward).sum().backward();
    let options = Step { learning_rate: 1e-2, weight_decay: 0.0, beta2: 0.999, average: 0.0 };
    model.learner().step(&mut gradients, host::tensor(vec![1.0], [1], &device.inner()), &options);
    let after = model.learner().parameters();
    for (path, tensor) in &before.tensors {
        let after = after.get(path).unwrap();
        assert_ne!(tensor.values, after.values, "{}: {path} does not learn", encoder.typetag_name());
    }
}
