//! STL, binary and text. Source: 3D Systems, "StereoLithography Interface Specification", 1989.
//!
//! Corners are listed for each triangle; those at exactly the same place become one vertex. The normals in the file are
//! not read: the corners' order says the same.

use super::text::{Lines, point, shown, words};
use crate::{Error, Mesh, Point, Result};

/// Bytes before the triangles, and of each triangle.
const HEADER: usize = 84;
const TRIANGLE: usize = 50;

/// The size that a binary file should have by the count in its header.
pub(super) fn promised(bytes: &[u8]) -> Option<usize> {
    let count = u32::from_le_bytes(bytes.get(HEADER - 4..HEADER)?.try_into().expect("four bytes"));
    (count as usize).checked_mul(TRIANGLE)?.checked_add(HEADER)
}

/// Parses the bytes of a binary STL file.
pub(super) fn parse_binary(bytes: &[u8]) -> Result<Mesh> {
    let promised = promised(bytes).ok_or_else(|| Error::new("the file is too short for the header of a binary STL"))?;
    if promised != bytes.len() {
        let count = (promised - HEADER) / TRIANGLE;
        return Err(Error::new(format!(
            "by its header this is a binary STL of {count} triangles and {promised} bytes, but it has {}; it is cut \
             short, damaged, or of another format: copy it again",
            bytes.len()
        )));
    }
    let mut corners = Vec::with_capacity(3 * bytes.len() / TRIANGLE);
    for (i, triangle) in bytes[HEADER..].chunks_exact(TRIANGLE).enumerate() {
        // Normal, three corners, two bytes of attributes.
        for corner in triangle[12..48].chunks_exact(12) {
            let coordinate = |k: usize| f32::from_le_bytes(corner[4 * k..4 * k + 4].try_into().expect("four bytes"));
            let point: Point = std::array::from_fn(|k| f64::from(coordinate(k)));
            if !point.iter().all(|x| x.is_finite()) {
                let message = format!("triangle {i} has a corner at {point:?}; coordinates must be finite numbers");
                return Err(Error::new(message));
            }
            corners.push(point);
        }
    }
    soup(corners)
}

/// Parses the bytes of a text STL file.
pub(super) fn parse_text(bytes: &[u8]) -> Result<Mesh> {
    let mut lines = Lines::new(bytes);
    let mut corners = Vec::new();
    let mut open = true;
    for (line, text) in lines.by_ref() {
        let mut words = words(&text);
        match words.next() {
            Some(b"vertex") => corners.push(point(words, line)?),
            Some(b"endloop") if corners.len() % 3 != 0 => {
                return Err(Error::on_line(line, "a facet does not have 3 corners; STL holds triangles only"));
            }
            Some(b"solid") => open = true,
            Some(b"endsolid") => open = false,
            Some(b"facet" | b"outer" | b"endloop" | b"endfacet") | None => {}
            Some(word) => return Err(Error::on_line(line, format!("`{}` is no word of a text STL", shown(word)))),
        }
    }
    if open || corners.len() % 3 != 0 {
        let message = format!(
            "the file ends without `endsolid`, after {} triangles; it is cut short: copy it again",
            corners.len() / 3
        );
        return Err(Error::on_line(lines.line(), message));
    }
    soup(corners)
}

/// The mesh of triangles that share no vertex.
fn soup(corners: Vec<Point>) -> Result<Mesh> {
    let count = u32::try_from(corners.len()).map_err(|_| Error::new("there are more than 2^32 corners"))?;
    let triangles = (0..count / 3).map(|i| [3 * i, 3 * i + 1, 3 * i + 2]).collect();
    Ok(Mesh::new(corners, triangles)?.welded())
}
