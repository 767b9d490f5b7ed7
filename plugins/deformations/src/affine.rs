//! `affine`: turn, slant, scale and shift.

use equigen_core::{CoordinateMap, Deformation, Error, Result, seed, seed::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check_range;

/// Turns, slants, scales and shifts the plane or space, each uniform in its range.
///
/// In space the signal turns about its upright axis y, x and z slant with the height y, and each axis has a scale and a shift
/// of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Affine {
    /// Largest turn in degrees.
    pub degrees: f64,
    /// Largest slant: shift of x per unit of y; in space of z as well.
    pub shear: f64,
    /// Largest change of scale on each axis, as a logarithm: 0.12 is 12 %.
    pub zoom: f64,
    /// Largest shift on each axis; the signal's square or cube has side 2.
    pub shift: f64,
}

impl Default for Affine {
    fn default() -> Self {
        Self { degrees: 11.0, shear: 0.25, zoom: 0.12, shift: 0.06 }
    }
}

equigen_core::register!(Deformation, Affine);

#[typetag::serde(name = "affine")]
impl Deformation for Affine {
    fn draw(&self, dimensions: usize, level: f64, rng: &mut Rng) -> Result<CoordinateMap> {
        let Self { degrees, shear, zoom, shift } = *self;
        check_range("affine", &[("degrees", degrees), ("shear", shear), ("zoom", zoom), ("shift", shift)])?;
        let mut draw =
            |count| seed::uniform(rng, count, -1.0, 1.0).into_iter().map(|u| u * level as f32).collect::<Vec<_>>();
        let turn = |u: f32| (u * degrees.to_radians() as f32).sin_cos();
        match dimensions {
            2 => {
                let u = draw(6);
                let (sine, cosine) = turn(u[0]);
                let slant = u[1] * shear as f32;
                let scale = [u[2], u[3]].map(|u| (u * zoom as f32).exp());
                let shift = [u[4], u[5]].map(|u| u * shift as f32);
                Ok(Box::new(move |point| {
                    let (x, y) = (scale[0] * point[0] + slant * point[1], scale[1] * point[1]);
                    point[0] = cosine * x - sine * y + shift[0];
                    point[1] = sine * x + cosine * y + shift[1];
                }))
            }
            3 => {
                let u = draw(9);
                let (sine, cosine) = turn(u[0]);
                let slant = [u[1], u[2]].map(|u| u * shear as f32);
                let scale = [u[3], u[4], u[5]].map(|u| (u * zoom as f32).exp());
                let shift = [u[6], u[7], u[8]].map(|u| u * shift as f32);
                Ok(Box::new(move |point| {
                    let (x, z) = (scale[0] * point[0] + slant[0] * point[1], scale[2] * point[2] + slant[1] * point[1]);
                    point[0] = cosine * x - sine * z + shift[0];
                    point[1] = scale[1] * point[1] + shift[1];
                    point[2] = sine * x + cosine * z + shift[2];
                }))
            }
            _ => Err(Error::config(format!(
                "affine: it deforms the plane and space, not {dimensions} dimensions; leave it out"
            ))),
        }
    }
}
