//! Lines and numbers of text formats. Bytes, not strings: comments come in any encoding.

use std::borrow::Cow;

use crate::{Error, Point, Result};

/// Lines that hold something: numbered from 1, without comments (`#`), surrounding blanks and the byte-order mark;
/// lines that end in `\` continue on the next.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    line: usize,
    unfinished: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes), line: 0, unfinished: false }
    }

    /// The number of lines that were read.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Whether the line that was read last has no end: it is the file's last, and may be cut.
    pub(super) fn unfinished(&self) -> bool {
        self.unfinished
    }

    fn raw(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.line += 1;
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let (line, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        self.unfinished = end.is_none();
        let line = line.split(|byte| *byte == b'#').next().unwrap_or_default();
        Some(line.trim_ascii())
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, Cow<'a, [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut line = Cow::Borrowed(self.raw()?);
            let number = self.line;
            while line.ends_with(b"\\") {
                let mut longer = line.into_owned();
                longer.pop();
                longer.push(b' ');
                longer.extend_from_slice(self.raw().unwrap_or_default());
                line = Cow::Owned(longer);
            }
            if !line.is_empty() {
                return Some((number, line));
            }
        }
    }
}

/// The words of a line.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// A word for a message.
pub(super) fn shown(word: &[u8]) -> String {
    let text = String::from_utf8_lossy(word);
    if text.chars().count() > 40 { format!("{}...", text.chars().take(40).collect::<String>()) } else { text.into() }
}

/// A whole number.
pub(super) fn integer(word: &[u8], line: usize) -> Result<i64> {
    let number = std::str::from_utf8(word).ok().and_then(|word| word.parse().ok());
    number.ok_or_else(|| Error::on_line(line, format!("`{}` is no whole number", shown(word))))
}

/// The three coordinates of a vertex from a line's next words; what follows (a weight, a colour) does not matter.
pub(super) fn point<'a>(mut words: impl Iterator<Item = &'a [u8]>, line: usize) -> Result<Point> {
    let mut point = [0.0; 3];
    for (k, x) in point.iter_mut().enumerate() {
        let Some(word) = words.next() else {
            return Err(Error::on_line(line, format!("the vertex has {k} coordinates, not 3; is the file cut short?")));
        };
        let number: Option<f64> = std::str::from_utf8(word).ok().and_then(|word| word.parse().ok());
        *x = number.ok_or_else(|| Error::on_line(line, format!("`{}` is no number", shown(word))))?;
        if !x.is_finite() {
            return Err(Error::on_line(
                line,
                format!("a coordinate is `{}`; coordinates must be finite numbers: repair the mesh", shown(word)),
            ));
        }
    }
    Ok(point)
}

/// Polygons of a file, to be cut into triangles when all vertices are known.
#[derive(Default)]
pub(super) struct Faces {
    /// Corners of all faces, one face after another.
    corners: Vec<u32>,
    /// Where each face ends in `corners`, and its line.
    ends: Vec<(usize, usize)>,
}

impl Faces {
    /// Adds a face. Corners that repeat the one before are dropped, and a face of fewer than three then, which has no
    /// area.
    pub(super) fn push(&mut self, corners: &[u32], line: usize) {
        let start = self.corners.len();
        for &corner in corners {
            if self.corners[start..].last() != Some(&corner) {
                self.corners.push(corner);
            }
        }
        while self.corners.len() - start > 1 && self.corners.last() == Some(&self.corners[start]) {
            self.corners.pop();
        }
        if self.corners.len() - start < 3 {
            self.corners.truncate(start);
        } else {
            self.ends.push((self.corners.len(), line));
        }
    }

    /// The mesh of these faces over vertices.
    pub(super) fn into_mesh(self, vertices: Vec<Point>) -> Result<crate::Mesh> {
        let mut triangles = Vec::with_capacity(self.corners.len());
        let mut start = 0;
        for (end, line) in self.ends {
            let corners = &self.corners[start..end];
            start = end;
            let find = |corner: &u32| vertices.get(*corner as usize).copied();
            let Some(points) = corners.iter().map(find).collect::<Option<Vec<Point>>>() else {
                let most = corners.iter().max().expect("a face has corners");
                return Err(Error::on_line(
                    line,
                    format!(
                        "a face names the {}th of {} vertices; is the file cut short?",
                        u64::from(*most) + 1,
                        vertices.len()
                    ),
                ));
            };
            triangles.extend(crate::polygon::triangulate(&points).into_iter().map(|t| t.map(|i| corners[i])));
        }
        crate::Mesh::new(vertices, triangles)
    }
}
