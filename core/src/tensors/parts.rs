//! Files of tensors as parts of a larger one: joined along the first axis, no tensor of which need fit into memory.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use super::{bad, damaged, expect_single};
use crate::{Error, Result, files};

/// Joins files along the first axis of every tensor, in their order. The bytes are those that
/// [`Tensors::save`](super::Tensors::save) writes of the whole.
///
/// # Errors
/// If there is no part, one is missing, damaged or no part of the same whole as the first, or the file cannot be
/// written; the message names the file.
pub fn join(parts: &[PathBuf], path: &Path) -> Result<()> {
    let first = parts.first().ok_or_else(|| Error::failed(format!("there is no part of `{}`", path.display())))?;
    let first = Part::open(first)?;
    let no_row =
        |info: &TensorInfo| -> Vec<usize> { std::iter::once(0).chain(info.shape.iter().skip(1).copied()).collect() };
    let tensors = first.header.tensors().into_iter();
    let mut shapes: BTreeMap<String, Vec<usize>> = tensors.map(|(name, info)| (name, no_row(info))).collect();
    for file in parts {
        let part = Part::open(file)?;
        if !part.continues(&first) {
            let (one, other) = (file.display(), first.path.display());
            let text = format!("`{one}` and `{other}` are no parts of one file: their tensors or metadata differ");
            return Err(Error::failed(text));
        }
        for (name, shape) in &mut shapes {
            shape[0] += part.info(name)?.shape[0];
        }
    }
    let header = header(&first.header, &shapes)?;
    files::write_with(path, |out| {
        out.write_all(&header)?;
        for name in shapes.keys() {
            for part in parts {
                io::copy(&mut Part::open(part)?.bytes(name)?, out)?;
            }
        }
        Ok(())
    })
}

/// The values of one tensor; nothing else of the file is read.
///
/// # Errors
/// If the file is missing or damaged, or has no such tensor; the message names it.
pub fn column(path: &Path, name: &str) -> Result<Vec<f32>> {
    let mut bytes = Vec::new();
    Part::open(path)?.bytes(name)?.read_to_end(&mut bytes)?;
    Ok(bytemuck::pod_collect_to_vec(&bytes))
}

/// Whether a file has a tensor of this name, without loading it.
///
/// # Errors
/// If the file is missing or damaged; the message names it.
pub fn has(path: &Path, name: &str) -> Result<bool> {
    Ok(Part::open(path)?.header.info(name).is_some())
}

/// How a file with these tensors begins: as safetensors itself writes it, names in order, filled up to 8 bytes.
fn header(of_part: &Metadata, shapes: &BTreeMap<String, Vec<usize>>) -> Result<Vec<u8>> {
    let mut end = 0;
    let tensors = shapes.iter().map(|(name, shape)| {
        let start = end;
        end += 4 * shape.iter().product::<usize>();
        (name.clone(), TensorInfo { dtype: Dtype::F32, shape: shape.clone(), data_offsets: (start, end) })
    });
    let header = Metadata::new(of_part.metadata().clone(), tensors.collect());
    let header = header.map_err(|error| Error::failed(error.to_string()))?;
    let mut text = serde_json::to_string(&header).map_err(|error| Error::failed(error.to_string()))?.into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    Ok([&(text.len() as u64).to_le_bytes()[..], &text[..]].concat())
}

/// A safetensors file of f32 tensors, opened, its header read.
struct Part<'a> {
    path: &'a Path,
    file: fs_err::File,
    header: Metadata,
    /// Where the bytes of the tensors begin.
    start: u64,
}

impl<'a> Part<'a> {
    fn open(path: &'a Path) -> Result<Self> {
        let mut file = fs_err::File::open(path)?;
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(|error| damaged(path, error))?;
        let mut text = String::new();
        let mut rest = Read::by_ref(&mut file).take(u64::from_le_bytes(length));
        rest.read_to_string(&mut text).map_err(|error| damaged(path, error))?;
        let header: Metadata = serde_json::from_str(&text).map_err(|error| damaged(path, error))?;
        let start = 8 + text.len() as u64;
        let (found, stated) = (file.metadata()?.len(), start + header.data_len() as u64);
        if found != stated {
            return Err(damaged(path, format!("{found} bytes where {stated} should be")));
        }
        header.tensors().iter().try_for_each(|(name, info)| expect_single(path, name, info.dtype))?;
        Ok(Self { path, file, header, start })
    }

    /// Whether both hold the same tensors, but for the first extent, and the same metadata.
    fn continues(&self, other: &Part<'_>) -> bool {
        let (own, others) = (self.header.tensors(), other.header.tensors());
        let fits = |name: &String, info: &TensorInfo| {
            let found = own.get(name).filter(|found| !found.shape.is_empty());
            found.is_some_and(|found| found.shape.get(1..) == info.shape.get(1..))
        };
        self.header.metadata() == other.header.metadata()
            && own.len() == others.len()
            && others.iter().all(|(name, info)| fits(name, info))
    }

    fn info(&self, name: &str) -> Result<&TensorInfo> {
        let missing = || bad(self.path, format!("tensor `{name}` is missing"));
        self.header.info(name).ok_or_else(missing)
    }

    /// The bytes of a tensor.
    fn bytes(&mut self, name: &str) -> Result<io::Take<&mut fs_err::File>> {
        let (first, end) = self.info(name)?.data_offsets;
        self.file.seek(SeekFrom::Start(self.start + first as u64))?;
        Ok(Read::by_ref(&mut self.file).take((end - first) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Tensors;
    use super::*;

    /// Rows of two tensors, as far as their values tell.
    fn rows(rows: std::ops::Range<usize>, metadata: &str) -> Tensors {
        let values =
            |width: usize| -> Vec<f32> { (rows.start * width..rows.end * width).map(|value| value as f32).collect() };
        let mut tensors = Tensors { metadata: metadata.into(), ..Default::default() };
        tensors.insert("weight", &[rows.len(), 3, 2], values(6));
        tensors.insert("bias", &[rows.len()], values(1));
        tensors
    }

    #[test]
    fn parts_join_to_the_bytes_of_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        rows(0..1_000, "m").save(&at("whole")).unwrap();
        let parts = [0..1, 1..1, 1..300, 300..1_000];
        let parts = parts.map(|part| {
            let path = at(&format!("{}-{}", part.start, part.end));
            rows(part, "m").save(&path).unwrap();
            path
        });
        join(&parts, &at("joined")).unwrap();
        assert!(fs_err::read(at("joined")).unwrap() == fs_err::read(at("whole")).unwrap());
        assert_eq!(column(&parts[2], "bias").unwrap(), (1..300).map(|row| row as f32).collect::<Vec<_>>());
        // A part that holds nothing may be the first, and the only one.
        join(&parts[1..3], &at("joined")).unwrap();
        assert_eq!(Tensors::load(&at("joined")).unwrap(), rows(1..300, "m"));
        join(&parts[1..2], &at("joined")).unwrap();
        assert!(Tensors::load(&at("joined")).unwrap().get("bias").unwrap().values.is_empty());
    }

    #[test]
    fn what_is_no_part_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        rows(0..4, "m").save(&at("good")).unwrap();
        rows(4..8, "other").save(&at("metadata")).unwrap();
        let mut other = rows(4..8, "m");
        other.insert("weight", &[4, 6], vec![0.0; 24]);
        other.save(&at("shape")).unwrap();
        let mut scalar = rows(4..8, "m");
        scalar.insert("bias", &[], vec![0.0]);
        scalar.save(&at("scalar")).unwrap();
        let bytes = fs_err::read(at("good")).unwrap();
        fs_err::write(at("short"), &bytes[..bytes.len() - 1]).unwrap();
        fs_err::write(at("nonsense"), [255; 40]).unwrap();
        for (name, text) in [
            ("metadata", "no parts of one file"),
            ("shape", "no parts of one file"),
            ("scalar", "no parts of one file"),
            ("short", "not a whole safetensors file"),
            ("nonsense", "not a whole safetensors file"),
            ("gone", "gone"),
        ] {
            let message = join(&[at("good"), at(name)], &at("joined")).unwrap_err().to_string();
            assert!(message.contains(name) && message.contains(text), "{message}");
            assert!(!at("joined").exists());
        }
    }
}
