//! Wavefront OBJ. Source: Alias|Wavefront, "Object Files (.obj)", appendix B1 of the Advanced Visualizer's manual.
//!
//! Read here are `v` and `f`, whose corners may be `1`, `1/2`, `1//3` or `1/2/3` and count from the end if negative.
//! All groups and objects are one mesh. (The crate `tobj` names no line, takes NaN for a coordinate, and lists vertices
//! anew for each group.)

use super::text::{Faces, Lines, integer, point, shown, words};
use crate::{Error, Mesh, Result};

/// Parses the bytes of an OBJ file.
pub(super) fn parse(bytes: &[u8]) -> Result<Mesh> {
    let mut vertices = Vec::new();
    let mut faces = Faces::default();
    let mut corners = Vec::new();
    let mut lines = Lines::new(bytes);
    while let Some((line, text)) = lines.next() {
        let mut words = words(&text);
        match words.next() {
            Some(b"v") => vertices.push(point(words, line)?),
            // `fo` is what early versions of the format called a face.
            Some(b"f" | b"fo") => {
                corners.clear();
                for word in words {
                    corners.push(corner(word, vertices.len(), line)?);
                }
                // Lines and points are written as faces of two and one by some programs.
                if corners.is_empty() || (corners.len() < 3 && lines.unfinished()) {
                    let message = format!("a face has {} corners; is the file cut short?", corners.len());
                    return Err(Error::on_line(line, message));
                }
                faces.push(&corners, line);
            }
            _ => {}
        }
    }
    faces.into_mesh(vertices)
}

/// The vertex that a corner of a face names, counted from 0; `count` vertices stand above it.
fn corner(word: &[u8], count: usize, line: usize) -> Result<u32> {
    let number = integer(word.split(|byte| *byte == b'/').next().unwrap_or_default(), line)
        .map_err(|_| Error::on_line(line, format!("`{}` is no corner of a face", shown(word))))?;
    let index = match number {
        // A vertex further down may be named: it is looked for when all are known.
        1.. => Some(number - 1),
        0 => None,
        _ => (count as i64).checked_add(number),
    };
    index.and_then(|index| u32::try_from(index).ok()).ok_or_else(|| {
        Error::on_line(
            line,
            format!("a face names vertex {number}, but there are {count}, counted from 1 or from -1 back"),
        )
    })
}
