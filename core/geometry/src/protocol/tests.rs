use super::*;
use crate::Point;

fn matrix(rows: &[&[f64]]) -> Matrix {
    let columns = rows.first().map_or(0, |row| row.len());
    Matrix { rows: rows.len(), columns, values: rows.concat() }
}

fn at(points: &[Point]) -> Cloud {
    Cloud::new(points).unwrap()
}

/// Clouds of one point each on a line: their Chamfer distance is twice the square of the distance.
fn on_line(places: &[f64]) -> Vec<Cloud> {
    places.iter().map(|x| at(&[[*x, 0.0, 0.0]])).collect()
}

#[test]
fn a_minimum_over_the_wrong_axis_would_give_other_figures() {
    // Two generated, three real. Both generated are nearest to the first real one; the third is far from all.
    let between = matrix(&[&[1.0, 5.0, 9.0], &[2.0, 4.0, 8.0]]);
    let generated = matrix(&[&[0.0, 1.5], &[1.5, 0.0]]);
    let reference = matrix(&[&[0.0, 3.0, 7.0], &[3.0, 0.0, 7.5], &[7.0, 7.5, 0.0]]);
    let distances = Distances::new(between, generated, reference).unwrap();
    // Over real ones: 1, 4, 8. Over generated ones it would be (1 + 2) / 2.
    assert_eq!(distances.mmd(), 13.0 / 3.0);
    // One of three real ones is met. Over real ones, 2 of 2 generated would be.
    assert_eq!(distances.coverage(), 1.0 / 3.0);
    // Nearest of g0: r0 (1.0); g1: g0 (1.5); r0: g0 (1.0); r1: r0 (3.0); r2: r0 (7.0). Own: g1, r1, r2.
    assert_eq!(distances.one_nn_accuracy(), 3.0 / 5.0);
}

#[test]
fn tables_that_do_not_fit_are_refused() {
    let two = matrix(&[&[0.0, 1.0], &[1.0, 0.0]]);
    let wide = matrix(&[&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]]);
    let three = matrix(&[&[0.0; 3], &[0.0; 3], &[0.0; 3]]);
    assert!(Distances::new(wide.clone(), two.clone(), three.clone()).is_ok());
    assert!(Distances::new(wide, three, two).is_err());
    let none = Matrix { rows: 0, columns: 0, values: Vec::new() };
    assert!(Distances::new(none.clone(), none.clone(), none).is_err());
    assert!(Distances::measured(Measure::Chamfer, &on_line(&[1.0]), &[]).is_err());
}

#[test]
fn a_copy_of_the_real_set_covers_it_at_no_distance_and_is_told_apart_by_no_neighbour() {
    let set = || on_line(&[0.0, 1.0, 3.0, 7.0]);
    let distances = Distances::measured(Measure::Chamfer, &set(), &set()).unwrap();
    assert_eq!((distances.mmd(), distances.coverage(), distances.one_nn_accuracy()), (0.0, 1.0, 0.0));
    assert_eq!(jensen_shannon(&set(), &set(), 28, 8.0).unwrap(), 0.0);
}

#[test]
fn one_shape_many_times_is_near_and_covers_little() {
    // Five times the second of four real ones.
    let distances =
        Distances::measured(Measure::EarthMover, &on_line(&[1.0; 5]), &on_line(&[0.0, 1.0, 3.0, 7.0])).unwrap();
    assert_eq!(distances.coverage(), 0.25);
    assert_eq!(distances.mmd(), (1.0 + 0.0 + 2.0 + 6.0) / 4.0);
    // Each of the five has four copies and the real one at no distance: 4 of 5 neighbours are its own. The real one at
    // 1 has five, none of its own; 0 is as far from 1 as from the five copies; 3 likewise; 7 is nearest to 3.
    let expected = (5.0 * 0.8 + 0.0 + 1.0 / 6.0 + 1.0 / 6.0 + 1.0) / 9.0;
    assert!((distances.one_nn_accuracy() - expected).abs() < 1e-12);
}

#[test]
fn sets_apart_are_told_apart_and_halves_of_one_set_are_not() {
    let apart = Distances::measured(Measure::Chamfer, &on_line(&[0.0, 1.0]), &on_line(&[50.0, 51.0])).unwrap();
    assert_eq!(apart.one_nn_accuracy(), 1.0);
    let places = crate::sample::in_cube(134, 1.0, &mut rand::SeedableRng::seed_from_u64(1)).concat();
    assert!(places.len() >= 400);
    let halves = Distances::measured(Measure::Chamfer, &on_line(&places[..200]), &on_line(&places[200..400])).unwrap();
    assert!((halves.one_nn_accuracy() - 0.5).abs() < 0.1, "{}", halves.one_nn_accuracy());
    // One of each: neither has a neighbour of its own.
    let single = Distances::measured(Measure::Chamfer, &on_line(&[0.0]), &on_line(&[1.0])).unwrap();
    assert_eq!(single.one_nn_accuracy(), 0.0);
}

#[test]
fn the_divergence_is_one_apart_and_half_where_half_the_points_are() {
    let [left, right] = [[-1.0, 0.0, 0.0], [1.0, 0.0, 0.0]];
    assert_eq!(jensen_shannon(&[at(&[left])], &[at(&[right])], 3, 1.0).unwrap(), 1.0);
    // p = (1, 0), q = (1/2, 1/2): 1/2 log2(4/3) + 1/2 (1/2 log2(2/3) + 1/2 log2 2).
    let expected = 0.5 * (4.0f64 / 3.0).log2() + 0.25 * (2.0f64 / 3.0).log2() + 0.25;
    let found = jensen_shannon(&[at(&[left, left])], &[at(&[left]), at(&[right])], 3, 1.0).unwrap();
    assert!((found - expected).abs() < 1e-12);
    // Grid points are at -1, 0 and 1: what is beyond counts at the bounds, what is between at the nearer.
    let near = [at(&[[-7.0, 0.4, -0.4]])];
    assert_eq!(jensen_shannon(&near, &[at(&[left])], 3, 1.0).unwrap(), 0.0);
    assert!(jensen_shannon(&near, &near, 1, 1.0).is_err() && jensen_shannon(&[], &near, 3, 1.0).is_err());
}
