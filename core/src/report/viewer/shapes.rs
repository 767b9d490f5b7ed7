//! Shapes that turn: geometry in the page, drawn by a renderer of its own.

use maud::{Markup, html};
use serde_json::json;

use super::{bytes, json, script, without_scripts};
use crate::{Error, Result};

/// A triangle mesh with a name. The upright axis is y; counter-clockwise corners are seen from outside.
#[derive(Debug, Clone, Copy)]
pub struct Shape<'a> {
    /// What it is called on the page.
    pub name: &'a str,
    /// Coordinates of its vertices, `[vertices, 3]`.
    pub vertices: &'a [f32],
    /// Vertices of its triangles, `[triangles, 3]`.
    pub triangles: &'a [u32],
}

/// A figure of shapes that can be turned, enlarged and chosen, by pointer, touch and keys. It goes into any body of
/// [`document`](crate::report::document()); where WebGL is missing it says so.
///
/// Coordinates keep 16 bits over each shape's bounding box, and indices are differences of variable length: about 8 bytes
/// a vertex and 4 a triangle of the page. Shapes are embedded in order up to `most` bytes of the page; the caption tells
/// how many were left out.
///
/// # Errors
/// If a shape's lists are no triples, a coordinate is not finite, or a triangle names a vertex that is not there; the
/// message names the shape.
pub fn shape_viewer(shapes: &[Shape<'_>], most: usize) -> Result<Markup> {
    let mut packed = Vec::new();
    let mut index = Vec::new();
    for shape in shapes {
        let (size, data) = pack(shape).map_err(|error| error.within(format!("shape `{}`", shape.name)))?;
        // Base64 writes three bytes as four.
        if (packed.len() + data.len()) * 4 / 3 > most {
            break;
        }
        packed.extend(data);
        let (vertices, triangles) = (shape.vertices.len() / 3, shape.triangles.len() / 3);
        index.push(json!({ "name": shape.name, "vertices": vertices, "triangles": triangles, "size": size }));
    }
    let left_out = shapes.len() - index.len();
    Ok(html! {
        figure.viewer.shapes {
            (json("shapes", &index.into()))
            (bytes("geometry", &packed))
            (without_scripts())
            div.canvases { canvas.large tabindex="0" role="img" aria-label="A shape. Arrow keys turn it, plus and minus change its size." {} }
            div.choices role="group" aria-label="Shapes" {}
            figcaption {
                output {} " Drag it to turn it; arrows turn it too, plus and minus or the wheel change its size, and Home
                looks from the front again. (The wheel serves the page until the shape has been clicked.)"
                @if left_out > 0 { " " (left_out) " further shapes are left out, so that the page stays small." }
            }
        }
        (script(include_str!("shapes.js")))
    })
}

/// Side lengths of a shape's bounding box, and its geometry: each coordinate as a share of the box in 16
/// bits, then the differences between successive indices.
fn pack(shape: &Shape<'_>) -> Result<([f32; 3], Vec<u8>)> {
    let Shape { vertices, triangles, .. } = shape;
    if !vertices.len().is_multiple_of(3) || !triangles.len().is_multiple_of(3) {
        let text = format!("{} coordinates and {} indices are no triples", vertices.len(), triangles.len());
        return Err(Error::failed(text));
    }
    if let Some(bad) = vertices.iter().find(|value| !value.is_finite()) {
        return Err(Error::failed(format!("a coordinate is {bad}; all must be finite")));
    }
    let count = vertices.len() / 3;
    if let Some(bad) = triangles.iter().find(|index| **index as usize >= count) {
        return Err(Error::failed(format!("a triangle names vertex {bad}, but there are {count} vertices")));
    }
    let side = |axis: usize| vertices.iter().skip(axis).step_by(3).copied();
    let low = [0, 1, 2].map(|axis| if count == 0 { 0.0 } else { side(axis).fold(f32::INFINITY, f32::min) });
    let high = [0, 1, 2].map(|axis| if count == 0 { 0.0 } else { side(axis).fold(f32::NEG_INFINITY, f32::max) });
    let size = [0, 1, 2].map(|axis| high[axis] - low[axis]);
    if !size.iter().all(|side| side.is_finite()) {
        return Err(Error::failed(format!("its extent {size:?} is beyond single precision; scale it down")));
    }
    let mut data = Vec::with_capacity(2 * vertices.len() + 2 * triangles.len());
    for (i, value) in vertices.iter().enumerate() {
        let (low, size) = (f64::from(low[i % 3]), f64::from(size[i % 3]));
        let share = if size > 0.0 { (f64::from(*value) - low) / size } else { 0.0 };
        data.extend(((share * 65_535.0).round() as u16).to_le_bytes());
    }
    let mut previous = 0i64;
    for index in *triangles {
        difference(i64::from(*index) - previous, &mut data);
        previous = i64::from(*index);
    }
    Ok((size, data))
}

/// A whole number with its sign in the lowest bit, in groups of seven bits, the lowest first; all but the last group are
/// marked by the eighth bit (as in protocol buffers).
fn difference(value: i64, data: &mut Vec<u8>) {
    let mut rest = (value << 1 ^ value >> 63) as u64;
    while rest >= 0x80 {
        data.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    data.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORNERS: [f32; 12] = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, -4.0];

    fn shape<'a>(vertices: &'a [f32], triangles: &'a [u32]) -> Shape<'a> {
        Shape { name: "corner", vertices, triangles }
    }

    #[test]
    fn geometry_is_packed_as_stated() {
        let (size, data) = pack(&shape(&CORNERS, &[0, 1, 2, 0, 3, 1])).unwrap();
        assert_eq!(size, [1.0, 2.0, 4.0]);
        let coordinates: Vec<u16> = data[..24].chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        assert_eq!(coordinates, [0, 0, 65_535, 65_535, 0, 65_535, 0, 65_535, 65_535, 0, 0, 0]);
        // 0, 1, 1, -2, 3, -2.
        assert_eq!(data[24..], [0, 2, 2, 3, 6, 3]);
        let mut long = Vec::new();
        difference(-200, &mut long);
        assert_eq!(long, [0x8f, 0x03]);
    }

    #[test]
    fn a_bad_shape_is_named() {
        let nan = [0.0, f32::NAN, 0.0];
        for (vertices, triangles, part) in
            [(&CORNERS[..], &[0, 1, 4][..], "vertex 4"), (&CORNERS[..5], &[], "triples"), (&nan, &[], "finite")]
        {
            let error = shape_viewer(&[shape(vertices, triangles)], 1000).unwrap_err().to_string();
            assert!(error.contains("corner") && error.contains(part), "{error}");
        }
    }

    #[test]
    fn what_the_page_cannot_bear_is_left_out_and_counted() {
        let one = shape(&CORNERS, &[0, 1, 2]);
        let text = shape_viewer(&[one; 5], 100).unwrap().into_string();
        assert_eq!(text.matches("\"name\":\"corner\"").count(), 2);
        assert!(text.contains("3 further shapes are left out"));
        assert!(shape_viewer(&[shape(&[], &[])], 100).is_ok(), "an iso-surface can be empty");
        let named = Shape { name: "</script><b>", ..one };
        assert!(!shape_viewer(&[named], 1000).unwrap().into_string().contains("</script><b>"));
    }
}
