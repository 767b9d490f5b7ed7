//! Shapes that turn: solids on a lattice in the page, whose surface it makes and draws by a renderer of its own.

use equigen_geometry::TRIANGLES;
use maud::{Markup, html};
use serde_json::json;

use super::{bytes, json, script, without_scripts};
use crate::{Error, Result};

/// A solid on a lattice over the cube `[-1, 1]^3`, with a name. The upright axis is y.
#[derive(Debug, Clone, Copy)]
pub struct Shape<'a> {
    /// What it is called on the page.
    pub name: &'a str,
    /// Samples along each axis.
    pub resolution: usize,
    /// Values `[resolution^3]`, x the fastest axis and z the slowest.
    pub values: &'a [f32],
    /// Values above this are inside.
    pub level: f64,
}

/// A figure of shapes that can be turned, enlarged and chosen, by pointer, touch and keys. It goes into any body of
/// [`document`](crate::report::document()); where WebGL is missing it says so.
///
/// The page makes the surfaces itself, by marching cubes, closed at the sides of the cube: the triangles are those of
/// [`Extraction`](equigen_geometry::Extraction), and its vertices up to 1/510 of a cell. So a shape takes a byte for each
/// crossing of an edge of the lattice, and one for about every third to say where these are: a tenth of a mesh, about 18 kB of
/// the page at a resolution of 64. Shapes are embedded in order up to `most` bytes of the page; the caption tells how many
/// were left out.
///
/// # Errors
/// If there is not a value for each sample, or one is not finite; the message names the shape.
pub fn shape_viewer(shapes: &[Shape<'_>], most: usize) -> Result<Markup> {
    let mut packed = Vec::new();
    let mut index = Vec::new();
    for shape in shapes {
        let data = pack(shape).map_err(|error| error.within(format!("shape `{}`", shape.name)))?;
        // Base64 writes three bytes as four.
        if (packed.len() + data.len()) * 4 / 3 > most {
            break;
        }
        index.push(json!({ "name": shape.name, "resolution": shape.resolution, "start": packed.len() }));
        packed.extend(data);
    }
    let left_out = shapes.len() - index.len();
    Ok(html! {
        figure.viewer.shapes {
            (json("shapes", &index.into()))
            (bytes("cases", &cases()))
            (bytes("lattices", &packed))
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

/// The table of marching cubes: for each case the number of its corners, and the edges on which these lie.
fn cases() -> Vec<u8> {
    let case = |triangles: &Vec<[u8; 3]>| {
        let edges = triangles.as_flattened();
        std::iter::once(edges.len() as u8).chain(edges.to_vec())
    };
    TRIANGLES.iter().flat_map(case).collect()
}

/// What is inside, as the lengths of runs of samples that are outside, inside, outside, …; then for each two neighbours of
/// which one is inside, in the order of the samples and of the axes, the part of the way between them where the surface
/// passes, in 255ths.
fn pack(shape: &Shape<'_>) -> Result<Vec<u8>> {
    let Shape { resolution, values, level, .. } = *shape;
    if resolution < 2 || values.len() != resolution.pow(3) {
        return Err(Error::failed(format!("{} values are no lattice of {resolution} samples an axis", values.len())));
    }
    if let Some(bad) = values.iter().find(|value| !value.is_finite()) {
        return Err(Error::failed(format!("a value is {bad}; all must be finite")));
    }
    let depth = |sample: usize| f64::from(values[sample]) - level;
    let (mut data, mut run, mut state) = (Vec::new(), 0, false);
    for sample in 0..values.len() {
        if (depth(sample) > 0.0) != state {
            number(run, &mut data);
            (run, state) = (0, !state);
        }
        run += 1;
    }
    number(run, &mut data);
    for sample in 0..values.len() {
        for stride in [1, resolution, resolution * resolution] {
            if sample / stride % resolution + 1 == resolution {
                continue;
            }
            let (from, to) = (depth(sample), depth(sample + stride));
            if (from > 0.0) != (to > 0.0) {
                data.push((from / (from - to) * 255.0).round() as u8);
            }
        }
    }
    Ok(data)
}

/// A number in groups of seven bits, the lowest first; all but the last group are marked by the eighth bit (as in protocol
/// buffers).
fn number(mut rest: usize, data: &mut Vec<u8>) {
    while rest >= 0x80 {
        data.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    data.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two samples an axis, the last of which is inside.
    const CORNER: [f32; 8] = [0.0, 0.0, 0.0, 0.25, 0.0, 0.0, 0.0, 1.0];

    fn shape(values: &[f32]) -> Shape<'_> {
        Shape { name: "corner", resolution: 2, values, level: 0.5 }
    }

    #[test]
    fn lattices_are_packed_as_stated() {
        // Seven outside, one inside; along z from 0.25 a third of the way, along y and x a half.
        assert_eq!(pack(&shape(&CORNER)).unwrap(), [7, 1, 85, 128, 128]);
        assert_eq!(pack(&shape(&[1.0; 8])).unwrap(), [0, 8]);
        let mut long = Vec::new();
        number(399, &mut long);
        assert_eq!(long, [0x8f, 0x03]);
        let cases = cases();
        assert_eq!(cases[..6], [0, 3, cases[2], cases[3], cases[4], 3]);
        assert_eq!(cases.len(), 256 + TRIANGLES.iter().flatten().count() * 3);
    }

    #[test]
    fn a_bad_shape_is_named() {
        let mut nan = CORNER;
        nan[3] = f32::NAN;
        for (values, part) in [(&CORNER[..7], "7 values"), (&nan, "finite")] {
            let error = shape_viewer(&[shape(values)], 1000).unwrap_err().to_string();
            assert!(error.contains("corner") && error.contains(part), "{error}");
        }
    }

    #[test]
    fn what_the_page_cannot_bear_is_left_out_and_counted() {
        let one = shape(&CORNER);
        let text = shape_viewer(&[one; 5], 15).unwrap().into_string();
        assert_eq!(text.matches("\"name\":\"corner\"").count(), 2);
        assert!(text.contains("3 further shapes are left out"));
        assert!(shape_viewer(&[shape(&[0.0; 8])], 100).is_ok(), "a surface can be empty");
        let named = Shape { name: "</script><b>", ..one };
        assert!(!shape_viewer(&[named], 1000).unwrap().into_string().contains("</script><b>"));
    }
}
