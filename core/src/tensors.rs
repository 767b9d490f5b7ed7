//! Named tensors in safetensors files, the form in which zoos, models and checkpoints are saved.

mod parts;

pub use parts::{column, has, join};

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::{Error, Result, files};

/// One tensor on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct HostTensor {
    /// Extent of each axis.
    pub shape: Vec<usize>,
    /// Values in row-major order.
    pub values: Vec<f32>,
}

/// Named f32 tensors and one text of metadata.
///
/// The metadata is a single entry (`equigen`, JSON by convention): safetensors keeps metadata in a hash map, and more
/// than one entry would be written in another order each time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tensors {
    /// The tensors by name.
    pub tensors: BTreeMap<String, HostTensor>,
    /// Free text, JSON by convention.
    pub metadata: String,
}

impl Tensors {
    /// Adds a tensor.
    ///
    /// # Panics
    /// If the number of values is not the shape's product.
    pub fn insert(&mut self, name: impl Into<String>, shape: &[usize], values: Vec<f32>) {
        assert_eq!(values.len(), shape.iter().product::<usize>(), "a tensor's values do not fill its shape");
        self.tensors.insert(name.into(), HostTensor { shape: shape.to_vec(), values });
    }

    /// Adds all tensors of another set, their names after `prefix/`.
    pub fn extend(&mut self, prefix: &str, other: Self) {
        self.tensors.extend(other.tensors.into_iter().map(|(name, tensor)| (format!("{prefix}/{name}"), tensor)));
    }

    /// The tensors whose names start with `prefix/`, without that prefix.
    pub fn subset(&self, prefix: &str) -> Self {
        let strip = |name: &String| Some(name.strip_prefix(prefix)?.strip_prefix('/')?.to_owned());
        let tensors = self.tensors.iter().filter_map(|(name, tensor)| Some((strip(name)?, tensor.clone()))).collect();
        Self { tensors, metadata: String::new() }
    }

    /// A tensor by name.
    ///
    /// # Errors
    /// If there is none.
    pub fn get(&self, name: &str) -> Result<&HostTensor> {
        self.tensors.get(name).ok_or_else(|| Error::failed(format!("tensor `{name}` is missing")))
    }

    /// Saves to a safetensors file, atomically.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let views = self.tensors.iter().map(|(name, tensor)| {
            let bytes = bytemuck::cast_slice(&tensor.values);
            (name, TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).expect("values fill the shape"))
        });
        let metadata = HashMap::from([("equigen".to_owned(), self.metadata.clone())]);
        let bytes = safetensors::serialize(views, Some(metadata))
            .map_err(|error| Error::failed(format!("cannot write `{}`: {error}", path.display())))?;
        files::write(path, &bytes)
    }

    /// Loads a safetensors file of f32 tensors.
    ///
    /// # Errors
    /// If the file is missing, is no safetensors file, or holds another type; the message names the file.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = fs_err::read(path)?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| damaged(path, error))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| bad(path, error))?;
        let metadata = header.metadata().as_ref().and_then(|map| map.get("equigen")).cloned().unwrap_or_default();
        let mut tensors = BTreeMap::new();
        for (name, view) in file.iter() {
            expect_single(path, name, view.dtype())?;
            let values = bytemuck::pod_collect_to_vec(view.data());
            tensors.insert(name.to_owned(), HostTensor { shape: view.shape().to_vec(), values });
        }
        Ok(Self { tensors, metadata })
    }
}

fn bad(path: &Path, why: impl Display) -> Error {
    Error::failed(format!("`{}`: {why}", path.display()))
}

fn damaged(path: &Path, why: impl Display) -> Error {
    bad(path, format!("not a whole safetensors file ({why}); make it again or restore it"))
}

/// Refuses a tensor of another type than f32.
fn expect_single(path: &Path, name: &str, dtype: Dtype) -> Result<()> {
    let wrong = || bad(path, format!("tensor `{name}` is {dtype:?}, expected F32"));
    if dtype == Dtype::F32 { Ok(()) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_is_exact_and_bytes_repeat() {
        let folder = tempfile::tempdir().unwrap();
        let mut tensors = Tensors { metadata: r#"{"a":1}"#.into(), ..Default::default() };
        tensors.insert("b/x", &[2, 2], vec![1.0, -0.0, f32::MIN_POSITIVE, 3.5]);
        tensors.insert("a", &[1], vec![2.0]);
        let (first, second) = (folder.path().join("1"), folder.path().join("2"));
        tensors.save(&first).unwrap();
        let loaded = Tensors::load(&first).unwrap();
        assert_eq!(loaded, tensors);
        assert_eq!(loaded.subset("b").get("x").unwrap().shape, [2, 2]);
        loaded.save(&second).unwrap();
        assert_eq!(fs_err::read(&first).unwrap(), fs_err::read(&second).unwrap());
    }

    #[test]
    fn a_truncated_file_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("zoo.safetensors");
        let mut tensors = Tensors::default();
        tensors.insert("a", &[64], vec![1.0; 64]);
        tensors.save(&path).unwrap();
        let bytes = fs_err::read(&path).unwrap();
        fs_err::write(&path, &bytes[..bytes.len() - 9]).unwrap();
        assert!(Tensors::load(&path).unwrap_err().to_string().contains("zoo.safetensors"));
    }
}
