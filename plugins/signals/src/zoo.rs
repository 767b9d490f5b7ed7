//! `zoo`: what networks render, for networks whose signals are not at hand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use equigen_core::{Domain, Error, Result, SignalReader, Signals, Zoo, picture};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::paths;

/// The renderings of a zoo's networks, which are themselves taken as the fits.
///
/// For networks without their signals, such as `equigen import` reads: the pipeline's `inr` must be that of the zoo.
/// Renderings are cut to [0, 1]. Figures then compare with other networks' renderings and not with real signals, which
/// flatters every set that networks made.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ZooSignals {
    /// Path of the zoo, relative to the pipeline file.
    pub path: PathBuf,
    /// Fit networks to the renderings in place of taking the zoo's own, so that the pipeline's `inr` may be another.
    pub refit: bool,
    /// Networks of a class at most, the first in the order. A zoo may hold one class after the other, where `data.limit` would
    /// take the first alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

equigen_core::register!(Signals, ZooSignals);

impl ZooSignals {
    fn zoo(&self) -> Result<Zoo> {
        if self.path.as_os_str().is_empty() {
            return Err(Error::config(
                "zoo: `path` is missing; give the path of a zoo, such as `equigen import` writes",
            ));
        }
        if !self.path.exists() {
            let text = format!("`{}`: there is no such file", self.path.display());
            return Err(Error::failed(format!("{text}; `equigen import FILE… --out ZOO.safetensors` writes a zoo")));
        }
        let zoo = Zoo::load(&self.path)?;
        match self.limit {
            None => Ok(zoo),
            Some(0) => {
                Err(Error::config("zoo: `limit` = 0: give a number of networks above 0, or leave it out for all"))
            }
            Some(most) => Ok(first_of_each(&zoo, most)),
        }
    }
}

#[typetag::serde(name = "zoo")]
impl Signals for ZooSignals {
    fn resolve(&mut self, folder: &Path) {
        // An empty path stays empty: it is missing, not the folder.
        if !self.path.as_os_str().is_empty() {
            self.path = std::path::absolute(folder.join(&self.path)).unwrap_or_else(|_| folder.join(&self.path));
        }
    }

    fn fingerprint(&self) -> Result<String> {
        self.zoo()?;
        let limit = self.limit.map(|most| format!(" limit={most}")).unwrap_or_default();
        Ok(format!("zoo {} refit={}{limit}", paths::hash(&self.path)?, self.refit))
    }

    fn open(&self) -> Result<Box<dyn SignalReader>> {
        Ok(Box::new(Reader { zoo: self.zoo()?, next: 0 }))
    }

    fn networks(&self) -> Result<Option<Zoo>> {
        if self.refit { Ok(None) } else { self.zoo().map(Some) }
    }
}

/// The first networks of each label, at most so many, in the order of the zoo.
fn first_of_each(zoo: &Zoo, most: usize) -> Zoo {
    let mut counts = BTreeMap::new();
    let is_early = |row: &usize| {
        let count = counts.entry(&zoo.items[*row].label).or_insert(0);
        *count += 1;
        *count <= most
    };
    let rows: Vec<usize> = (0..zoo.len()).filter(is_early).collect();
    let values = rows.iter().flat_map(|row| zoo.network(*row)).copied().collect();
    zoo.with_networks(values, rows.iter().map(|row| zoo.items[*row].clone()).collect())
}

/// A zoo, and the row that is read next.
struct Reader {
    zoo: Zoo,
    next: usize,
}

impl SignalReader for Reader {
    fn domain(&self) -> Domain {
        self.zoo.domain
    }

    fn count(&self) -> usize {
        self.zoo.len()
    }

    fn label(&self, row: usize) -> String {
        self.zoo.items[row].label.clone()
    }

    fn skip(&mut self, count: usize) -> Result<()> {
        if count > self.zoo.len() - self.next {
            return Err(Error::failed(format!("the zoo has {} networks, and not {} more", self.zoo.len(), count)));
        }
        self.next += count;
        Ok(())
    }

    fn read(&mut self, count: usize) -> Result<Vec<f32>> {
        let first = self.next;
        self.skip(count)?;
        let rows: Vec<usize> = (first..self.next).collect();
        let mut values = picture::render(&self.zoo, &rows, &self.zoo.domain.grid(), &Device::flex());
        values.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        Ok(values)
    }
}
