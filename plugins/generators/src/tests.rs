//! What every generator must do: shapes, finite values, one seed one result, and a loss that falls on a fixed batch.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use equigen_core::dense::Points;
use equigen_core::learner::{Step, Trainable};
use equigen_core::seed::{self, Rng};
use equigen_core::statistics::Statistics;
use equigen_core::{
    Activation, AffineMaps, Axis, Domain, EncoderModel, Generator, GeneratorBatch, GeneratorContext, GeneratorModel,
    Hidden, Inr, Layout, Result, Seed, TargetSignals, Weights, host,
};
use equigen_kernels::DenseStack;
use serde::{Deserialize, Serialize};

use crate::{Decoder, Denoiser, Diffusion, FlowMatching, Gauge, Gaussian, Tokens};

const OMEGA: f32 = 3.0;
const DIM: usize = 6;

/// A SIREN 2-8-6-1 of low frequency.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SmallSiren {}

#[typetag::serde(name = "small-siren-of-the-generator-tests")]
impl Inr for SmallSiren {
    fn layout(&self, dimensions: usize, channels: usize) -> Result<Layout> {
        let hidden = [8, 6].map(|width| Hidden { width, activation: Activation::Sine { omega: f64::from(OMEGA) } });
        Ok(Layout::dense(Axis::Coordinates(dimensions), &hidden, channels))
    }

    fn initialise(&self, layout: &Layout, rng: &mut Rng) -> Vec<f32> {
        seed::uniform(rng, layout.parameters(), -0.5, 0.5)
    }

    fn dense(&self, layout: &Layout) -> Option<DenseStack> {
        Some(DenseStack::siren(&layout.widths(), OMEGA))
    }
}

/// Values at six points: enough of an encoder for the equivariance loss.
struct Values;

impl EncoderModel for Values {
    fn pooled(&self, weights: &Weights) -> Tensor<2> {
        let points = seed::uniform(&mut Seed::new(9).stream(0), 2 * DIM, -1.0, 1.0);
        let points = Points::Shared(host::tensor(points, [DIM, 2], &weights.device()));
        SmallSiren {}.forward(weights, &points).reshape([weights.len(), DIM])
    }

    fn neurons(&self, _: &Weights) -> Vec<Tensor<3>> {
        Vec::new()
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        unreachable!("the encoder is frozen")
    }
}

fn context(device: &Device, count: usize) -> (GeneratorContext, Weights) {
    let inr = SmallSiren {};
    let layout = Arc::new(inr.layout(2, 1).unwrap());
    let rows: Vec<Vec<f32>> = (0..count).map(|i| inr.initialise(&layout, &mut Seed::new(5).stream(i as u64))).collect();
    let context = GeneratorContext {
        inr: Arc::new(inr),
        layout: layout.clone(),
        statistics: Statistics::of(&layout, rows.iter().map(Vec::as_slice)),
        dim: DIM,
        device: device.clone(),
        seed: Seed::new(3),
    };
    (context, Weights::from_host(layout, rows.concat(), device).unwrap())
}

fn batch(weights: &Weights) -> GeneratorBatch<'static> {
    let (n, device) = (weights.len(), weights.device());
    let domain = Domain::Image { height: 8, width: 8, channels: 1 };
    let grid = Points::Shared(host::tensor(domain.grid(), [domain.points(), 2], &device));
    // Signals lie in 0 to 1.
    let rendered = host::read(SmallSiren {}.forward(weights, &grid)).into_iter().map(|v| v.clamp(0.0, 1.0)).collect();
    let features = Values.pooled(weights).detach();
    GeneratorBatch {
        weights: weights.clone(),
        disturbed: features.clone(),
        features,
        level: host::tensor(vec![0.5; n], [n, 1], &device),
        signals: TargetSignals::new(domain, rendered, AffineMaps::identity(n, 2)),
        encoder: &Values,
    }
}

fn generators() -> Vec<(&'static str, Box<dyn Generator>)> {
    let small = Denoiser::Mlp { width: 32, blocks: 1 };
    let transformer = |tokens| Denoiser::Transformer { tokens, width: 16, layers: 1, heads: 2, condition_tokens: 2 };
    let own = Gauge::Decoder { hidden: 32, depth: 1, first: 0.0 };
    let fitted = |denoiser| Diffusion {
        denoiser,
        gauge: Gauge::Fitted {},
        weight_space: 1.0,
        state_scale: 1.0,
        sampling_steps: 4,
        ..Diffusion::default()
    };
    let flow =
        FlowMatching { denoiser: small.clone(), sampling_steps: 4, function_space: 1.0, ..FlowMatching::default() };
    let fitted_flow = FlowMatching { gauge: Gauge::Fitted {}, weight_space: 1.0, state_scale: 1.0, ..flow.clone() };
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
        ("diffusion, fitted", Box::new(fitted(small))),
        ("diffusion, neurons", Box::new(fitted(transformer(Tokens::Neuron)))),
        ("diffusion, tensors", Box::new(fitted(transformer(Tokens::Tensor)))),
        ("flow matching, decoder", Box::new(FlowMatching { gauge: own, ..flow })),
        ("flow matching, fitted", Box::new(fitted_flow)),
        ("gaussian", Box::new(Gaussian {})),
    ]
}

fn draw(model: &dyn GeneratorModel, device: &Device, stream: u64) -> Vec<f32> {
    let condition = host::tensor(seed::normal(&mut Seed::new(8).stream(0), 3 * DIM), [3, DIM], device);
    let level = host::tensor(vec![0.5; 3], [3, 1], device);
    let weights = model.sample(condition, level, 1.0, &mut Seed::new(1).stream(stream));
    assert_eq!(weights.len(), 3);
    weights.to_host()
}

#[test]
fn samples_are_finite_and_repeat_by_seed() {
    let device = Device::flex();
    for (name, generator) in generators() {
        let build = || generator.build(&context(&device, 4).0).unwrap();
        let first = draw(&*build(), &device, 0);
        assert!(first.iter().all(|value| value.is_finite()), "{name}");
        assert_eq!(first, draw(&*build(), &device, 0), "{name}");
    }
}

#[test]
fn the_loss_falls_on_a_fixed_batch() {
    let device = Device::flex().autodiff();
    for (name, generator) in generators() {
        let (context, weights) = context(&device, 8);
        let mut model = generator.build(&context).unwrap();
        let batch = batch(&weights);
        let options = Step { learning_rate: 3e-3, weight_decay: 0.0, beta2: 0.999, average: 0.0 };
        let mut losses = Vec::new();
        for step in 0..60 {
            model.prepare(step, 60, &|| batch.features.clone());
            // The same noise in every step: what falls is the loss, not luck.
            let terms = model.losses(&batch, &mut Seed::new(2).stream(0));
            let total = terms.into_iter().map(|(_, value)| value).reduce(|sum, value| sum + value).unwrap();
            losses.push(host::scalar(total.clone().inner()));
            let one = host::tensor(vec![1.0], [1], &Device::flex());
            model.learner().step(&total.backward(), one, &options);
        }
        // Of the decoder's gauge only the denoiser learns here, around a decoder that never has: it has the least to win.
        assert!(losses[59] < 0.95 * losses[0], "{name}: {} to {}", losses[0], losses[59]);
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let (context, _) = context(&Device::flex(), 2);
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
