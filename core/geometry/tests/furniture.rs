//! The furniture of the examples: every model can be read, and what is inside agrees with a reference.

use std::path::Path;

use equigen_geometry::{Catalogue, Class, Frame, Limits, Mesh, Point, Solid, Topology, sample};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn catalogue() -> Catalogue {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/furniture/furniture.sh3f");
    Catalogue::open(&path, Limits::default()).unwrap()
}

/// The winding number by the angles of all triangles, in the form of Jacobson et al., with no tree.
fn reference(mesh: &Mesh, point: Point) -> f64 {
    let angle = |corners: [Point; 3]| {
        let [a, b, c] = corners.map(|corner| [corner[0] - point[0], corner[1] - point[1], corner[2] - point[2]]);
        let dot = |a: Point, b: Point| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let [la, lb, lc] = [a, b, c].map(|a| dot(a, a).sqrt());
        let cross = [b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0]];
        2.0 * dot(a, cross).atan2(la * lb * lc + dot(a, b) * lc + dot(b, c) * la + dot(c, a) * lb)
    };
    mesh.corners().map(angle).sum::<f64>() / (4.0 * std::f64::consts::PI)
}

#[test]
fn classes_have_their_members_by_name_and_each_piece_states_author_and_licence() {
    let catalogue = catalogue();
    let count = |category: &str| catalogue.pieces().iter().filter(|piece| piece.category == category).count();
    for (class, members) in [("chair", 55), ("table", 45), ("cabinet", 38), ("lamp", 24), ("sofa", 22), ("bed", 17)] {
        assert_eq!(count(class), members, "{class}");
    }
    let patterns = ["*chair", "!wheelchair", "!*high chair"].map(str::to_owned).to_vec();
    let chairs = Class { name: "chair".to_owned(), patterns };
    for piece in catalogue.pieces() {
        assert_eq!(chairs.fits(&piece.name), piece.category == "chair", "{}", piece.name);
        assert!(!piece.creator.is_empty() && piece.licence.starts_with("CC"), "{}", piece.name);
    }
}

#[test]
fn every_model_is_read_and_has_an_inside_that_agrees_with_the_sum_over_its_triangles() {
    let catalogue = catalogue();
    let points = sample::in_cube(400, 1.0, &mut ChaCha8Rng::seed_from_u64(1));
    let mut watertight = 0;
    for piece in catalogue.pieces() {
        let mesh = catalogue.mesh(piece).unwrap().welded().single_sided();
        let (mesh, _) = mesh.normalised(Frame::Cube, 0.95).unwrap();
        let closed = Topology::of(&mesh).watertight();
        watertight += usize::from(closed);
        // Of the others a few of each class: those with holes are expanded as well.
        if !closed && piece.number % 12 != 0 {
            continue;
        }
        let solid = Solid::new(&mesh).unwrap();
        let occupied = solid.occupancy(&points, 0.0);
        let agree = points.iter().zip(&occupied).filter(|(p, found)| (reference(&mesh, **p) > 0.5) == **found).count();
        assert!(agree as f64 >= 0.995 * points.len() as f64, "{} {}: {agree} of 400", piece.number, piece.name);
        let thick = solid.occupancy(&points, 0.025).iter().filter(|inside| **inside).count();
        assert!(thick >= occupied.iter().filter(|inside| **inside).count(), "{}", piece.name);
    }
    assert!(watertight >= 50, "{watertight}");
}
