//! Encoders respect the symmetries that they claim, look at each network alone, differentiate truly and are not constant.

use burn::tensor::{Device, Tensor};

use super::symmetry::elements;
use super::{Case, Law, Verdict, gradient};
use crate::action::{Element, act_on_features, apply};
use crate::tensors::Tensors;
use crate::{Encoder, EncoderModel, Seed, Symmetry, Weights, host, seed};

/// All laws of an encoder that is held to these symmetries, each with its name.
pub fn laws<'a>(encoder: &'a dyn Encoder, symmetries: &'a [(String, Box<dyn Symmetry>)]) -> Vec<Law<'a>> {
    let mut laws: Vec<Law<'_>> = Vec::new();
    for (name, symmetry) in symmetries {
        laws.push(Law::new(format!("respects: {name}"), move |case| respects(encoder, &**symmetry, case)));
    }
    laws.push(Law::new("each network alone", |case| encodes_each_alone(encoder, case)));
    laws.push(Law::new("not constant", |case| is_not_constant(encoder, case)));
    laws.push(Law::slow("true gradients", |case| has_true_gradients(encoder, case)));
    laws.push(Law::slow("is its parameters", |case| is_its_parameters(encoder, case)));
    laws
}

/// The encoder for the networks of a case, if it does not refuse their layout.
fn built(encoder: &dyn Encoder, case: &Case, device: &Device, seed: u64) -> Option<Box<dyn EncoderModel>> {
    encoder.build(&case.encoder_context(device, Seed::new(seed))).ok()
}

/// Largest distance between rows, relative to the length of the expected row.
fn relative(got: Tensor<2>, expected: Tensor<2>) -> f32 {
    let length = |x: Tensor<2>| x.square().sum_dim(1).sqrt();
    let error = length(got - expected.clone()) / length(expected).clamp_min(1e-6);
    // A NaN is no small number, but a maximum may overlook it.
    host::read(error)
        .into_iter()
        .fold(0.0, |worst: f32, error| if error.is_nan() { f32::INFINITY } else { worst.max(error) })
}

fn flat(features: Tensor<3>) -> Tensor<2> {
    let [n, width, f] = features.dims();
    features.reshape([n, width * f])
}

/// Pooled features stay, and per-neuron features move as the encoder says, under random elements of the symmetry; both to
/// 1e-4 relative.
pub fn respects(encoder: &dyn Encoder, symmetry: &dyn Symmetry, case: &Case) -> Verdict {
    let device = super::device();
    let (Some(elements), Some(model)) = (elements(symmetry, case, "g"), built(encoder, case, &device, case.seed))
    else {
        return Verdict::Refused;
    };
    let weights = case.weights(&device);
    let moved = apply(&elements, &weights);
    let error = relative(model.pooled(&moved), model.pooled(&weights));
    if error > 1e-4 {
        return Verdict::Broken(format!("pooled features change by {error:.1e} of their length"));
    }
    Verdict::of(neurons_differ(encoder, &*model, &elements, &weights, &moved))
}

fn neurons_differ(
    encoder: &dyn Encoder,
    model: &dyn EncoderModel,
    elements: &[Element],
    weights: &Weights,
    moved: &Weights,
) -> Option<String> {
    let before = model.neurons(weights);
    let hidden = weights.layout().hidden();
    if before.len() != hidden.len() {
        return Some(format!("features of {} layers for {} hidden layers", before.len(), hidden.len()));
    }
    let expected = act_on_features(elements, &before, encoder.feature_action());
    model.neurons(moved).into_iter().zip(expected).enumerate().find_map(|(layer, (got, expected))| {
        let [n, width, _] = got.dims();
        if (n, width) != (weights.len(), hidden[layer].width) {
            return Some(format!("features of hidden layer {layer} are [{n}, {width}, …]"));
        }
        let error = relative(flat(got), flat(expected));
        (error > 1e-4).then(|| format!("features of hidden layer {layer} are off by {error:.1e} of their length"))
    })
}

/// A network's features do not depend on the batch around it, to 1e-4 relative.
pub fn encodes_each_alone(encoder: &dyn Encoder, case: &Case) -> Verdict {
    let device = super::device();
    let Some(model) = built(encoder, case, &device, case.seed) else {
        return Verdict::Refused;
    };
    let weights = case.weights(&device);
    let together = model.pooled(&weights);
    if together.dims() != [case.networks, encoder.dim()] {
        return Verdict::Broken(format!(
            "features are {:?}, not [{}, {}]",
            together.dims(),
            case.networks,
            encoder.dim()
        ));
    }
    let wrong = (0..case.networks).find_map(|i| {
        let error = relative(together.clone().narrow(0, i, 1), model.pooled(&weights.select(&[i])));
        (error > 1e-4).then(|| format!("network {i} of {} differs from itself alone by {error:.1e}", case.networks))
    });
    Verdict::of(wrong)
}

/// Networks that differ in function get different features: an encoder that ignores its input is equivariant too.
pub fn is_not_constant(encoder: &dyn Encoder, case: &Case) -> Verdict {
    let device = super::device();
    let case = Case { networks: 2, ..case.clone() };
    let Some(model) = built(encoder, &case, &device, case.seed) else {
        return Verdict::Refused;
    };
    let (weights, points) = (case.weights(&device), case.points());
    let values = case.values_at(&weights, &points);
    let (first, second) = values.split_at(values.len() / 2);
    let apart = first.iter().zip(second).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let features = model.pooled(&weights);
    let error = relative(features.clone().narrow(0, 0, 1), features.narrow(0, 1, 1));
    let wrong = apart > 0.1 && error < 1e-5;
    Verdict::of(wrong.then(|| format!("two networks whose values differ by {apart:.2} have the same features")))
}

/// Gradients in the weights agree with central differences along random directions.
pub fn has_true_gradients(encoder: &dyn Encoder, case: &Case) -> Verdict {
    let device = super::device().autodiff();
    let case = Case { networks: case.networks.min(2), ..case.clone() };
    let Some(model) = built(encoder, &case, &device, case.seed) else {
        return Verdict::Refused;
    };
    let weights = case.weights(&device);
    let (features, mut rng) = ([weights.len(), encoder.dim()], case.rng("directions"));
    let toward = host::tensor(seed::normal(&mut rng, features[0] * features[1]), features, &device);
    let value = |values: Tensor<2>| (model.pooled(&weights.with_values(values)) * toward.clone()).sum();
    gradient::agrees(weights.values(), value, 3, &[1e-3, 3e-4, 1e-4, 3e-5], &mut rng)
}

/// Features follow from the seed, and parameters survive being written and read, to the bit.
pub fn is_its_parameters(encoder: &dyn Encoder, case: &Case) -> Verdict {
    let device = super::device();
    let build = |seed| built(encoder, case, &device, seed);
    let (Some(mut first), Some(again), Some(mut other)) = (build(1), build(1), build(2)) else {
        return Verdict::Refused;
    };
    let weights = case.weights(&device);
    let features = |model: &dyn EncoderModel| host::read(model.pooled(&weights));
    if features(&*first) != features(&*again) {
        return Verdict::Broken("one seed gives two encoders".to_owned());
    }
    let read = (|| {
        let file = tempfile::NamedTempFile::new()?;
        first.learner().parameters().save(file.path())?;
        other.learner().set_parameters(&Tensors::load(file.path())?)
    })();
    let same = features(&*first) == features(&*other);
    Verdict::of(match read {
        Err(error) => Some(format!("its parameters do not survive a file: {error}")),
        Ok(()) => (!same).then(|| "it has a state that is not among its parameters".to_owned()),
    })
}
