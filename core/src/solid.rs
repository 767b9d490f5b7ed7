//! Signals of solids: points, and whether they are inside, of any function of space. So a network, a deformed network and a
//! mesh become the same kind of signal.

use rand::RngExt;

use crate::Field;
use crate::seed::{self, Rng};

/// Cells along each axis of the lattice on which the surface is looked for.
const CELLS: usize = 32;

/// A signal `[points + tested, 4]` of the solid that a function describes: a point, and 1 inside or 0 outside, or what the
/// function says there, as `field` has it.
///
/// `inside` answers for points `[n, 3]` with numbers above 1/2 where they are inside. A share `near` of the points lies in
/// those cells of a lattice that the surface passes, as one random point of each cell and its six neighbours tell; the others,
/// and all that test, are uniform in the cube. A solid without a surface has uniform points only.
pub fn signal(
    (points, tested): (usize, usize),
    field: Field,
    near: f64,
    inside: &dyn Fn(&[f32]) -> Vec<f32>,
    rng: &mut Rng,
) -> Vec<f32> {
    let mut lattice = vec![0.0; CELLS.pow(3) * 3];
    for (cell, point) in lattice.chunks_exact_mut(3).enumerate() {
        point.copy_from_slice(&in_cell(cell, rng));
    }
    let occupied: Vec<bool> = inside(&lattice).into_iter().map(|value| value > 0.5).collect();
    let passed: Vec<usize> = (0..occupied.len()).filter(|cell| is_passed(*cell, &occupied)).collect();
    let close = if passed.is_empty() { 0 } else { (points as f64 * near).round() as usize };
    let mut drawn = Vec::with_capacity((points + tested) * 3);
    for _ in 0..close {
        drawn.extend(in_cell(passed[rng.random_range(0..passed.len())], rng));
    }
    drawn.extend(seed::uniform(rng, (points + tested - close) * 3, -1.0, 1.0));
    let values = inside(&drawn);
    let row = |(point, value): (&[f32], f32)| [point[0], point[1], point[2], field.keep(value)];
    drawn.chunks_exact(3).zip(values).flat_map(row).collect()
}

/// A random point of a cell.
fn in_cell(cell: usize, rng: &mut Rng) -> [f32; 3] {
    let place = [cell % CELLS, cell / CELLS % CELLS, cell / (CELLS * CELLS)];
    place.map(|k| 2.0 * (k as f32 + rng.random::<f32>()) / CELLS as f32 - 1.0)
}

/// Whether a neighbour of a cell is of the other kind.
fn is_passed(cell: usize, occupied: &[bool]) -> bool {
    [1, CELLS, CELLS * CELLS].into_iter().any(|stride| {
        let place = cell / stride % CELLS;
        (place > 0 && occupied[cell - stride] != occupied[cell])
            || (place + 1 < CELLS && occupied[cell + stride] != occupied[cell])
    })
}

/// Intersection over union of what values and truth say is inside, above 1/2; 1 where nothing is.
pub fn iou(values: impl Iterator<Item = f32>, truth: impl Iterator<Item = f32>) -> f32 {
    let (mut both, mut either) = (0usize, 0usize);
    for (value, truth) in values.zip(truth) {
        both += usize::from(value > 0.5 && truth > 0.5);
        either += usize::from(value > 0.5 || truth > 0.5);
    }
    if either == 0 { 1.0 } else { both as f32 / either as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;

    fn ball(points: &[f32]) -> Vec<f32> {
        points.chunks(3).map(|p| f32::from(p.iter().map(|x| x * x).sum::<f32>() < 0.25)).collect()
    }

    #[test]
    fn near_points_lie_at_the_surface_and_the_others_fill_the_cube() {
        let table = signal((4000, 1000), Field::Occupancy, 0.5, &ball, &mut Seed::new(1).stream(0));
        let rows: Vec<&[f32]> = table.chunks(4).collect();
        let radius = |row: &&[f32]| row[..3].iter().map(|x| x * x).sum::<f32>().sqrt();
        assert_eq!(rows.len(), 5000);
        // A cell and its neighbour reach two cells' diagonals from the surface.
        assert!(rows[..2000].iter().all(|row| (radius(row) - 0.5).abs() < 0.2));
        let inside = rows[2000..].iter().filter(|row| row[3] == 1.0).count() as f64 / 3000.0;
        assert!((inside - 0.5f64.powi(3) * std::f64::consts::PI / 6.0).abs() < 0.02, "{inside}");
        assert!(rows.iter().all(|row| (row[3] == 1.0) == (radius(row) < 0.5)));
        assert_eq!(table, signal((4000, 1000), Field::Occupancy, 0.5, &ball, &mut Seed::new(1).stream(0)));
    }

    #[test]
    fn an_empty_solid_has_uniform_points() {
        let table =
            signal((300, 0), Field::Occupancy, 0.5, &|points| vec![0.0; points.len() / 3], &mut Seed::new(1).stream(0));
        assert_eq!((table.len(), table.iter().skip(3).step_by(4).sum::<f32>()), (1200, 0.0));
    }

    #[test]
    fn iou_counts_both_over_either() {
        let of = |a: [f32; 4], b: [f32; 4]| iou(a.into_iter(), b.into_iter());
        assert_eq!(of([1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0]), 1.0 / 3.0);
        assert_eq!(of([0.0; 4], [0.0; 4]), 1.0);
    }
}
