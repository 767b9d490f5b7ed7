//! Furniture catalogues of Sweet Home 3D: zip files (`.sh3f`) with models and a list of them.
//!
//! The list is `PluginFurnitureCatalog.properties`, with `name#1`, `category#1`, `model#1` and so on for each piece.
//! Source: Puybaret, "Sweet Home 3D Furniture Library", and the catalogues that Debian ships as
//! `sweethome3d-furniture`.

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use zip::ZipArchive;

use crate::{Error, Mesh, Result, properties, read, vector::dot};

/// The list in the archive.
const LIST: &str = "PluginFurnitureCatalog.properties";

/// What an archive may hold. Zip can pack a thousand bytes into one, and small files with terabytes in them exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the archive itself, which stays in memory.
    pub archive: u64,
    /// Bytes of one file in it when unpacked.
    pub file: u64,
    /// Bytes of all files in it when unpacked.
    pub total: u64,
}

impl Default for Limits {
    /// 1 GiB, 256 MiB and 4 GiB.
    fn default() -> Self {
        Self { archive: 1 << 30, file: read::MOST_BYTES, total: 4 << 30 }
    }
}

/// A catalogue. Models are unpacked when they are asked for.
#[derive(Debug)]
pub struct Catalogue {
    name: String,
    archive: ZipArchive<Cursor<Arc<[u8]>>>,
    limits: Limits,
    pieces: Vec<Piece>,
}

/// One piece of furniture.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// The number in the list, from 1.
    pub number: usize,
    /// What it is called, such as `Coffee table`.
    pub name: String,
    /// The room or use it is listed under, such as `Living room`.
    pub category: String,
    /// Who made it; empty if not stated.
    pub creator: String,
    /// Its licence: its own, or else the catalogue's; empty if neither is stated.
    pub licence: String,
    /// Path of the model in the archive.
    pub model: String,
    /// Rows of the matrix by which the model is turned upright.
    rotation: [[f64; 3]; 3],
}

impl Catalogue {
    /// Reads a catalogue's list.
    ///
    /// # Errors
    /// If the file is missing, above a limit, no zip file or damaged, if it has no list, or if a piece in the list has
    /// no name or no model, or names one that is not in the archive.
    pub fn open(path: &Path, limits: Limits) -> Result<Self> {
        let name = format!("`{}`", path.display());
        let size = fs_err::metadata(path)?.len();
        if size > limits.archive {
            return Err(too_large(&name, "the archive", size, limits.archive));
        }
        Self::from_bytes(fs_err::read(path)?, &name, limits)
    }

    /// Reads the list of a catalogue from its bytes; `name` stands in the messages. See [`open`](Self::open).
    ///
    /// # Errors
    /// See [`open`](Self::open).
    pub fn from_bytes(bytes: Vec<u8>, name: &str, limits: Limits) -> Result<Self> {
        let damaged =
            |error| Error::new(format!("{name}: this is no zip file, or a damaged one ({error}); copy it again"));
        let mut archive = ZipArchive::new(Cursor::new(Arc::from(bytes))).map_err(damaged)?;
        let mut total = 0u64;
        for i in 0..archive.len() {
            let file = archive.by_index_raw(i).map_err(damaged)?;
            if file.size() > limits.file {
                let what = format!("`{}` in it, unpacked,", String::from_utf8_lossy(file.name_raw()));
                return Err(too_large(name, &what, file.size(), limits.file));
            }
            total = total.saturating_add(file.size());
        }
        if total > limits.total {
            return Err(too_large(name, "all that is in it, unpacked,", total, limits.total));
        }
        let mut catalogue = Self { name: name.to_owned(), archive, limits, pieces: Vec::new() };
        if catalogue.archive.index_for_name(LIST).is_none() {
            let message =
                format!("{name}: there is no `{LIST}` in it, so it is no furniture catalogue of Sweet Home 3D");
            return Err(Error::new(message));
        }
        let list = properties::parse(&catalogue.unpack(LIST)?);
        let number = |key: &String| key.strip_prefix("name#").or(key.strip_prefix("model#"))?.parse().ok();
        let mut numbers: Vec<usize> = list.keys().filter_map(number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        catalogue.pieces = numbers
            .into_iter()
            .map(|number| {
                let piece = Piece::of(number, |key| list.get(key).map(String::as_str)).and_then(|piece| {
                    if catalogue.archive.index_for_name(&piece.model).is_some() {
                        return Ok(piece);
                    }
                    Err(Error::new(format!("model#{number} is `{}`, which is not in the archive", piece.model)))
                });
                piece.map_err(|error| error.within(format!("{name}: {LIST}")))
            })
            .collect::<Result<_>>()?;
        Ok(catalogue)
    }

    /// The pieces, by number.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// A piece's model, upright: y is up. May be called from several threads.
    ///
    /// # Errors
    /// If it cannot be unpacked, or is no mesh: see [`read::from_bytes`].
    pub fn mesh(&self, piece: &Piece) -> Result<Mesh> {
        let mesh = read::from_bytes(&self.unpack(&piece.model)?, &format!("{}: `{}`", self.name, piece.model))?;
        mesh.mapped(|point| piece.rotation.map(|row| dot(row, point)))
    }

    /// The bytes of a file in the archive. The checksum is compared.
    ///
    /// # Errors
    /// If it is not there, packed in a way that is not known, damaged, or larger than it says.
    pub fn unpack(&self, path: &str) -> Result<Vec<u8>> {
        let wrong = |error: &dyn std::fmt::Display| {
            Error::new(format!("{}: `{path}` cannot be unpacked ({error}); copy the file again", self.name))
        };
        // A clone shares the bytes and the table of contents, so threads do not wait for each other.
        let mut archive = self.archive.clone();
        let file = archive.by_name(path).map_err(|error| wrong(&error))?;
        let size = file.size();
        let mut bytes = Vec::new();
        // What it says need not be true.
        file.take(self.limits.file.min(size) + 1).read_to_end(&mut bytes).map_err(|error| wrong(&error))?;
        if bytes.len() as u64 > size {
            return Err(wrong(&format!("it is larger than the {size} bytes it says")));
        }
        Ok(bytes)
    }
}

impl Piece {
    /// A piece from the list's entries.
    fn of<'a>(number: usize, list: impl Fn(&str) -> Option<&'a str>) -> Result<Self> {
        let entry = |key: &str| list(&format!("{key}#{number}")).unwrap_or_default().trim();
        let needed = |key: &str| match entry(key) {
            "" => Err(Error::new(format!("`{key}#{number}` is missing"))),
            value => Ok(value),
        };
        let licence = if entry("license").is_empty() { list("license").unwrap_or_default() } else { entry("license") };
        let mut rotation = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let numbers: Vec<f64> =
            entry("modelRotation").split_whitespace().filter_map(|word| word.parse().ok()).collect();
        match numbers.len() {
            9 => (0..9).for_each(|k| rotation[k / 3][k % 3] = numbers[k]),
            0 if entry("modelRotation").is_empty() => {}
            _ => return Err(Error::new(format!("`modelRotation#{number}` has no nine numbers"))),
        }
        Ok(Self {
            number,
            name: needed("name")?.to_owned(),
            category: entry("category").to_owned(),
            creator: entry("creator").to_owned(),
            licence: licence.trim().to_owned(),
            model: needed("model")?.trim_start_matches('/').to_owned(),
            rotation,
        })
    }
}

fn too_large(name: &str, what: &str, size: u64, limit: u64) -> Error {
    Error::new(format!(
        "{name}: {what} has {size} bytes, the limit is {limit}; if this is what you expect, raise the limit"
    ))
}

#[cfg(test)]
mod tests;
