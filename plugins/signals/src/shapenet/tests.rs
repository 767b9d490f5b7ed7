use std::io::Write;

use equigen_geometry::{Mesh, shapes, write};

use super::*;

/// Files of a tree, and the component that reads it.
fn tree(files: &[(&str, Vec<u8>)]) -> (tempfile::TempDir, Shapenet) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let sampling = Sampling { points: 300, tested: 700, thickness: 0.0, extent: 0.8, ..Sampling::default() };
    let signals = Shapenet { folder: folder.path().to_owned(), sampling, ..Shapenet::default() };
    (folder, signals)
}

fn cube() -> Mesh {
    shapes::cuboid([-0.5; 3], [0.5; 3])
}

fn obj() -> Vec<u8> {
    write::obj(&cube())
}

/// An npz of numpy's: arrays with their type, shape and numbers.
fn npz(arrays: &[(&str, &str, &[usize], &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, dtype, shape, numbers) in arrays {
        let shape: String = shape.iter().map(|extent| format!("{extent}, ")).collect();
        let mut text = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({shape}), }}");
        let length = (10 + text.len() + 1).next_multiple_of(64) - 10;
        text += &" ".repeat(length - text.len() - 1);
        text.push('\n');
        zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
        let header = [b"\x93NUMPY\x01\x00", &(length as u16).to_le_bytes()[..], text.as_bytes(), numbers].concat();
        zip.write_all(&header).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Points of a lattice of 12 samples from -0.55 to 0.55, and whether each is in the unit cube.
fn lattice() -> (Vec<f32>, Vec<bool>) {
    let at = |k: usize| 0.1 * k as f32 - 0.55;
    let points: Vec<f32> = (0..12 * 12 * 12).flat_map(|i| [at(i % 12), at(i / 12 % 12), at(i / 144)]).collect();
    let inside = points.chunks(3).map(|point| point.iter().all(|x| x.abs() <= 0.5)).collect();
    (points, inside)
}

/// In half precision, for numbers of its normal range; what is beyond its bits is cut off.
fn half(value: f32) -> [u8; 2] {
    let bits = value.to_bits();
    let exponent = ((bits >> 23) & 0xff) as i32 - 112;
    ((bits >> 16 & 0x8000) as u16 | (exponent as u16) << 10 | (bits >> 13 & 0x3ff) as u16).to_le_bytes()
}

/// As Occupancy Networks have it: half precision and packed bits, with what the shape was moved by.
fn packed() -> Vec<u8> {
    let (points, inside) = lattice();
    let points: Vec<u8> = points.iter().flat_map(|x| half(*x)).collect();
    let byte = |bits: &[bool]| bits.iter().enumerate().fold(0u8, |byte, (i, bit)| byte | u8::from(*bit) << (7 - i));
    let bits: Vec<u8> = inside.chunks(8).map(byte).collect();
    let (loc, scale) = ([0u8; 24], 1.0f64.to_le_bytes());
    npz(&[
        ("points", "<f2", &[1728, 3], &points),
        ("occupancies", "|u1", &[216], &bits),
        ("loc", "<f8", &[3], &loc),
        ("scale", "<f8", &[], &scale),
    ])
}

/// Single precision, and a truth value for each point.
fn plain() -> Vec<u8> {
    let (points, inside) = lattice();
    let points: Vec<u8> = points.iter().flat_map(|x| x.to_le_bytes()).collect();
    let inside: Vec<u8> = inside.into_iter().map(u8::from).collect();
    npz(&[("points", "<f4", &[1728, 3], &points), ("occupancies", "|b1", &[1728], &inside)])
}

#[track_caller]
fn refused(signals: &Shapenet, parts: &[&str]) {
    let error = signals.load().expect_err("it is refused").to_string();
    assert!(parts.iter().all(|part| error.contains(part)), "{error}");
}

#[test]
fn each_form_is_the_cube_that_it_holds() {
    let (_folder, signals) = tree(&[
        ("03001627/a1/models/model_normalized.obj", obj()),
        ("03001627/a1/model.obj", b"not looked at".to_vec()),
        ("04379243/b2/model.obj", obj()),
        ("04379243/b2/model.mtl", b"newmtl a".to_vec()),
        ("02691156/c3/points.npz", packed()),
        ("02691156/c3/img_choy2016/cameras.npz", b"x".to_vec()),
        ("stool/d4.npz", plain()),
        ("stool/train.lst", b"d4\n".to_vec()),
        ("notes/readme.txt", b"x".to_vec()),
    ]);
    let set = signals.load().unwrap();
    let mut labels = set.labels.clone();
    labels.sort();
    assert_eq!(labels, ["airplane", "chair", "stool", "table"]);
    for (row, label) in set.labels.iter().enumerate() {
        for point in set.signal(row).chunks(4) {
            let depth = point[..3].iter().map(|x| x.abs()).fold(0.0, f32::max) - 0.8;
            // Half precision moves a point of the lattice by up to 5e-4, which stays on its side.
            assert!(depth.abs() < 1e-3 || (point[3] == 1.0) == (depth < 0.0), "{label}: {point:?}");
        }
        // The lattice has 10 of its 12 samples in the cube, along each axis; a uniform draw 0.8 of the way.
        let share = if ["airplane", "stool"].contains(&label.as_str()) { (10.0f64 / 12.0).powi(3) } else { 0.512 };
        let tested = &set.signal(row)[1200..];
        let inside = tested.chunks(4).filter(|point| point[3] == 1.0).count() as f64 / 700.0;
        assert!((inside - share).abs() < 0.06, "{label}: {inside}");
    }
    // What is asked at other points agrees, but for points within the lattice's spacing of a face.
    let other: Vec<f32> = (0..3000).map(|i| (i as f32 * 0.618_034).fract() * 2.0 - 1.0).collect();
    let mut reader = signals.open().unwrap();
    let values = reader.read_at(4, &other).unwrap();
    for values in values.chunks(1000) {
        for (point, value) in other.chunks(3).zip(values) {
            let depth = point.iter().map(|x| x.abs()).fold(0.0, f32::max) - 0.8;
            assert!(depth.abs() < 0.17 || (*value > 0.5) == (depth < 0.0), "{point:?}: {value}");
        }
    }
}

#[test]
fn classes_lists_names_and_limits_choose() {
    let names = ["m1", "m2", "m3", "m4", "m5"];
    let paths: Vec<String> =
        ["03001627", "04379243"].iter().flat_map(|s| names.map(|n| format!("{s}/{n}/model.obj"))).collect();
    let mut files: Vec<(&str, Vec<u8>)> = paths.iter().map(|path| (path.as_str(), obj())).collect();
    files.push(("03001627/train.lst", b"m4\nm2\r\n\n".to_vec()));
    files.push(("04379243/train.lst", b"m1".to_vec()));
    files.push(("04379243/val.lst", b"m1\nm1\n".to_vec()));
    let (_folder, all) = tree(&files);
    let labels = |signals: &Shapenet| {
        let reader = signals.open().unwrap();
        (0..reader.count()).map(|row| reader.label(row)).collect::<Vec<_>>()
    };
    let mixed = labels(&all);
    assert!(mixed.len() == 10 && mixed != sorted(mixed.clone()), "classes are mixed: {mixed:?}");
    let chairs = Shapenet { classes: vec!["chair".into()], ..all.clone() };
    assert_eq!(labels(&chairs), ["chair"; 5]);
    assert_eq!(labels(&Shapenet { classes: vec!["04379243".into()], ..all.clone() }), ["table"; 5]);
    let named = Shapenet { names: [("03001627".into(), "seat".into())].into(), limit: Some(2), ..all.clone() };
    assert_eq!(sorted(labels(&named)), ["seat", "seat", "table", "table"]);
    let listed = Shapenet { split: Some("train".into()), ..all.clone() };
    assert_eq!(sorted(labels(&listed)), ["chair", "chair", "table"]);
    refused(&Shapenet { split: Some("val".into()), ..all.clone() }, &["03001627/val.lst", "train.lst", "`split`"]);
    let twice = Shapenet { split: Some("val".into()), classes: vec!["table".into()], ..all.clone() };
    refused(&twice, &["val.lst", "line 2", "twice"]);
    refused(&Shapenet { classes: vec!["chiar".into()], ..all.clone() }, &["`chiar`", "there are: chair, table"]);
    refused(&Shapenet { limit: Some(0), ..all.clone() }, &["`limit`"]);
    refused(&Shapenet { unit: 0.0, ..all.clone() }, &["`unit`"]);
    refused(&Shapenet::default(), &["`folder` is missing"]);
    refused(&Shapenet { folder: "/nowhere".into(), ..all.clone() }, &["/nowhere", "no such folder"]);
    let of = |signals: &Shapenet| signals.fingerprint().unwrap();
    assert_eq!(of(&all), of(&all.clone()));
    for other in [chairs, named, listed] {
        assert_ne!(of(&all), of(&other));
    }
}

fn sorted(mut labels: Vec<String>) -> Vec<String> {
    labels.sort();
    labels
}

#[test]
fn what_is_damaged_is_named_or_left_out_and_counted() {
    let (points, inside) = lattice();
    let points: Vec<u8> = points.iter().flat_map(|x| x.to_le_bytes()).collect();
    let inside: Vec<u8> = inside.into_iter().map(u8::from).collect();
    let of = |points: &[u8], count: usize, inside: &[u8]| {
        npz(&[("points", "<f4", &[count, 3], points), ("occupancies", "|u1", &[inside.len()], inside)])
    };
    let mut broken = points.clone();
    broken[8..12].copy_from_slice(&f32::NAN.to_le_bytes());
    let mut cut = plain();
    cut.truncate(cut.len() / 2);
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("nan", of(&broken, 1728, &inside), "a coordinate of NaN"),
        ("count", of(&points, 1728, &inside[..1000]), "1000 numbers for 1728 points"),
        ("value", of(&points, 1728, &[&inside[1..], &[7]].concat()), "a value of 7"),
        ("few", of(&points[..1200], 100, &inside[..100]), "sampling.points"),
        ("empty", of(&points, 1728, &[0; 1728]), "no point of it is inside"),
        ("flat", npz(&[("points", "<f4", &[1728 * 3], &points)]), "no array `occupancies`"),
        ("array", npz(&[("occupancies", "|u1", &[1728], &inside)]), "no array `points`"),
        ("cut", cut, "archive is damaged"),
        ("text", b"points".to_vec(), "archive is damaged"),
    ];
    for (name, bytes, text) in &cases {
        let (_folder, signals) = tree(&[(&format!("03001627/{name}/points.npz"), bytes.clone())]);
        refused(&signals, &[name, text, "skip_damaged"]);
    }
    let (_folder, mut signals) = tree(&[("03001627/good/points.npz", plain())]);
    signals.sampling.signed_distance = Some(0.1);
    refused(&signals, &["signed_distance", "03001627/good"]);
    // A bomb, by a limit that it meets.
    let (_folder, mut signals) = tree(&[("03001627/bomb/points.npz", plain())]);
    signals.most_bytes = 9000;
    refused(&signals, &["bomb", "limit"]);

    let mut files: Vec<(String, Vec<u8>)> =
        cases.iter().map(|(name, bytes, _)| (format!("03001627/{name}/points.npz"), bytes.clone())).collect();
    files.push(("03001627/good/points.npz".into(), packed()));
    files.push(("03001627/mesh/model.obj".into(), obj()));
    files.push(("03001627/bad-mesh/model.obj".into(), b"v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n".to_vec()));
    files.push(("03001627/without/model.binvox".into(), b"x".to_vec()));
    let files: Vec<(&str, Vec<u8>)> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let (_folder, mut signals) = tree(&files);
    refused(&signals, &["03001627/without", "neither a mesh", "skip_damaged"]);
    signals.sampling.skip_damaged = true;
    let reader = signals.open().unwrap();
    assert_eq!((reader.count(), reader.left_out().len()), (2, 11), "{:?}", reader.left_out());
    let (_folder, signals) = tree(&[("03001627/without/model.binvox", b"x".to_vec())]);
    refused(&signals, &["SYNSET/MODEL/model.obj"]);
}
