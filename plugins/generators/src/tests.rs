//! Every generator keeps the laws, in each of its variants, and names settings that are out of range.

use burn::tensor::Device;
use equigen_core::laws::generator::{DIM, Values, batch, laws};
use equigen_core::laws::{Case, OMEGA};
use equigen_core::learner::Step;
use equigen_core::{Activation, Axis, Generator, Hidden, Seed, host};

use crate::{Decoder, Denoiser, Diffusion, FlowMatching, Gauge, Gaussian, Tokens};

/// Every generator, small. Of the decoder's gauge only the denoiser learns here, around a decoder that never has.
fn generators() -> Vec<(&'static str, Box<dyn Generator>)> {
    let small = Denoiser::Mlp { width: 32, blocks: 1 };
    let transformer = |tokens| Denoiser::Transformer { tokens, width: 16, layers: 1, heads: 2, condition_tokens: 2 };
    let own = Gauge::Decoder { hidden: 32, depth: 1, first: 0.0 };
    let fitted = |denoiser| Diffusion {
        denoiser,
        gauge: Gauge::Fitted { each: false },
        weight_space: 1.0,
        state_scale: 1.0,
        sampling_steps: 4,
        ..Diffusion::default()
    };
    let flow =
        FlowMatching { denoiser: small.clone(), sampling_steps: 4, function_space: 1.0, ..FlowMatching::default() };
    let fitted_flow =
        FlowMatching { gauge: Gauge::Fitted { each: false }, weight_space: 1.0, state_scale: 1.0, ..flow.clone() };
    vec![
        ("decoder", Box::new(Decoder { hidden: 32, depth: 1, ..Decoder::default() })),
        (
            "diffusion, decoder",
            Box::new(Diffusion {
                denoiser: small.clone(),
                gauge: own.clone(),
                sampling_steps: 4,
                ..Diffusion::default()
            }),
        ),
        (
            "diffusion, each weight",
            Box::new(Diffusion { gauge: Gauge::Fitted { each: true }, ..fitted(small.clone()) }),
        ),
        ("diffusion, fitted", Box::new(fitted(small))),
        ("diffusion, neurons", Box::new(fitted(transformer(Tokens::Neuron)))),
        ("diffusion, tensors", Box::new(fitted(transformer(Tokens::Tensor)))),
        ("flow matching, decoder", Box::new(FlowMatching { gauge: own, ..flow })),
        ("flow matching, fitted", Box::new(fitted_flow)),
        ("gaussian", Box::new(Gaussian::default())),
        ("gaussian, each weight", Box::new(Gaussian { each: true })),
    ]
}

#[test]
fn laws_hold() {
    for (name, generator) in generators() {
        for law in laws(&*generator) {
            law.holds(16, Some(file!())).unwrap_or_else(|broken| panic!("{name}: {}: {broken}", law.name));
        }
    }
}

/// A read waits for the device, so that there must be none between steps; this test runs in a process of its own.
#[test]
fn a_training_step_reads_nothing_from_the_device() {
    let device = Device::flex().autodiff();
    let case = case(4);
    let encoder = Values::new(&case);
    let batch = batch(&case, &encoder, &device);
    for (name, generator) in generators() {
        let mut model = generator.build(&case.generator_context(DIM, &device, Seed::new(3))).unwrap();
        model.prepare(0, 10, &|| batch.features.clone());
        let one = host::tensor(vec![1.0], [1], &Device::flex());
        let before = host::reads();
        let terms = model.losses(&batch, &mut Seed::new(2).stream(0)).into_iter().map(|(_, value)| value);
        let total = terms.reduce(|sum, value| sum + value).unwrap();
        let options = Step { learning_rate: 1e-3, weight_decay: 0.0, beta2: 0.999, average: 0.9 };
        model.learner().step(&mut total.backward(), one, &options);
        assert_eq!(host::reads(), before, "{name}");
    }
}

/// Sine networks 2-8-6-1.
fn case(networks: usize) -> Case {
    let hidden = [8, 6].map(|width| Hidden { width, activation: Activation::Sine { omega: OMEGA } }).to_vec();
    Case { input: Axis::Coordinates(2), hidden, channels: 1, networks, seed: 5 }
}

#[test]
fn settings_out_of_range_are_named() {
    let context = case(1).generator_context(DIM, &Device::flex(), Seed::new(3));
    let gauge = Gauge::Decoder { hidden: 8, depth: 1, first: 1.5 };
    let heads = Denoiser::Transformer { tokens: Tokens::Neuron, width: 16, layers: 1, heads: 3, condition_tokens: 1 };
    let cases: [(&dyn Generator, &str); 7] = [
        (&Diffusion { timesteps: 0, ..Diffusion::default() }, "timesteps"),
        (&Diffusion { gauge: gauge.clone(), ..Diffusion::default() }, "gauge.first"),
        (&Diffusion { denoiser: heads, ..Diffusion::default() }, "denoiser.heads"),
        (&Diffusion { state_scale: 0.0, ..Diffusion::default() }, "state_scale"),
        (&FlowMatching { sampling_steps: 0, ..FlowMatching::default() }, "sampling_steps"),
        (&FlowMatching { points: 0, ..FlowMatching::default() }, "points"),
        (&FlowMatching { gauge, ..FlowMatching::default() }, "gauge.first"),
    ];
    for (config, key) in cases {
        let error = config.build(&context).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(key), "{key}: {error}");
    }
}
