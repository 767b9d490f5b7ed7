//! The bundled deformations: random coordinate maps that make new signals of old ones.

mod affine;
mod dihedral;
mod elastic;

pub use affine::Affine;
pub use dihedral::Dihedral;
pub use elastic::Elastic;

use equigen_core::{Error, Result};

fn check_range(name: &str, settings: &[(&str, f64)]) -> Result<()> {
    match settings.iter().find(|(_, value)| !(value.is_finite() && *value >= 0.0)) {
        Some((key, value)) => Err(Error::config(format!("{name}: `{key}` = {value}: give a number of at least 0"))),
        None => Ok(()),
    }
}

fn check_plane(name: &str, dimensions: usize) -> Result<()> {
    match dimensions {
        2 => Ok(()),
        _ => Err(Error::config(format!("{name}: it deforms the plane, not {dimensions} dimensions; leave it out"))),
    }
}

#[cfg(test)]
mod tests {
    use equigen_core::{Deformation, Seed};

    use super::*;

    fn moved(deformation: &dyn Deformation, stream: u64, point: [f32; 2]) -> [f32; 2] {
        let mut out = point;
        deformation.draw(2, 1.0, &mut Seed::new(1).stream(stream)).unwrap()(&mut out);
        out
    }

    #[test]
    fn draws_repeat_by_stream_differ_by_stream_and_refuse_other_dimensions() {
        let all: [Box<dyn Deformation>; 3] =
            [Box::new(Affine::default()), Box::new(Dihedral { probability: 1.0 }), Box::new(Elastic::default())];
        for deformation in all {
            let at = |stream| moved(&*deformation, stream, [0.3, -0.7]);
            assert_eq!(at(3), at(3));
            assert!((0..20).any(|stream| at(stream) != at(3)), "{deformation:?}");
            assert!(deformation.draw(3, 1.0, &mut Seed::new(1).stream(0)).is_err());
        }
    }

    #[test]
    fn zero_ranges_are_the_identity() {
        let affine = Affine { degrees: 0.0, shear: 0.0, zoom: 0.0, shift: 0.0 };
        let still: [Box<dyn Deformation>; 3] = [
            Box::new(affine),
            Box::new(Dihedral { probability: 0.0 }),
            Box::new(Elastic { amplitude: 0.0, ..Elastic::default() }),
        ];
        for deformation in still {
            assert_eq!(moved(&*deformation, 5, [0.25, -0.5]), [0.25, -0.5], "{deformation:?}");
        }
    }

    #[test]
    fn the_dihedral_group_permutes_the_corners_in_eight_ways() {
        let corners = [[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0], [-1.0, 1.0]];
        let deformation = Dihedral { probability: 1.0 };
        let image = |stream: u64| corners.map(|corner| moved(&deformation, stream, corner));
        let mut seen: Vec<[[f32; 2]; 4]> = Vec::new();
        for stream in 0..200 {
            let image = image(stream);
            assert!(image.iter().all(|point| corners.contains(point)));
            if !seen.contains(&image) {
                seen.push(image);
            }
        }
        assert_eq!(seen.len(), 8);
    }
}
