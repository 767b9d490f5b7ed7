//! The networks of one file, and what the file tells of them.

use equigen_core::{Domain, Error, Result};
use serde_json::Value;

use crate::convention::Convention;
use crate::dense::{Dense, shape};
use crate::state::{Metadata, StateDict};

/// A network as it was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Network {
    /// Its file, and its place in there.
    pub(crate) name: String,
    /// Weight, then bias, layer by layer.
    pub(crate) values: Vec<f32>,
    /// Its label, if the file says it.
    pub(crate) label: Option<String>,
    /// Its PSNR, NaN if the file does not say it.
    pub(crate) quality: f32,
    /// Optimiser steps that it took, 0 if the file does not say it.
    pub(crate) steps: u32,
}

/// What a file tells of all its networks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Family {
    /// Inputs, hidden neurons of each layer, outputs.
    pub(crate) widths: Vec<usize>,
    /// The component, if the file names it.
    pub(crate) inr: Option<Value>,
    /// The domain, if the file names it.
    pub(crate) domain: Option<Domain>,
    /// The convention that the names of the tensors follow.
    pub(crate) convention: Option<Convention>,
}

impl std::fmt::Display for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = self.convention.as_ref().map(|convention| convention.name.as_str());
        match (&self.inr, named) {
            (Some(inr), _) => write!(f, "{} of {inr}", shape(&self.widths)),
            (None, Some(name)) => write!(f, "{} ({name})", shape(&self.widths)),
            (None, None) => write!(f, "{}", shape(&self.widths)),
        }
    }
}

/// The networks of a file's state dicts, in their order.
///
/// # Errors
/// If one is no stack of dense layers, they differ, a number is not finite, or it is not clear which is meant.
pub(crate) fn networks(name: &str, mut states: Vec<StateDict>, key: Option<&str>) -> Result<(Family, Vec<Network>)> {
    select(&mut states, key)?;
    let mut found: Option<Family> = None;
    let mut all = Vec::new();
    for state in states {
        let name = if state.path.is_empty() { name.to_owned() } else { format!("{name}:{}", state.path) };
        let (family, networks) = of_state(&name, state)?;
        match &found {
            Some(first) if *first != family => {
                return Err(Error::failed(format!("it holds {family} beside {first}; give one with --key")));
            }
            _ => found = Some(family),
        }
        all.extend(networks);
    }
    let family = found.ok_or_else(|| Error::failed("it holds no state dict"))?;
    Ok((family, all))
}

/// Leaves the state dicts that are meant: all of a list, but one of those with names.
fn select(states: &mut Vec<StateDict>, key: Option<&str>) -> Result<()> {
    let named = |state: &StateDict| state.path.split('[').next().unwrap_or_default().to_owned();
    let mut names: Vec<String> = states.iter().map(named).collect();
    names.dedup();
    match key {
        Some(key) => states.retain(|state| named(state) == key),
        None if names.len() > 1 => {
            let text = format!("it holds several state dicts ({}); give one with --key", names.join(", "));
            return Err(Error::config(text));
        }
        None => {}
    }
    if states.is_empty() {
        let text = format!("it has no state dict under this --key; it has: {}", names.join(", "));
        return Err(Error::config(text));
    }
    Ok(())
}

fn of_state(name: &str, mut state: StateDict) -> Result<(Family, Vec<Network>)> {
    let metadata = state.metadata.as_deref().map(Metadata::parse).transpose()?;
    let mut column = |names: &[&str]| names.iter().find_map(|name| state.take(name)).map(|tensor| tensor.values);
    let (quality, steps, labels) = (column(&Domain::QUALITIES), column(&["steps"]), column(&["label", "labels"]));
    let dense = Dense::of(state)?;
    let count = dense.networks.len();
    for (what, column) in [("quality", &quality), ("steps", &steps), ("label", &labels)] {
        if column.as_ref().is_some_and(|column| column.len() != count) {
            return Err(Error::failed(format!("`{what}` does not have an entry for each of its {count} networks")));
        }
    }
    let family = Family {
        convention: if metadata.is_none() { Convention::of(&dense) } else { None },
        widths: dense.widths,
        inr: metadata.as_ref().map(|metadata| metadata.inr.clone()),
        domain: metadata.as_ref().map(|metadata| metadata.domain),
    };
    let only = metadata.as_ref().and_then(|metadata| metadata.item.as_ref());
    let names = metadata.as_ref().map_or(&[][..], |metadata| &metadata.labels);
    let label = |row: usize| -> Result<Option<String>> {
        let Some(labels) = &labels else { return Ok(only.map(|item| item.label.clone())) };
        let number = labels[row];
        if names.is_empty() {
            return Ok(Some(number.to_string()));
        }
        let name = names.get(number as usize).filter(|_| number >= 0.0);
        Ok(Some(name.ok_or_else(|| Error::failed(format!("network {row} has no known label")))?.clone()))
    };
    let network = |(row, values): (usize, Vec<f32>)| {
        let name = if count > 1 { format!("{name}#{row}") } else { name.to_owned() };
        if let Some(bad) = values.iter().find(|value| !value.is_finite()) {
            return Err(Error::failed(format!("network {row} has a weight of {bad}; leave it out")));
        }
        let quality = quality
            .as_ref()
            .map(|quality| quality[row])
            .or(only.and_then(|item| item.quality.map(|quality| quality as f32)));
        let steps = steps.as_ref().map(|steps| steps[row] as u32).or(only.map(|item| item.steps));
        let (quality, steps) = (quality.unwrap_or(f32::NAN), steps.unwrap_or(0));
        Ok(Network { name, values, label: label(row)?, quality, steps })
    };
    let networks = dense.networks.into_iter().enumerate().map(network).collect::<Result<_>>()?;
    Ok((family, networks))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use equigen_core::dense::reference;
    use equigen_kernels::{DenseStack, Positional};

    use super::*;
    use crate::npy::{Array, read_npy};
    use crate::torch;

    fn numbers(name: &str) -> Vec<f32> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/expected");
        match read_npy(&std::fs::read(folder.join(name)).unwrap()).unwrap() {
            Array::Numbers(tensor) => tensor.values,
            Array::Texts(_) => panic!("{name} holds texts"),
        }
    }

    /// The encoding that the convention stands for is that of HyperDiffusion's own module.
    #[test]
    fn hyperdiffusion_is_relu_on_octaves_of_the_point() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hyperdiffusion.pth");
        let bytes = std::fs::read(file).unwrap();
        let states = torch::read_zip(crate::archive::Zip::open(&bytes).unwrap()).unwrap();
        let (family, networks) = networks("a.pth", states, None).unwrap();
        assert_eq!(family.convention, Some(Convention::hyperdiffusion()));
        let stack = DenseStack::relu(&family.widths).encoded(Positional { octaves: 4, include_input: true });
        let found = reference(&stack, &networks[0].values, &numbers("hyperdiffusion-points.npy"));
        for (found, expected) in found.iter().zip(numbers("hyperdiffusion.npy")) {
            assert!((found - f64::from(expected)).abs() < 1e-5, "{found}, not {expected}");
        }
    }
}
