//! Fitted networks with what they stand for.

use std::path::Path;
use std::sync::Arc;

use burn::tensor::Device;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::tensors::Tensors;
use crate::{Domain, Error, Inr, Layout, Result, Weights, host};

/// What one network of a zoo stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct ZooItem {
    /// Label of its signal.
    pub label: String,
    /// How good the fit is, as its domain measures it ([`Domain::quality`]); 0 for a network that was not fitted.
    pub quality: f32,
    /// Optimiser steps that it took.
    pub steps: u32,
}

/// Fitted networks of one layout. Saved as safetensors: a tensor `[n, …]` per parameter tensor of the layout, in PyTorch's
/// orientation, beside its
/// quality (`psnr` or `iou`), `steps` and `label` (an index into the metadata's labels).
#[derive(Debug, Clone)]
pub struct Zoo {
    /// The family of the networks.
    pub inr: Arc<dyn Inr>,
    /// Their layout.
    pub layout: Arc<Layout>,
    /// The domain of their signals.
    pub domain: Domain,
    /// `[n, parameters]`.
    pub values: Vec<f32>,
    /// One per network.
    pub items: Vec<ZooItem>,
}

#[derive(Serialize, Deserialize)]
struct Metadata {
    inr: Box<dyn Inr>,
    layout: Layout,
    domain: Domain,
    labels: Vec<String>,
}

impl Zoo {
    /// Other networks of the same family, layout and domain: `values [n, parameters]`, one item each.
    pub fn with_networks(&self, values: Vec<f32>, items: Vec<ZooItem>) -> Self {
        Self { inr: self.inr.clone(), layout: self.layout.clone(), domain: self.domain, values, items }
    }

    /// Number of networks.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Flat parameters of one network.
    pub fn network(&self, row: usize) -> &[f32] {
        let parameters = self.layout.parameters();
        &self.values[row * parameters..(row + 1) * parameters]
    }

    /// Networks at these rows, on a device.
    pub fn weights(&self, rows: &[usize], device: &Device) -> Weights {
        let values = host::gather(&self.values, self.layout.parameters(), rows);
        Weights::from_host(self.layout.clone(), values, device).expect("rows of a zoo are whole networks")
    }

    /// The distinct labels, sorted.
    pub fn labels(&self) -> Vec<String> {
        let labels: std::collections::BTreeSet<&String> = self.items.iter().map(|item| &item.label).collect();
        labels.into_iter().cloned().collect()
    }

    /// Saves to a file, atomically.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        self.save_part(path, &self.labels())
    }

    /// Saves as a part of a larger zoo, whose distinct labels these are, sorted. [`crate::tensors::join`] makes of all
    /// parts the file that [`Zoo::save`] makes of the whole.
    ///
    /// # Errors
    /// If the file cannot be written.
    ///
    /// # Panics
    /// If a network has none of the labels.
    pub fn save_part(&self, path: &Path, labels: &[String]) -> Result<()> {
        let index = |item: &ZooItem| labels.binary_search(&item.label).expect("a part's labels are the whole's") as f32;
        let n = self.len();
        let mut tensors = Tensors::default();
        for tensor in self.layout.tensors() {
            let shape: Vec<usize> = std::iter::once(n).chain(tensor.shape.iter().copied()).collect();
            let values = (0..n).flat_map(|row| &self.network(row)[tensor.range()]).copied().collect();
            tensors.insert(&tensor.name, &shape, values);
        }
        tensors.insert(self.domain.quality(), &[n], self.items.iter().map(|item| item.quality).collect());
        tensors.insert("steps", &[n], self.items.iter().map(|item| item.steps as f32).collect());
        tensors.insert("label", &[n], self.items.iter().map(index).collect());
        let inr = serde_json::to_value(&self.inr).map_err(|error| Error::failed(error.to_string()))?;
        let metadata =
            serde_json::json!({ "inr": inr, "layout": *self.layout, "domain": self.domain, "labels": labels });
        tensors.metadata = metadata.to_string();
        tensors.save(path)
    }

    /// Loads a zoo.
    ///
    /// # Errors
    /// If the file is missing, damaged, no zoo, or holds a weight that is not finite; the message names the file.
    pub fn load(path: &Path) -> Result<Self> {
        let file = Tensors::load(path)?;
        Self::from_tensors(&file).map_err(|error| error.within(format!("`{}`", path.display())))
    }

    fn from_tensors(file: &Tensors) -> Result<Self> {
        let metadata: Metadata = serde_json::from_str(&file.metadata)
            .map_err(|error| Error::failed(format!("not a zoo of this version: {error}")))?;
        let quality = metadata.domain.quality();
        let n = file.get(quality)?.values.len();
        let layout = Arc::new(metadata.layout);
        let parameters = layout.parameters();
        let mut values = vec![0.0; n * parameters];
        for tensor in layout.tensors() {
            let found = file.get(&tensor.name)?;
            if found.values.len() != n * tensor.len() {
                return Err(Error::failed(format!("tensor `{}` does not hold {n} networks", tensor.name)));
            }
            if let Some(i) = found.values.par_iter().position_first(|value| !value.is_finite()) {
                let (row, bad) = (i / tensor.len(), found.values[i]);
                let text =
                    format!("network {row} has a weight of {bad} in `{}`; fit it again or leave it out", tensor.name);
                return Err(Error::failed(text));
            }
            let rows = values.par_chunks_mut(parameters).zip(found.values.par_chunks(tensor.len()));
            rows.for_each(|(to, from)| to[tensor.range()].copy_from_slice(from));
        }
        let column = |name: &str| -> Result<Vec<f32>> { Ok(file.get(name)?.values.clone()) };
        let (quality, steps, label) = (column(quality)?, column("steps")?, column("label")?);
        let items = (0..n).map(|row| {
            let name = metadata.labels.get(label[row] as usize);
            let name = name.ok_or_else(|| Error::failed(format!("network {row} has no known label")))?;
            Ok(ZooItem { label: name.clone(), quality: quality[row], steps: steps[row] as u32 })
        });
        let items = items.collect::<Result<Vec<_>>>()?;
        Ok(Self { inr: metadata.inr.into(), layout, domain: metadata.domain, values, items })
    }
}
