//! `shapenet`: the trees of ShapeNet, as meshes or as points with occupancies.

mod points;
mod synsets;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use equigen_core::{Error, Result, SignalReader, Signals};
use equigen_geometry::{Error as Wrong, read};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::{Sampling, Shapes, absolute, known};
use tree::Model;

/// Shapes of ShapeNet (Chang et al. 2015) as solids, in the forms in which it is passed on; a class is a folder.
///
/// Below `folder`, a model is `SYNSET/MODEL/models/model_normalized.obj` (version 2), `SYNSET/MODEL/model.obj` (version 1),
/// or points with occupancies: `SYNSET/MODEL/points.npz` as Occupancy Networks (Mescheder et al. 2019) have them, or
/// `SYNSET/MODEL.npz`; the first of these counts. An npz has arrays `points [n, 3]` and `occupancies`, one number a point or
/// packed bits. Its shape is known at those points only: a signal is a draw of them (`near`, `deviation` and `thickness`
/// change nothing), and at other points, at which the judge `surfaces` looks, the nearest ones of either kind tell.
///
/// Models come in an order that mixes the classes, by a hash of their names. The y axis is up. Every file is read once
/// before a run, for the fingerprint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Shapenet {
    /// The folder of the synsets' folders, relative to the pipeline file.
    pub folder: PathBuf,
    /// Classes to take, by label or synset; all that are there by default.
    pub classes: Vec<String>,
    /// Labels of synsets, before those of ShapeNetCore (`"03001627"` is `"chair"`). A folder with neither is its own label.
    pub names: BTreeMap<String, String>,
    /// Take the models that a list names: `"train"` is `SYNSET/train.lst`, a model a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// Models of a class at most, the first in the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Length of the longest side of a shape's box in files of points, which the shape is scaled by; 1 in those of Occupancy
    /// Networks.
    pub unit: f64,
    /// Bytes that a file may have at most, unpacked.
    pub most_bytes: u64,
    /// How a mesh becomes a signal.
    pub sampling: Sampling,
}

impl Default for Shapenet {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            classes: Vec::new(),
            names: BTreeMap::new(),
            split: None,
            limit: None,
            unit: 1.0,
            most_bytes: read::MOST_BYTES,
            sampling: Sampling::default(),
        }
    }
}

equigen_core::register!(Signals, Shapenet);

impl Shapenet {
    fn check(&self) -> Result<()> {
        let wrong = |text: &str| Err(Error::config(format!("shapenet: {text}")));
        if self.folder.as_os_str().is_empty() {
            return wrong("`folder` is missing; give the folder in which the synsets' folders lie");
        }
        if self.limit == Some(0) {
            return wrong("`limit` = 0: give a number of models above 0, or leave it out for all");
        }
        if !(self.unit > 0.0 && self.unit.is_finite()) {
            return wrong("`unit`: give a length above 0, such as 1.0");
        }
        Ok(())
    }

    fn label<'a>(&'a self, synset: &'a str) -> &'a str {
        self.names.get(synset).map(String::as_str).or_else(|| synsets::name(synset)).unwrap_or(synset)
    }

    /// The models to read, in order.
    fn models(&self) -> Result<Vec<Model>> {
        self.check()?;
        if !self.folder.is_dir() {
            let folder = self.folder.display();
            return Err(Error::failed(format!("shapenet: `{folder}`: there is no such folder; check the path")));
        }
        let there = tree::synsets(&self.folder)?;
        let is = |class: &String, synset: &String| class == synset || class == self.label(synset);
        if let Some(class) = self.classes.iter().find(|class| !there.iter().any(|synset| is(class, synset))) {
            let labels: Vec<&str> = there.iter().map(|synset| self.label(synset)).collect();
            let (folder, labels) = (self.folder.display(), labels.join(", "));
            return Err(Error::config(format!("shapenet: no class `{class}` in `{folder}`; there are: {labels}")));
        }
        let mut models = Vec::new();
        let taken = |synset: &&String| self.classes.is_empty() || self.classes.iter().any(|class| is(class, synset));
        for synset in there.iter().filter(taken) {
            let mut class = match &self.split {
                Some(split) => tree::listed(&self.folder, synset, split)?,
                None => tree::all(&self.folder, synset)?,
            };
            class.sort_by_cached_key(order);
            class.truncate(self.limit.unwrap_or(usize::MAX));
            models.extend(class);
        }
        if models.is_empty() {
            let (split, folder) = (self.split.as_deref().unwrap_or_default(), self.folder.display());
            return Err(Error::failed(format!("shapenet: the lists `{split}.lst` in `{folder}` name no model")));
        }
        models.sort_by_cached_key(order);
        Ok(models)
    }
}

/// What the order of models goes by: not by class, nor by form.
fn order(model: &Model) -> [u8; 32] {
    *blake3::hash(format!("{}/{}", model.synset, model.name).as_bytes()).as_bytes()
}

/// Whether a model's file holds points, and no mesh.
fn is_npz(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "npz")
}

/// What is wrong with a model that has no file.
fn missing(model: &Model) -> Wrong {
    let text = "it has neither a mesh (models/model_normalized.obj, model.obj) nor points (points.npz)";
    Wrong::new(format!("`{}`: {text}", model.place.display()))
}

#[typetag::serde(name = "shapenet")]
impl Signals for Shapenet {
    fn resolve(&mut self, folder: &Path) {
        self.folder = absolute(folder, &self.folder);
    }

    fn fingerprint(&self) -> Result<String> {
        let models = self.models()?;
        let hash = |model: &Model| -> Result<blake3::Hash> {
            let mut hasher = blake3::Hasher::new();
            // Whether it is a mesh or points is told by the name.
            hasher.update(format!("{}\0{}\0", self.label(&model.synset), model.name).as_bytes());
            if let Some(file) = &model.file {
                hasher.update(file.extension().unwrap_or_default().as_encoded_bytes());
                hasher.update_reader(fs_err::File::open(file)?)?;
            }
            Ok(hasher.finalize())
        };
        let hashes = models.par_iter().map(hash).collect::<Result<Vec<_>>>()?;
        let mut hasher = blake3::Hasher::new();
        hashes.iter().for_each(|hash| _ = hasher.update(hash.as_bytes()));
        let settings = serde_json::json!([self.sampling, self.unit]);
        Ok(format!("shapenet 1 {settings} models={}", hasher.finalize()))
    }

    fn open(&self) -> Result<Box<dyn SignalReader>> {
        let models = self.models()?;
        // Before hours go into what stands in front of it.
        if let Some(model) = models.iter().find(|model| model.file.is_none() && !self.sampling.skip_damaged) {
            let remedy = "or leave such models out with sampling.skip_damaged = true";
            return Err(Error::failed(format!("{}; restore it, {remedy}", missing(model))));
        }
        let is_points = |model: &&Model| model.file.as_ref().is_some_and(|file| is_npz(file));
        if let Some(model) = models.iter().find(is_points).filter(|_| self.sampling.signed_distance.is_some()) {
            let text = "shapenet: sampling.signed_distance: files of points tell occupancies only, such as those of";
            return Err(Error::config(format!("{text} `{}`; leave it out, or give meshes", model.place.display())));
        }
        let labels = models.iter().map(|model| self.label(&model.synset).to_owned()).collect();
        let (most, unit) = (self.most_bytes, self.unit);
        let load = Box::new(move |item: usize, sampling: &Sampling| {
            let file = models[item].file.as_deref().ok_or_else(|| missing(&models[item]))?;
            let named = |error: Wrong| error.within(format!("`{}`", file.display()));
            if is_npz(file) {
                let (mut points, inside) = points::read(file, most).map_err(named)?;
                let scale = 2.0 * sampling.extent / unit;
                points.iter_mut().for_each(|point| *point = point.map(|x| x * scale));
                known(&points, &inside, sampling).map_err(named)
            } else {
                sampling.solid(&read::file(file, most)?).map_err(named)
            }
        });
        Ok(Box::new(Shapes::new(labels, load, self.sampling.clone())?))
    }
}
