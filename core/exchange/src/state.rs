//! State dicts: named tensors of one network, or of many stacked, as they were found in a file.

use equigen_core::tensors::HostTensor;
use equigen_core::{Domain, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Named tensors in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StateDict {
    /// Where in the file it lies: `model`, `[3]`; empty at the top.
    pub(crate) path: String,
    /// The tensors.
    pub(crate) tensors: Vec<(String, HostTensor)>,
    /// What our own exports say of it.
    pub(crate) metadata: Option<String>,
}

impl StateDict {
    /// Takes a tensor out, if it is there.
    pub(crate) fn take(&mut self, name: &str) -> Option<HostTensor> {
        let place = self.tensors.iter().position(|(other, _)| other == name)?;
        Some(self.tensors.remove(place).1)
    }
}

/// What our own files say of their networks: all that a zoo knows and weights do not tell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Metadata {
    /// The family of the networks, with its settings.
    pub(crate) inr: Value,
    /// The domain of their signals.
    pub(crate) domain: Domain,
    /// Labels by index, where many networks are stacked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) labels: Vec<String>,
    /// What the only network stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) item: Option<Item>,
}

/// What one network stands for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    /// Label of its signal.
    pub(crate) label: String,
    /// PSNR in dB, if it is known.
    pub(crate) quality: Option<f64>,
    /// Optimiser steps that it took.
    pub(crate) steps: u32,
}

impl Metadata {
    /// Reads it.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map_err(|error| Error::failed(format!("its metadata is not that of an equigen of this version: {error}")))
    }
}
