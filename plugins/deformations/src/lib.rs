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
    fn draws_repeat_by_stream_differ_by_stream_and_refuse_what_they_cannot_deform() {
        let all: [Box<dyn Deformation>; 3] =
            [Box::new(Affine::default()), Box::new(Dihedral { probability: 1.0 }), Box::new(Elastic::default())];
        for deformation in all {
            let at = |stream| moved(&*deformation, stream, [0.3, -0.7]);
            assert_eq!(at(3), at(3));
            assert!((0..20).any(|stream| at(stream) != at(3)), "{deformation:?}");
        }
        for deformation in [Box::new(Affine::default()) as Box<dyn Deformation>, Box::new(Dihedral::default())] {
            assert!(deformation.draw(4, 1.0, &mut Seed::new(1).stream(0)).is_err(), "{deformation:?}");
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

    /// In space what is upright stays so: heights do not depend on where a point stands, and turns are about the y axis.
    #[test]
    fn shapes_keep_their_upright_axis() {
        let image = |deformation: &dyn Deformation, stream: u64, point: [f32; 3]| {
            let mut out = point;
            deformation.draw(3, 1.0, &mut Seed::new(1).stream(stream)).unwrap()(&mut out);
            out
        };
        for stream in 0..50 {
            let affine = Affine { shift: 0.0, ..Affine::default() };
            let (a, b) = (image(&affine, stream, [0.3, 0.5, -0.2]), image(&affine, stream, [-0.7, 0.5, 0.9]));
            assert_eq!(a[1], b[1]);
            let turn = Affine { shear: 0.0, zoom: 0.0, shift: 0.0, ..Affine::default() };
            let turned = image(&turn, stream, [0.3, 0.5, -0.2]);
            assert!((turned[0].hypot(turned[2]) - 0.3f32.hypot(0.2)).abs() < 1e-6 && turned[1] == 0.5);
            let flipped = image(&Dihedral { probability: 1.0 }, stream, [0.3, 0.5, -0.2]);
            assert_eq!(flipped[1], 0.5);
            assert_eq!(flipped[0].abs().max(flipped[2].abs()), 0.3);
        }
        let still = Elastic { amplitude: 0.0, ..Elastic::default() };
        assert_eq!(image(&still, 1, [0.3, 0.5, -0.2]), [0.3, 0.5, -0.2]);
        assert_ne!(image(&Elastic::default(), 1, [0.3, 0.5, -0.2]), [0.3, 0.5, -0.2]);
    }
}
