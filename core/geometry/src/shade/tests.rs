use super::*;
use crate::shapes::{cuboid, sphere};

const VIEW: View = View { width: 40, height: 30, azimuth: 0.0, elevation: 0.0, half: 1.0, smooth: false };

fn pixel(picture: &[u8], view: &View, column: usize, row: usize) -> [u8; 4] {
    let at = 4 * (row * view.width + column);
    picture[at..at + 4].try_into().unwrap()
}

fn background(view: &View) -> [u8; 4] {
    pixel(&shade(&Mesh::default(), view), view, 0, 0)
}

#[test]
fn a_ball_is_a_disc_in_the_middle_and_lit_from_above_left() {
    for smooth in [false, true] {
        let view = View { smooth, ..VIEW };
        let picture = shade(&sphere(0.8, 16), &view);
        assert_eq!(picture.len(), 4 * 40 * 30);
        let covered = (0..1200).filter(|i| pixel(&picture, &view, i % 40, i / 40) != background(&view)).count() as f64;
        // 15 pixels a unit.
        let disc = std::f64::consts::PI * 144.0;
        assert!((covered / disc - 1.0).abs() < 0.1, "{covered} {disc}");
        let [left, right] = [(14, 9), (26, 21)].map(|(x, y)| u32::from(pixel(&picture, &view, x, y)[0]));
        assert!(left > right + 20, "{left} {right}");
    }
}

#[test]
fn what_is_nearer_hides_what_is_behind_from_either_end() {
    // A small box before a large one; from behind only the large one is seen.
    let large = cuboid([-0.8, -0.8, -0.5], [0.8, 0.8, 0.0]);
    let small = cuboid([0.2, -0.2, 0.4], [0.6, 0.2, 0.6]);
    let tilted = View { elevation: 20.0, ..VIEW };
    let [alone, both] = [shade(&large, &tilted), shade(&Mesh::joined([&large, &small]), &tilted)];
    assert!(alone != both);
    let order = shade(&Mesh::joined([&small, &large]), &tilted);
    assert!(both == order);
    let back = View { azimuth: 180.0, elevation: 0.0, ..VIEW };
    assert!(shade(&large, &back) == shade(&Mesh::joined([&large, &small]), &back));
}

#[test]
fn azimuth_turns_around_the_upright_axis_and_elevation_looks_down() {
    // A bar along +x: from the front it points right, from +x it is seen end on, from above it points right again.
    let bar = cuboid([0.0, -0.1, -0.1], [0.9, 0.1, 0.1]);
    let covered = |view: View| {
        let picture = shade(&bar, &view);
        let columns = (0..40).filter(|x| pixel(&picture, &view, *x, 15) != background(&view));
        columns.collect::<Vec<usize>>()
    };
    assert_eq!(covered(VIEW), (20..34).collect::<Vec<_>>());
    assert_eq!(covered(View { azimuth: 90.0, ..VIEW }), [18, 19, 20, 21]);
    assert_eq!(covered(View { azimuth: 180.0, ..VIEW }), (6..20).collect::<Vec<_>>());
    assert_eq!(covered(View { elevation: 90.0, ..VIEW }), (20..34).collect::<Vec<_>>());
    // The top of a box is seen from above, at the upper side of the picture.
    let top = cuboid([-0.5, 0.4, -0.5], [0.5, 0.5, 0.5]);
    let view = View { elevation: 30.0, ..VIEW };
    assert_ne!(pixel(&shade(&top, &view), &view, 20, 8), background(&view));
    assert_eq!(pixel(&shade(&top, &view), &view, 20, 25), background(&view));
}

#[test]
fn both_sides_are_lit_alike_and_what_lies_outside_the_picture_is_cut() {
    let mesh = sphere(0.7, 6);
    let inside_out = mesh.triangles().iter().map(|[a, b, c]| [*a, *c, *b]).collect();
    let inside_out = Mesh::new(mesh.vertices().to_vec(), inside_out).unwrap();
    // Which of two triangles a sample on their common edge is given to may differ.
    let [one, other] = [shade(&mesh, &VIEW), shade(&inside_out, &VIEW)];
    let differ = one.iter().zip(&other).filter(|(a, b)| a.abs_diff(**b) > 8).count();
    assert!(differ < 50, "{differ}");
    let huge = cuboid([-50.0; 3], [50.0; 3]);
    let picture = shade(&huge, &VIEW);
    assert!(picture.chunks_exact(4).all(|p| p == &picture[..4] && p[3] == 255));
    assert_ne!(pixel(&picture, &VIEW, 0, 0), background(&VIEW));
}
