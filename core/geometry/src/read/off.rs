//! OFF, the Object File Format of Geomview. Source: "The Geomview Manual", section "OFF Files".
//!
//! `OFF`, or with colours, normals and texture coordinates (`STCNOFF`), which are read over. The counts may stand on
//! the header's line, and, as in ModelNet, without a blank: `OFF490 518 0`.

use super::text::{Faces, Lines, integer, point, words};
use crate::{Error, Mesh, Result};

/// Whether a line begins an OFF file of three coordinates.
pub(super) fn is_header(line: &[u8]) -> bool {
    counts(line).is_some()
}

/// What follows the word `OFF` on the header's line.
fn counts(line: &[u8]) -> Option<&[u8]> {
    let mut rest = line;
    for prefix in [&b"ST"[..], b"C", b"N"] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    let rest = rest.strip_prefix(b"OFF")?;
    rest.iter().all(|byte| byte.is_ascii_whitespace() || byte.is_ascii_digit()).then_some(rest)
}

/// Parses the bytes of an OFF file.
pub(super) fn parse(bytes: &[u8]) -> Result<Mesh> {
    let mut lines = Lines::new(bytes);
    let (header, text) = lines.next().expect("the header was seen");
    let mut numbers = Vec::new();
    let mut take = |text: &[u8], line: usize| -> Result<usize> {
        for word in words(text) {
            let number = integer(word, line)?;
            let number = u32::try_from(number).map_err(|_| Error::on_line(line, format!("{number} is no count")))?;
            numbers.push(number as usize);
        }
        Ok(numbers.len())
    };
    // Vertices, faces, edges; the last may be missing.
    if take(counts(&text).unwrap_or_default(), header)? < 2 {
        let (line, text) = lines.next().ok_or_else(|| Error::new("the file ends after its header"))?;
        if take(&text, line)? < 2 {
            return Err(Error::on_line(line, "here the numbers of vertices, faces and edges should stand"));
        }
    }
    let (promised, faces_promised) = (numbers[0], numbers[1]);
    let cut = |what: &str, promised: usize, read: usize, line: usize| {
        Error::on_line(line, format!("the file ends after {read} of {promised} {what}; it is cut short: copy it again"))
    };
    let mut vertices = Vec::new();
    while vertices.len() < promised {
        let Some((line, text)) = lines.next() else {
            return Err(cut("vertices", promised, vertices.len(), lines.line()));
        };
        vertices.push(point(words(&text), line)?);
    }
    let mut faces = Faces::default();
    for read in 0..faces_promised {
        let Some((line, text)) = lines.next() else {
            return Err(cut("faces", faces_promised, read, lines.line()));
        };
        let mut words = words(&text);
        let count = integer(words.next().unwrap_or_default(), line)?;
        let corners = words.by_ref().take(usize::try_from(count).unwrap_or(0)).map(|word| {
            let index = integer(word, line)?;
            u32::try_from(index).map_err(|_| {
                Error::on_line(line, format!("a face names vertex {index} of {promised}, which count from 0"))
            })
        });
        let corners = corners.collect::<Result<Vec<u32>>>()?;
        if (corners.len() as i64) < count {
            return Err(Error::on_line(
                line,
                format!("a face has {} of {count} corners; the file is cut short or damaged", corners.len()),
            ));
        }
        // Geomview allows faces of one and two corners: points and lines.
        faces.push(&corners, line);
    }
    faces.into_mesh(vertices)
}
