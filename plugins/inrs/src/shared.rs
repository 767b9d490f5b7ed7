//! What the families share: checks of settings, layouts of one activation, uniform starts.

use equigen_core::{Activation, Axis, Error, Hidden, Layout, Result, seed, seed::Rng};

/// Dense layers of one activation.
///
/// # Errors
/// If there is no hidden layer, or one without neurons.
pub(crate) fn layout(
    name: &str,
    input: Axis,
    widths: &[usize],
    activation: Activation,
    channels: usize,
) -> Result<Layout> {
    if widths.is_empty() || widths.contains(&0) {
        return Err(Error::config(format!(
            "{name}: `hidden` = {widths:?}: give at least one width, none of them 0, such as [32, 32]"
        )));
    }
    let hidden: Vec<Hidden> = widths.iter().map(|&width| Hidden { width, activation }).collect();
    Ok(Layout::dense(input, &hidden, channels))
}

/// Refuses a setting that is not above 0.
pub(crate) fn check_positive(name: &str, key: &str, value: f64, example: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(Error::config(format!("{name}: `{key}` = {value}: give a number above 0, such as {example}")))
}

/// Parameters drawn uniformly; `bounds(layer, fan_in)` are those of a layer's weight and of its bias.
pub(crate) fn uniform_start(layout: &Layout, rng: &mut Rng, bounds: impl Fn(usize, f64) -> (f64, f64)) -> Vec<f32> {
    let mut parameters = Vec::with_capacity(layout.parameters());
    for layer in 0..layout.layers() {
        let (weight, bias) = bounds(layer, layout.weight(layer).shape[1] as f64);
        for (tensor, bound) in [(layout.weight(layer), weight as f32), (layout.bias(layer), bias as f32)] {
            parameters.extend(seed::uniform(rng, tensor.len(), -bound, bound));
        }
    }
    parameters
}

/// PyTorch's start of dense layers: weights and biases U(±1/sqrt(fan_in)).
pub(crate) fn pytorch_start(layout: &Layout, rng: &mut Rng) -> Vec<f32> {
    uniform_start(layout, rng, |_, fan_in| (fan_in.sqrt().recip(), fan_in.sqrt().recip()))
}
