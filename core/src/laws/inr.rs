//! Families of networks compute what their layout says.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use super::{Case, Law, Verdict, difference, gradient};
use crate::dense::{self, Points};
use crate::{Activation, Hidden, Inr, Layout, Seed, TensorSpec, Weights, host, seed};

/// All laws of a family of networks.
pub fn laws(inr: &dyn Inr) -> Vec<Law<'_>> {
    vec![
        Law::new("starts are finite and follow the seed", |case| starts(inr, case)),
        Law::new("a batch is its networks one by one", |case| one_by_one(inr, case)),
        Law::new("fused equals plain", |case| fused_equals_plain(inr, case)),
        Law::new("fused gradients equal plain", |case| fused_gradients_equal_plain(inr, case)),
        Law::new("the layout says how it activates", |case| layout_says_how_it_activates(inr, case)),
        Law::slow("true gradients", |case| has_true_gradients(inr, case)),
    ]
}

/// The family's own layout for signals of the case's dimensions and channels, and networks of it.
fn networks(inr: &dyn Inr, case: &Case, device: &Device) -> Option<(Arc<Layout>, Weights, Points)> {
    let dimensions = case.layout().inputs();
    let layout = Arc::new(inr.layout(dimensions, case.channels).ok()?);
    let seed = Seed::new(case.seed);
    // More than a few say nothing more, and families may be large.
    let n = case.networks.min(4) as u64;
    let rows = (0..n).flat_map(|i| inr.initialise(&layout, &mut seed.stream(i))).collect();
    let weights = Weights::from_host(layout.clone(), rows, device).ok()?;
    let points = seed::uniform(&mut case.rng("points"), 7 * dimensions, -1.0, 1.0);
    Some((layout, weights, Points::Shared(host::tensor(points, [7, dimensions], device))))
}

/// As many finite numbers as the layout has parameters, the same for one seed and others for another.
pub fn starts(inr: &dyn Inr, case: &Case) -> Verdict {
    let Ok(layout) = inr.layout(case.layout().inputs(), case.channels) else {
        return Verdict::Refused;
    };
    let start = |i| inr.initialise(&layout, &mut Seed::new(case.seed).stream(i));
    let first = start(0);
    let wrong = if first.len() != layout.parameters() {
        Some(format!("{} numbers for {} parameters", first.len(), layout.parameters()))
    } else if !first.iter().all(|value| value.is_finite()) {
        Some("a start is not finite".to_owned())
    } else if first != start(0) || first == start(1) {
        Some("starts do not follow the seed".to_owned())
    } else {
        None
    };
    Verdict::of(wrong)
}

/// Values of a batch are those of each network alone, to 1e-5.
pub fn one_by_one(inr: &dyn Inr, case: &Case) -> Verdict {
    let Some((_, weights, points)) = networks(inr, case, &super::device()) else {
        return Verdict::Refused;
    };
    let together = inr.forward(&weights, &points);
    let wrong = (0..weights.len()).find_map(|i| {
        let alone = host::read(inr.forward(&weights.select(&[i]), &points));
        difference(&host::read(together.clone().narrow(0, i, 1)), &alone, 1e-5)
    });
    Verdict::of(wrong)
}

/// The fused kernel computes what plain tensor code and double precision do, to 1e-3: rounding grows with the layers. A
/// family without a kernel computes what its layout says in double precision.
pub fn fused_equals_plain(inr: &dyn Inr, case: &Case) -> Verdict {
    let Some((layout, weights, points)) = networks(inr, case, &super::device()) else {
        return Verdict::Refused;
    };
    let fused = host::read(inr.forward(&weights, &points));
    let (_, plain) = inr.activations(&weights, &points);
    let plain = difference(&fused, &host::read(plain), 1e-3).map(|wrong| format!("plain tensor code: {wrong}"));
    let exact = || {
        let values = exact_values(inr, &layout, &weights.to_host(), &points)?;
        let got: Vec<f64> = fused.iter().map(|value| f64::from(*value)).collect();
        difference(&got, &values, 1e-3).map(|wrong| format!("double precision: {wrong}"))
    };
    Verdict::of(plain.or_else(exact))
}

/// What networks `[n, parameters]` compute at shared points in double precision, by the dense stack or else by the layout;
/// `None` where the family alone knows.
fn exact_values(inr: &dyn Inr, layout: &Layout, networks: &[f32], points: &Points) -> Option<Vec<f64>> {
    let Points::Shared(encoded) = inr.encode(points.clone()) else { return None };
    let (encoded, stack) = (host::read(encoded), inr.dense(layout));
    if stack.is_none() && layout.hidden().iter().any(|hidden| hidden.activation == Activation::Other) {
        return None;
    }
    let exactly = |network: &[f32]| match &stack {
        Some(stack) => dense::reference(stack, network, &encoded),
        None => dense::reference_by_layout(layout, network, &encoded),
    };
    Some(networks.chunks(layout.parameters()).flat_map(exactly).collect())
}

/// Gradients of the fused kernel are those of plain tensor code: for each tensor the norm of the difference is at most 1e-4
/// of the norm.
pub fn fused_gradients_equal_plain(inr: &dyn Inr, case: &Case) -> Verdict {
    let device = super::device().autodiff();
    let Some((layout, weights, points)) = networks(inr, case, &device) else {
        return Verdict::Refused;
    };
    let at = weights.values().clone().require_grad();
    let tracked = weights.with_values(at.clone());
    let gradient = |values: Tensor<3>| at.grad(&values.square().sum().backward()).map(host::read);
    let (fused, plain) = (gradient(inr.forward(&tracked, &points)), gradient(inr.activations(&tracked, &points).1));
    let (Some(fused), Some(plain)) = (fused, plain) else {
        return Verdict::Broken("no gradient reaches the weights".to_owned());
    };
    let apart = |tensor: &TensorSpec| {
        let rows = fused.chunks(layout.parameters()).zip(plain.chunks(layout.parameters()));
        let (mut difference, mut norm) = (0.0, 0.0);
        for (fused, plain) in rows {
            for (a, b) in fused[tensor.range()].iter().zip(&plain[tensor.range()]) {
                difference += f64::from(a - b).powi(2);
                norm += f64::from(*b).powi(2);
            }
        }
        (difference > 1e-8 * norm + 1e-20).then(|| {
            format!("gradients of {} are apart by {:.1e} of their norm", tensor.name, (difference / norm).sqrt())
        })
    };
    Verdict::of(layout.tensors().iter().find_map(apart))
}

/// The layout, from which symmetries follow, names the activations that the stack computes. Where there is no stack,
/// [`fused_equals_plain`] compares values with it.
pub fn layout_says_how_it_activates(inr: &dyn Inr, case: &Case) -> Verdict {
    let Ok(layout) = inr.layout(case.layout().inputs(), case.channels) else {
        return Verdict::Refused;
    };
    let Some(stack) = inr.dense(&layout) else {
        return Verdict::Holds;
    };
    let agrees = |(said, done): (&Hidden, &equigen_kernels::Activation)| said.activation.fused().as_ref() == Some(done);
    let wrong = layout.hidden().iter().zip(&stack.activations).position(|pair| !agrees(pair));
    Verdict::of(wrong.map(|layer| format!("hidden layer {layer} computes {:?}", stack.activations[layer])))
}

/// Gradients in the weights agree with central differences along a random direction, to 3 % of the gradient's length.
///
/// The differences are of double precision, where what the networks compute is known: wide ReLU layers have kinks so close
/// that only steps far below the rounding of single precision pass them.
pub fn has_true_gradients(inr: &dyn Inr, case: &Case) -> Verdict {
    let device = super::device().autodiff();
    let Some((layout, weights, points)) = networks(inr, case, &device) else {
        return Verdict::Refused;
    };
    let value = |values: Tensor<2>| inr.forward(&weights.with_values(values), &points).square().sum();
    let exact = |values: &[f32]| {
        let values = exact_values(inr, &layout, values, &points)?;
        Some(values.iter().map(|value| value * value).sum::<f64>())
    };
    let (start, mut rng) = (weights.to_host(), case.rng("direction"));
    if exact(&start).is_none() {
        return gradient::agrees(weights.values(), value, 1, &[1e-3, 3e-4, 1e-4], &mut rng);
    }
    let tracked = weights.values().clone().require_grad();
    let Some(gradient) = tracked.grad(&value(tracked.clone()).backward()).map(host::read) else {
        return Verdict::Broken("no gradient reaches the weights".to_owned());
    };
    let length = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt().max(1e-3);
    let direction = seed::normal(&mut rng, start.len());
    let apart = |step: f32| {
        let moved = |step: f32| start.iter().zip(&direction).map(|(w, d)| w + step * d).collect::<Vec<f32>>();
        let (ahead, behind) = (moved(step), moved(-step));
        // Along what the rounding of the weights left of the direction.
        let way = ahead.iter().zip(&behind).map(|(a, b)| f64::from(*a) - f64::from(*b));
        let expected: f64 = way.zip(&gradient).map(|(way, g)| way * f64::from(*g)).sum();
        let found = exact(&ahead)? - exact(&behind)?;
        Some((found - expected).abs() / f64::from(2.0 * step))
    };
    let apart: Vec<f64> = [1e-4, 1e-5, 1e-6].into_iter().filter_map(apart).collect();
    let agrees = apart.iter().any(|apart| *apart < 0.03 * length);
    Verdict::of((!agrees).then(|| format!("slopes are apart by {apart:.1?} where the gradient has length {length:.1}")))
}
