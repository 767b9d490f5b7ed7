//! Where the models of a tree of ShapeNet lie.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use equigen_core::{Error, Result};

/// Files of a model, below its folder; the first that is there counts.
const FILES: [&str; 3] = ["models/model_normalized.obj", "model.obj", "points.npz"];
/// What a model is called that has no folder.
const FLAT: &str = "npz";

/// A shape of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Model {
    /// Folder of its class.
    pub(super) synset: String,
    pub(super) name: String,
    /// Its folder, or where that would be.
    pub(super) place: PathBuf,
    /// Its mesh or points; `None` if it has neither.
    pub(super) file: Option<PathBuf>,
}

impl Model {
    fn of(folder: &Path, synset: &str, name: &str) -> Self {
        let place = folder.join(synset).join(name);
        let flat = folder.join(synset).join(format!("{name}.{FLAT}"));
        let mut files = FILES.iter().map(|file| place.join(file)).chain([flat]);
        Self { synset: synset.to_owned(), name: name.to_owned(), file: files.find(|file| file.is_file()), place }
    }
}

/// The folders of classes, by name: those that hold a model with a file.
pub(super) fn synsets(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for synset in names(folder)?.into_iter().filter(|name| folder.join(name).is_dir()) {
        if all(folder, &synset)?.iter().any(|model| model.file.is_some()) {
            found.push(synset);
        }
    }
    if found.is_empty() {
        let forms = "SYNSET/MODEL/models/model_normalized.obj (version 2), SYNSET/MODEL/model.obj (version 1), \
                     SYNSET/MODEL/points.npz or SYNSET/MODEL.npz";
        return Err(Error::failed(format!("shapenet: `{}` has no {forms}", folder.display())));
    }
    Ok(found)
}

/// All models of a class, by name.
pub(super) fn all(folder: &Path, synset: &str) -> Result<Vec<Model>> {
    let class = folder.join(synset);
    let mut models = BTreeSet::new();
    for name in names(&class)? {
        if class.join(&name).is_dir() {
            models.insert(name);
        } else if let Some(name) = name.strip_suffix(&format!(".{FLAT}")) {
            models.insert(name.to_owned());
        }
    }
    Ok(models.iter().map(|name| Model::of(folder, synset, name)).collect())
}

/// The models of a class that its list of a split names: `train` is `SYNSET/train.lst`, a name a line.
pub(super) fn listed(folder: &Path, synset: &str, split: &str) -> Result<Vec<Model>> {
    let class = folder.join(synset);
    let path = class.join(format!("{split}.lst"));
    if !path.is_file() {
        let lists: Vec<String> = names(&class)?.into_iter().filter(|name| name.ends_with(".lst")).collect();
        let there = if lists.is_empty() { "no list".to_owned() } else { lists.join(", ") };
        let remedy = "change `split` or leave it out";
        return Err(Error::failed(format!("shapenet: there is no `{}`, but {there}; {remedy}", path.display())));
    }
    let text = fs_err::read_to_string(&path)?;
    let mut seen = BTreeSet::new();
    let mut models = Vec::new();
    for (line, name) in text.lines().map(str::trim).enumerate().filter(|(_, name)| !name.is_empty()) {
        let wrong = |text: &str| Error::failed(format!("`{}`: line {}: `{name}` {text}", path.display(), line + 1));
        if name.contains(['/', '\\']) || name == ".." {
            return Err(wrong("is a path, not a model's name"));
        }
        if !seen.insert(name) {
            return Err(wrong("stands there twice"));
        }
        models.push(Model::of(folder, synset, name));
    }
    Ok(models)
}

/// What is in a folder, by name; what has none of letters is passed over.
fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        names.extend(entry?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}
