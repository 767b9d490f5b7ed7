//! ShapeNet: the bundled pipeline, on a tiny tree in each form in which the data is passed on.

use std::io::Write;
use std::path::Path;
use std::process::Output;

use super::common::{refuses, run, succeeds};

const PIPELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/shapenet.toml");
/// Classes with their synsets, and models of each.
const SYNSETS: [(&str, &str); 3] = [("chair", "03001627"), ("table", "04379243"), ("lamp", "03636649")];
const MODELS: usize = 12;

/// Settings that make the pipeline small.
const SMALL: [&str; 15] = [
    "data.shots=3",
    "data.reference=3",
    "data.signals.limit=12",
    "inr.hidden=[12, 10]",
    r#"fit.fitter={ type = "fused", batch = 128, optimiser = { type = "adam" } }"#,
    "fit.max_steps=40",
    r#"judge={ type = "surfaces", resolution = 16, points = 100 }"#,
    r#"pretrain.encoder={ type = "probe", hidden = 32, dim = 16, side = 8, sigmoid = true }"#,
    r#"pretrain.objectives=[{ type = "nt-xent" }, { type = "reconstruction", hidden = 32, points = 32 }]"#,
    "pretrain.schedule={ steps = 10, batch = 8, learning_rate = 1e-3 }",
    r#"train.generator={ type = "decoder", hidden = 32, points = 32 }"#,
    "train.schedule={ steps = 10, batch = 8, learning_rate = 1e-3 }",
    "adapt={ source = 2, schedule = { steps = 10, batch = 8, learning_rate = 1e-3 } }",
    "sample={ count = 4, surface = { resolution = 16 } }",
    r#"evaluate.metrics=[{ type = "mmd" }, { type = "cov" }, { type = "1-nna" }]"#,
];

/// Runs the pipeline, small, on the models in a folder.
fn small(data: &Path, runs: &Path, more: &[&str]) -> Output {
    let folder = format!("data.signals.folder={data:?}");
    let classes = r#"data.signals.classes=["chair", "table", "lamp"]"#;
    let all = SMALL.iter().copied().chain([folder.as_str(), classes]).chain(more.iter().copied());
    run(PIPELINE, runs, &all.flat_map(|setting| ["-s", setting]).collect::<Vec<_>>())
}

/// Half the sides of the box that a model is, and its name.
fn model(class: usize, number: usize) -> ([f32; 3], String) {
    let side = |axis: usize| 0.15 + 0.3 * (((3 * class + 5 * axis + number * (axis + 1)) % 10) as f32 / 9.0);
    // The longest side is 1, as that of a normalised model.
    let mut half = [0, 1, 2].map(side);
    half[class] = 0.5;
    (half, format!("{number}a04e3eab45ca15dd86060f189eb133"))
}

/// A box as a wavefront file with what such files have: comments, materials, groups, texture coordinates, normals, quads.
fn obj([x, y, z]: [f32; 3]) -> String {
    let mut text = "# Blender v2.65\nmtllib model.mtl\ng box\nvt 0 0\nvn 0 1 0\nusemtl m\n".to_owned();
    for corner in 0..8 {
        let [x, y, z] = [(x, 1), (y, 2), (z, 4)].map(|(half, bit)| if corner & bit == 0 { -half } else { half });
        text += &format!("v {x} {y} {z}\n");
    }
    for side in [[1, 3, 4, 2], [5, 6, 8, 7], [1, 2, 6, 5], [3, 7, 8, 4], [1, 5, 7, 3], [2, 4, 8, 6]] {
        text += &format!("f {}\n", side.map(|corner| format!("{corner}/1/1")).join(" "));
    }
    text
}

/// A number in half precision, in its normal range.
fn half(value: f32) -> [u8; 2] {
    let bits = value.to_bits();
    let exponent = ((bits >> 23) & 0xff) as i32 - 112;
    ((bits >> 16 & 0x8000) as u16 | (exponent.max(0) as u16) << 10 | (bits >> 13 & 0x3ff) as u16).to_le_bytes()
}

/// A `points.npz`: points uniform in a box of 1.1, and whether each is inside; as Occupancy Networks have it, or plain.
fn npz(extents: [f32; 3], packed: bool) -> Vec<u8> {
    const COUNT: usize = 4000;
    // Steps of a lattice that fills the box evenly.
    let points: Vec<[f32; 3]> = (1..=COUNT)
        .map(|i| [0.819_173, 0.671_044, 0.549_7].map(|step| 1.1 * ((i as f64 * step).fract() as f32 - 0.5)))
        .collect();
    let inside: Vec<bool> =
        points.iter().map(|point| point.iter().zip(extents).all(|(x, half)| x.abs() < half)).collect();
    let points = points.as_flattened();
    let byte = |bits: &[bool]| bits.iter().fold(0u8, |byte, bit| byte << 1 | u8::from(*bit));
    let (floats, occupancies): (Vec<u8>, Vec<u8>) = match packed {
        true => (points.iter().flat_map(|x| half(*x)).collect(), inside.chunks(8).map(byte).collect()),
        false => (points.iter().flat_map(|x| x.to_le_bytes()).collect(), inside.iter().map(|i| u8::from(*i)).collect()),
    };
    let (float, kind) = if packed { ("<f2", "|u1") } else { ("<f4", "|b1") };
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, dtype, shape, numbers) in [
        ("points.npy", float, format!("({COUNT}, 3)"), floats),
        ("occupancies.npy", kind, format!("({},)", occupancies.len()), occupancies),
    ] {
        let mut text = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}");
        text += &" ".repeat(117 - text.len());
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&[b"\x93NUMPY\x01\x00\x76\x00", text.as_bytes(), b"\n", &numbers].concat()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Writes a tree with a file for each model, where `place` says below the folder of its class.
fn tree(folder: &Path, place: impl Fn(&str) -> String, bytes: impl Fn([f32; 3]) -> Vec<u8>) {
    for (class, (_, synset)) in SYNSETS.iter().enumerate() {
        for number in 0..MODELS {
            let (extents, name) = model(class, number);
            let path = folder.join(synset).join(place(&name));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes(extents)).unwrap();
        }
        let names: Vec<String> = (0..MODELS - 1).map(|number| model(class, number).1).collect();
        std::fs::write(folder.join(synset).join("train.lst"), names.join("\n")).unwrap();
    }
}

#[track_caller]
fn ends_in_chairs(output: &Output, runs: &Path, classes: &str) {
    succeeds(output);
    let page = std::fs::read_to_string(runs.join("report.html")).unwrap();
    for part in [classes, "mean iou", "surfaces", "data:image/png;base64,"] {
        assert!(page.contains(part), "{part} is not in the report");
    }
}

#[test]
fn meshes_of_both_versions_run_to_the_report_and_what_is_damaged_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let points = ["data.signals.sampling.points=800", "data.signals.sampling.tested=500"];
    tree(&at("v2"), |model| format!("{model}/models/model_normalized.obj"), |half| obj(half).into_bytes());
    ends_in_chairs(&small(&at("v2"), &at("runs/v2"), &points), &at("runs/v2"), "chair 12, lamp 12, table 12");
    // The same models in the other version's places are the same signals, whose fits are there.
    tree(&at("v1"), |model| format!("{model}/model.obj"), |half| obj(half).into_bytes());
    let output = small(&at("v1"), &at("runs/v1"), &points);
    ends_in_chairs(&output, &at("runs/v1"), "chair 12, lamp 12, table 12");
    assert!(String::from_utf8_lossy(&output.stderr).contains("fit: from the store"));

    let damaged = at("v1/03001627").join(model(0, 4).1).join("model.obj");
    std::fs::write(&damaged, "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n").unwrap();
    let output = small(&at("v1"), &at("runs/v1"), &points);
    ends_in_chairs(&output, &at("runs/v1"), "chair 11, lamp 12, table 12");
    let page = std::fs::read_to_string(at("runs/v1/report.html")).unwrap();
    assert!(page.contains("left out"), "the report does not say what was left out");
    let strict = [points[0], points[1], "data.signals.sampling.skip_damaged=false"];
    refuses(&small(&at("v1"), &at("runs/strict"), &strict), 1, &["model.obj", "skip_damaged"]);
}

#[test]
fn points_with_occupancies_run_to_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let points = ["data.signals.sampling.points=1500", "data.signals.sampling.tested=500"];
    tree(&at("packed"), |model| format!("{model}/points.npz"), |half| npz(half, true));
    let listed = [points[0], points[1], r#"data.signals.split="train""#];
    ends_in_chairs(
        &small(&at("packed"), &at("runs/packed"), &listed),
        &at("runs/packed"),
        "chair 11, lamp 11, table 11",
    );
    tree(&at("plain"), |model| format!("{model}.npz"), |half| npz(half, false));
    let output = small(&at("plain"), &at("runs/plain"), &points);
    ends_in_chairs(&output, &at("runs/plain"), "chair 12, lamp 12, table 12");
    // The 65,536 points of the pipeline are more than these files have.
    let strict = ["data.signals.sampling.skip_damaged=false"];
    refuses(&small(&at("plain"), &at("runs/many"), &strict), 1, &[".npz", "4000 points", "sampling.points"]);
}

#[test]
fn without_the_data_the_pipeline_says_where_it_looked() {
    let folder = tempfile::tempdir().unwrap();
    let missing = run(PIPELINE, &folder.path().join("runs/none"), &[]);
    refuses(&missing, 1, &["examples/data/ShapeNetCore.v2", "no such folder"]);
}
