//! Meshes from files: OBJ, STL and OFF.
//!
//! The bytes decide which format it is, not the name: STL files called `.obj` exist. Every message names the file, and
//! for text formats the line.

mod obj;
mod off;
mod stl;
mod text;

use std::io::Read;
use std::path::Path;

use crate::{Error, Mesh, Result};

/// Files above this many bytes are refused unless the caller allows more: a text of this size makes about as many bytes
/// of mesh, and up to six times as many where all faces are large polygons.
pub const MOST_BYTES: u64 = 256 << 20;

/// Reads a mesh from a file of at most `most_bytes` (see [`MOST_BYTES`]).
///
/// Vertices stand as the file has them, but for STL, which lists corners for each triangle and is welded. Polygons are
/// cut into triangles, lines and points left out, and so are normals, texture coordinates and materials.
///
/// # Errors
/// If the file is missing, too large, in none of the three formats, cut short or damaged, if a coordinate is not a
/// finite number, if a face names a vertex that is not there, or if there is no face.
pub fn file(path: &Path, most_bytes: u64) -> Result<Mesh> {
    let name = format!("`{}`", path.display());
    let file = fs_err::File::open(path)?;
    let size = file.metadata()?.len();
    if size > most_bytes {
        return Err(Error::new(format!(
            "{name}: the file has {size} bytes, the limit is {most_bytes}; simplify the mesh or raise the limit"
        )));
    }
    let mut bytes = Vec::with_capacity(size as usize);
    // The file may grow while it is read.
    file.take(most_bytes).read_to_end(&mut bytes)?;
    from_bytes(&bytes, &name)
}

/// Reads a mesh from a file's bytes; `name` stands in the messages. See [`file()`].
///
/// # Errors
/// See [`file()`].
pub fn from_bytes(bytes: &[u8], name: &str) -> Result<Mesh> {
    let mesh = match Format::of(bytes) {
        Some(Format::Obj) => obj::parse(bytes),
        Some(Format::Off) => off::parse(bytes),
        Some(Format::StlBinary) => stl::parse_binary(bytes),
        Some(Format::StlText) => stl::parse_text(bytes),
        None if bytes.is_empty() => Err(Error::new("the file is empty")),
        None => Err(Error::new(
            "this is neither OBJ nor STL nor OFF: there is no vertex (`v x y z`), no `solid` and no `OFF`, and the \
             size is not that of a binary STL; convert it to one of these",
        )),
    };
    let mesh = mesh.map_err(|error| error.within(name))?;
    if mesh.is_empty() {
        return Err(Error::new(format!(
            "{name}: there is no face, so there is no surface; export the mesh with faces"
        )));
    }
    Ok(mesh)
}

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Obj,
    Off,
    StlBinary,
    StlText,
}

impl Format {
    fn of(bytes: &[u8]) -> Option<Self> {
        // The size first: binary files that begin with the word `solid` are common.
        if stl::promised(bytes) == Some(bytes.len()) {
            return Some(Self::StlBinary);
        }
        let is_text = !bytes[..bytes.len().min(1 << 12)].contains(&0);
        if is_text {
            let first = text::Lines::new(bytes).next().map(|(_, line)| line).unwrap_or_default();
            if first.starts_with(b"solid") {
                return Some(Self::StlText);
            }
            if off::is_header(&first) {
                return Some(Self::Off);
            }
            let is_vertex = |line: &[u8]| line.starts_with(b"v ") || line.starts_with(b"v\t");
            if text::Lines::new(bytes).any(|(_, line)| is_vertex(&line)) {
                return Some(Self::Obj);
            }
        }
        // A header of 80 bytes and a count that does not fit: a binary STL that is cut or damaged.
        (!is_text && bytes.len() >= 84).then_some(Self::StlBinary)
    }
}

#[cfg(test)]
mod tests;
