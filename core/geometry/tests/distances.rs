//! Distances and figures against scipy and numpy; `fixtures/make_distances.py` made the numbers.

use equigen_geometry::distance::{Cloud, Matrix, Measure, chamfer, earth_mover};
use equigen_geometry::protocol::{Distances, jensen_shannon};
use serde_json::Value;

const TOLERANCE: f64 = 1e-5;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/distances.json")).unwrap()
}

fn cloud(value: &Value) -> Cloud {
    let points: Vec<[f64; 3]> = serde_json::from_value(value.clone()).unwrap();
    Cloud::new(&points).unwrap()
}

fn clouds(value: &Value) -> Vec<Cloud> {
    value.as_array().unwrap().iter().map(cloud).collect()
}

fn assert_close(found: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() < TOLERANCE, "{found}, not {expected}");
}

fn assert_table(found: &Matrix, expected: &Value) {
    let expected = expected.as_array().unwrap();
    assert_eq!(found.rows, expected.len());
    for (i, row) in expected.iter().enumerate() {
        let row = row.as_array().unwrap();
        assert_eq!(found.columns, row.len());
        found.row(i).iter().zip(row).for_each(|(found, expected)| assert_close(*found, expected));
    }
}

#[test]
fn chamfer_and_earth_mover_agree_with_scipy() {
    let large = &fixture()["large"];
    let [a, b, c] = clouds(&large["clouds"]).try_into().ok().unwrap();
    assert_close(chamfer(&a, &b), &large["chamfer"][0]);
    assert_close(chamfer(&b, &a), &large["chamfer"][0]);
    assert_close(chamfer(&a, &c), &large["chamfer"][1]);
    assert_close(earth_mover(&a, &b).unwrap(), &large["earth_mover"]);
    assert!(earth_mover(&a, &c).unwrap_err().to_string().contains("150 and 60"));
}

#[test]
fn figures_of_sets_agree_with_numpy() {
    let fixture = fixture();
    let (generated, reference) = (clouds(&fixture["generated"]), clouds(&fixture["reference"]));
    for (measure, key) in [(Measure::Chamfer, "chamfer"), (Measure::EarthMover, "earth_mover")] {
        let expected = &fixture[key];
        assert_table(&measure.between(&generated, &reference).unwrap(), &expected["between"]);
        assert_table(&measure.within(&generated).unwrap(), &expected["generated"]);
        let distances = Distances::measured(measure, &generated, &reference).unwrap();
        assert_close(distances.mmd(), &expected["mmd"]);
        assert_close(distances.coverage(), &expected["coverage"]);
        assert_close(distances.one_nn_accuracy(), &expected["one_nn_accuracy"]);
        // The fixture tells rows from columns: with the sets exchanged the figures are others.
        let exchanged = Distances::measured(measure, &reference, &generated).unwrap();
        assert!((exchanged.mmd() - distances.mmd()).abs() > 0.01);
        assert!((exchanged.coverage() - distances.coverage()).abs() > 0.1);
        assert_close(exchanged.one_nn_accuracy(), &expected["one_nn_accuracy"]);
    }
    assert_close(jensen_shannon(&generated, &reference, 28, 1.0).unwrap(), &fixture["jensen_shannon"]);
}
