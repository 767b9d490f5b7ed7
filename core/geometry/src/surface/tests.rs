use std::f64::consts::PI;

use proptest::prelude::*;

use super::*;
use crate::Topology;

const UNIT: Extraction =
    Extraction { resolution: 64, bounds: [-1.0, 1.0], level: 0.0, inside: Inside::Below, closed: false, chunk: 1000 };

/// The mesh of a function of one point.
fn extract(settings: Extraction, field: impl Fn([f64; 3]) -> f64) -> Mesh {
    let each = |p: &[f32]| field([p[0], p[1], p[2]].map(f64::from)) as f32;
    settings.mesh(|points| points.chunks_exact(3).map(each).collect()).unwrap()
}

fn ball([x, y, z]: [f64; 3]) -> f64 {
    (x * x + y * y + z * z).sqrt() - 0.8
}

fn ring([x, y, z]: [f64; 3]) -> f64 {
    (x.hypot(y) - 0.6).hypot(z) - 0.25
}

fn block([x, y, z]: [f64; 3]) -> f64 {
    (x.abs() - 0.53).max(y.abs() - 0.41).max(z.abs() - 0.67)
}

fn check(mesh: &Mesh, characteristic: i64, area: f64, volume: f64, tolerance: f64) {
    let topology = Topology::of(mesh);
    assert!(topology.watertight(), "{topology:?}");
    assert_eq!(topology.euler_characteristic(), characteristic);
    assert!((mesh.area() / area - 1.0).abs() < tolerance, "area {} of {area}", mesh.area());
    assert!((mesh.volume() / volume - 1.0).abs() < tolerance, "volume {} of {volume}", mesh.volume());
}

#[test]
fn spheres_and_tori_are_within_a_hundredth() {
    check(&extract(UNIT, ball), 2, 4.0 * PI * 0.64, 4.0 / 3.0 * PI * 0.512, 0.01);
    check(&extract(UNIT, ring), 0, 4.0 * PI * PI * 0.15, 2.0 * PI * PI * 0.6 * 0.0625, 0.01);
}

#[test]
fn boxes_lose_a_cells_width_along_their_edges() {
    // Along an edge the cell's corner is cut off: up to (2 - sqrt 2) cells of area and half a square cell of volume for
    // each unit of the edge's length. So the area of a box needs more samples than a sphere's to be within the
    // hundredth.
    let (a, b, c) = (1.06, 0.82, 1.34);
    let (area, volume) = (2.0 * (a * b + b * c + c * a), a * b * c);
    let lost = |cell: f64| (2.0 - 2f64.sqrt()) * cell * 4.0 * (a + b + c) / area;
    check(&extract(UNIT, block), 2, area, volume, lost(2.0 / 63.0));
    assert!((extract(UNIT, block).volume() / volume - 1.0).abs() < 0.01);
    check(&extract(Extraction { resolution: 200, ..UNIT }, block), 2, area, volume, 0.01);
    // With faces in the plane of samples, at the level exactly, there are triangles without area, and still no hole.
    let settings = Extraction { resolution: 65, ..UNIT };
    let aligned = extract(settings, |p| p.iter().fold(0.0, |most: f64, x| most.max(x.abs())) - 0.5);
    check(&aligned, 2, 6.0, 1.0, 0.04);
}

#[test]
fn the_error_falls_with_the_square_of_the_resolution() {
    let error = |resolution| {
        let mesh = extract(Extraction { resolution, ..UNIT }, ball);
        1.0 - mesh.volume() / (4.0 / 3.0 * PI * 0.512)
    };
    let (coarse, fine) = (error(17), error(65));
    assert!(coarse > 0.0 && fine > 0.0 && (10.0..24.0).contains(&(coarse / fine)), "{coarse} {fine}");
}

#[test]
fn vertices_lie_where_the_linear_function_passes_the_level() {
    // On a linear function the interpolation is exact: all vertices lie in the plane, and the area is the plane's.
    for (inside, sign) in [(Inside::Above, 1.0), (Inside::Below, -1.0)] {
        let settings = Extraction { level: 0.3, inside, resolution: 9, ..UNIT };
        let mesh = extract(settings, |[x, y, z]| sign * (z + 0.25 * x - 0.5 * y));
        assert!(!mesh.is_empty());
        for [x, y, z] in mesh.vertices() {
            assert!((sign * (z + 0.25 * x - 0.5 * y) - 0.3).abs() < 1e-6);
        }
        // Outward is where the value falls (above) or rises (below): downward in both.
        let up: f64 = mesh.corners().map(|corners| crate::vector::normal(corners)[2]).sum();
        assert!(up < 0.0 && (up / 2.0 + 4.0 * 1.0).abs() < 0.5, "{up}");
    }
}

#[test]
fn closed_surfaces_end_in_flat_caps_at_the_bounds() {
    let settings = Extraction { closed: true, resolution: 33, inside: Inside::Above, ..UNIT };
    // All of the cube is inside.
    let full = extract(settings, |_| 1.0);
    check(&full, 2, 24.0, 8.0, 1e-9);
    // A cylinder through both ends.
    let cylinder = |[x, y, _]: [f64; 3]| 0.5 - x.hypot(y);
    check(&extract(Extraction { resolution: 65, ..settings }, cylinder), 2, PI * 2.5, PI * 0.5, 0.01);
    let open = extract(Extraction { closed: false, ..settings }, cylinder);
    let topology = Topology::of(&open);
    assert!(topology.open > 0 && topology.tangled == 0 && topology.euler_characteristic() == 0);
}

#[test]
fn the_mesh_does_not_depend_on_the_chunk_and_calls_and_sizes_are_as_stated() {
    let whole = extract(Extraction { resolution: 20, chunk: usize::MAX, ..UNIT }, ring);
    for chunk in [1, 7, 399, 400, 401] {
        let settings = Extraction { resolution: 20, chunk, ..UNIT };
        let mut calls = 0;
        let mesh = settings.mesh(|points| {
            calls += 1;
            assert!(points.len() <= 3 * chunk);
            points.chunks_exact(3).map(|p| ring([p[0], p[1], p[2]].map(f64::from)) as f32).collect()
        });
        assert_eq!(mesh.unwrap(), whole);
        assert_eq!(calls, settings.calls());
    }
    // Twice the resolution is four times the memory; the mesh of the largest ball fits.
    let bytes = |resolution| Extraction { resolution, chunk: 1, ..UNIT }.bytes() as f64;
    assert!((bytes(256) / bytes(128) - 4.0).abs() < 0.01);
    let mesh = extract(Extraction { resolution: 64, ..UNIT }, |p| ball(p) - 0.19);
    assert!((24 * mesh.vertices().len() + 12 * mesh.triangles().len()) as f64 * 2.0 < bytes(64));
}

#[test]
fn empty_surfaces_are_empty_and_bad_values_are_refused() {
    assert!(extract(UNIT, |_| 1.0).is_empty());
    let nan = UNIT.mesh(|points| points.chunks_exact(3).map(|p| if p[0] > 0.9 { f32::NAN } else { 1.0 }).collect());
    assert!(nan.unwrap_err().to_string().contains("NaN"));
    for settings in [
        Extraction { resolution: 1, ..UNIT },
        Extraction { chunk: 0, ..UNIT },
        Extraction { bounds: [1.0, 1.0], ..UNIT },
    ] {
        assert!(settings.mesh(|points| vec![0.0; points.len() / 3]).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Noise passes every case of a cell in every neighbourhood: the surface is a closed manifold all the same.
    #[test]
    fn noise_is_watertight(seed in any::<u64>(), level in -0.8..0.8f64) {
        let hash = |p: &[f32]| {
            let mix = |h: u64, x: &f32| (h ^ u64::from(x.to_bits())).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let bits = p.iter().fold(seed, |h, x| mix(h, x).rotate_left(29));
            (bits >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        };
        let settings = Extraction { resolution: 8, closed: true, level, inside: Inside::Above, ..UNIT };
        let mesh = settings.mesh(|points| points.chunks_exact(3).map(hash).collect()).unwrap();
        let topology = Topology::of(&mesh);
        prop_assert!(topology.watertight(), "{:?}", topology);
        prop_assert!(mesh.volume() > 0.0);
    }
}
