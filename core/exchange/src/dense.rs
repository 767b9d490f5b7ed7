//! A state dict as a stack of dense layers: which weight comes after which, and whose bias is whose.

use equigen_core::tensors::HostTensor;
use equigen_core::{Error, Result};

use crate::names::natural;
use crate::state::StateDict;

/// Networks of dense layers, as a state dict tells them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dense {
    /// What stands before `.weight` in the names of the layers, in their order: `seq.0`.
    pub(crate) stems: Vec<String>,
    /// Inputs, hidden neurons of each layer, outputs.
    pub(crate) widths: Vec<usize>,
    /// For each network its parameters: weight `[out, in]`, then bias, layer by layer. Biases that are not there are 0.
    pub(crate) networks: Vec<Vec<f32>>,
}

/// Weight and bias of a layer.
struct Layer {
    stem: String,
    weight: HostTensor,
    bias: Option<HostTensor>,
}

impl Dense {
    /// Finds the layers. Weights `[out, in]` are those of one network, `[n, out, in]` those of many.
    ///
    /// # Errors
    /// If the weights are no chain, or a tensor is left that has no place in one.
    pub(crate) fn of(mut state: StateDict) -> Result<Self> {
        let stem = |(name, _): &(String, HostTensor)| name.strip_suffix(".weight").map(str::to_owned);
        let stems: Vec<String> = state.tensors.iter().filter_map(stem).collect();
        let mut layers = Vec::new();
        for stem in stems {
            let Some(weight) = state.take(&format!("{stem}.weight")) else { continue };
            let bias = state.take(&format!("{stem}.bias"));
            layers.push(Layer { stem, weight, bias });
        }
        if let Some((name, tensor)) = state.tensors.first() {
            let text = format!("tensor `{name}` {:?} has no place in a stack of dense layers", tensor.shape);
            return Err(Error::failed(format!("{text}; only such networks can be read")));
        }
        // The order of the file is that of the network in PyTorch; elsewhere names are sorted letter by letter.
        if chain(&layers).is_err() {
            layers.sort_by(|a, b| natural(&a.stem, &b.stem));
        }
        let (count, widths) = chain(&layers)?;
        let parameters: usize = widths.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum();
        let network = |row: usize| {
            let mut values = Vec::with_capacity(parameters);
            for (layer, pair) in layers.iter().zip(widths.windows(2)) {
                let size = pair[0] * pair[1];
                values.extend_from_slice(&layer.weight.values[row * size..(row + 1) * size]);
                match &layer.bias {
                    Some(bias) => values.extend_from_slice(&bias.values[row * pair[1]..(row + 1) * pair[1]]),
                    None => values.resize(values.len() + pair[1], 0.0),
                }
            }
            values
        };
        let networks: Vec<Vec<f32>> = (0..count).map(network).collect();
        Ok(Self { stems: layers.into_iter().map(|layer| layer.stem).collect(), widths, networks })
    }
}

/// Widths as people write them: `2-32-32-1`.
pub(crate) fn shape(widths: &[usize]) -> String {
    widths.iter().map(usize::to_string).collect::<Vec<_>>().join("-")
}

/// The number of networks and their widths, if each layer reads what the one before it gives.
fn chain(layers: &[Layer]) -> Result<(usize, Vec<usize>)> {
    let first =
        layers.first().ok_or_else(|| Error::failed("it holds no tensor `….weight`; save `model.state_dict()`"))?;
    let (lead, count) = match first.weight.shape[..] {
        [_, _] => (0, 1),
        [count, _, _] => (1, count),
        _ => return Err(wrong(&first.stem, "weight", &first.weight.shape, "[out, in]")),
    };
    let mut widths = Vec::new();
    for layer in layers {
        let &[outputs, inputs] = layer.weight.shape.get(lead..).unwrap_or_default() else {
            return Err(wrong(&layer.stem, "weight", &layer.weight.shape, "[out, in]"));
        };
        let before = widths.last().copied().unwrap_or(inputs);
        let stacked = |tensor: &HostTensor| lead == 0 || tensor.shape[0] == count;
        if inputs != before || outputs == 0 || inputs == 0 || !stacked(&layer.weight) {
            let expected = format!("[out, {before}]");
            return Err(wrong(&layer.stem, "weight", &layer.weight.shape, &expected));
        }
        if let Some(bias) = &layer.bias
            && (bias.shape.get(lead..) != Some(&[outputs][..]) || !stacked(bias))
        {
            return Err(wrong(&layer.stem, "bias", &bias.shape, &format!("[{outputs}]")));
        }
        if widths.is_empty() {
            widths.push(inputs);
        }
        widths.push(outputs);
    }
    Ok((count, widths))
}

fn wrong(stem: &str, what: &str, shape: &[usize], expected: &str) -> Error {
    Error::failed(format!("`{stem}.{what}` is {shape:?}, but a stack of dense layers has {expected} there"))
}
