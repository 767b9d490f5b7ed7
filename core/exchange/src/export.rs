//! A zoo to files that others read.

mod pictures;
mod surfaces;

use std::path::Path;

use equigen_core::tensors::{HostTensor, Tensors};
use equigen_core::{Error, Result, Zoo, files};
use rayon::prelude::*;

use crate::state::{Item, Metadata};
use crate::{npy, torch};

pub use surfaces::surfaces;

/// A form in which networks leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A folder with a PyTorch state dict for each network: `00000.pth`.
    Pytorch,
    /// One safetensors file of all networks, stacked: the form in which equigen keeps zoos.
    Safetensors,
    /// A folder with a safetensors file for each network.
    SafetensorsEach,
    /// One archive of numpy arrays, all networks stacked.
    Npz,
    /// A folder with a picture of each network's signal, and one of all.
    Png,
}

/// Writes the networks of a zoo to a new file or folder, whole or not at all. `layers` is what stands before the number of
/// a layer in the names of tensors; it is `layers` for equigen and HyperDiffusion, `seq` for DWSNets.
///
/// # Errors
/// If `out` exists or cannot be written.
pub fn export(zoo: &Zoo, format: Format, layers: &str, out: &Path) -> Result<()> {
    let parent = parent(out)?;
    match format {
        Format::Safetensors if layers == "layers" => zoo.save(out),
        Format::Safetensors => {
            Err(Error::config("--layers: a zoo of one file keeps the names of its layout; add --each"))
        }
        Format::Npz => files::write(out, &npz(zoo, layers)?),
        Format::Png => folder(parent, out, |folder| pictures::write(zoo, folder)),
        Format::Pytorch | Format::SafetensorsEach => folder(parent, out, |folder| each(zoo, format, layers, folder)),
    }
}

/// The folder of a new file or folder, made if it is missing.
fn parent(out: &Path) -> Result<&Path> {
    if out.exists() {
        return Err(Error::config(format!("--out {}: it exists already; name another", out.display())));
    }
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs_err::create_dir_all(parent)?;
    Ok(parent)
}

/// A folder below `parent` with what `fill` writes into it, whole or not at all.
fn folder<T>(parent: &Path, out: &Path, fill: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    // For others to read, as far as the user's mask allows; a temporary folder alone would be private.
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    let partial = tempfile::Builder::new().prefix(".partial-").permissions(permissions).tempdir_in(parent)?;
    let filled = fill(partial.path())?;
    fs_err::rename(partial.keep(), out)?;
    Ok(filled)
}

/// Parameter tensors of one network, or of all stacked.
fn tensors(zoo: &Zoo, layers: &str, row: Option<usize>) -> Vec<(String, HostTensor)> {
    let tensor = |spec: &equigen_core::TensorSpec| {
        let name =
            spec.name.strip_prefix("layers.").map_or_else(|| spec.name.clone(), |rest| format!("{layers}.{rest}"));
        let tensor = match row {
            Some(row) => HostTensor { shape: spec.shape.clone(), values: zoo.network(row)[spec.range()].to_vec() },
            None => HostTensor {
                shape: std::iter::once(zoo.len()).chain(spec.shape.iter().copied()).collect(),
                values: (0..zoo.len()).flat_map(|row| &zoo.network(row)[spec.range()]).copied().collect(),
            },
        };
        (name, tensor)
    };
    zoo.layout.tensors().iter().map(tensor).collect()
}

/// What weights do not tell: of one network, or of all.
fn metadata(zoo: &Zoo, row: Option<usize>) -> Result<String> {
    let failed = |error: serde_json::Error| Error::failed(error.to_string());
    let item = row.map(|row| &zoo.items[row]).map(|item| Item {
        label: item.label.clone(),
        quality: item.quality.is_finite().then(|| item.quality.into()),
        steps: item.steps,
    });
    let inr = serde_json::to_value(&zoo.inr).map_err(failed)?;
    let labels = if item.is_some() { vec![] } else { zoo.labels() };
    let mut value = serde_json::to_value(Metadata { inr, domain: zoo.domain, labels, item }).map_err(failed)?;
    value["layout"] = serde_json::to_value(&*zoo.layout).map_err(failed)?;
    Ok(value.to_string())
}

/// A file for each network.
fn each(zoo: &Zoo, format: Format, layers: &str, folder: &Path) -> Result<()> {
    (0..zoo.len()).into_par_iter().try_for_each(|row| {
        let (tensors, metadata) = (tensors(zoo, layers, Some(row)), metadata(zoo, Some(row))?);
        if format == Format::Pytorch {
            return Ok(fs_err::write(folder.join(format!("{row:05}.pth")), torch::write(&tensors, &metadata)?)?);
        }
        Tensors { tensors: tensors.into_iter().collect(), metadata }.save(&folder.join(format!("{row:05}.safetensors")))
    })
}

fn npz(zoo: &Zoo, layers: &str) -> Result<Vec<u8>> {
    let mut all = tensors(zoo, layers, None);
    let labels = zoo.labels();
    let label = |item: &equigen_core::ZooItem| labels.binary_search(&item.label).map_or(0.0, |index| index as f32);
    let mut column = |name: &str, values: Vec<f32>| {
        all.push((name.to_owned(), HostTensor { shape: vec![zoo.len()], values }));
    };
    column(zoo.domain.quality(), zoo.items.iter().map(|item| item.quality).collect());
    column("steps", zoo.items.iter().map(|item| item.steps as f32).collect());
    column("label", zoo.items.iter().map(label).collect());
    npy::write_npz(&all, &metadata(zoo, None)?)
}
