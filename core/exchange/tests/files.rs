//! Files that real PyTorch and numpy wrote (`fixtures/make.py`), and what PyTorch renders of them.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use equigen_core::registry::Registry;
use equigen_core::{Domain, Field, picture};
use equigen_exchange::{ImportOptions, Imported, import};
use equigen_inrs as _;

const DIGITS: Domain = Domain::Image { height: 28, width: 28, channels: 1 };

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn read_with(name: &str, options: &ImportOptions) -> equigen_core::Result<Imported> {
    import(&[fixture(name)], options, &Registry::collect().unwrap())
}

fn read(name: &str) -> Imported {
    read_with(name, &ImportOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The numbers of a float32 array of numpy, read without the crate under test.
fn array(name: &str) -> Vec<f32> {
    let bytes = std::fs::read(fixture("expected").join(name)).unwrap();
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert!(std::str::from_utf8(&bytes[10..10 + header]).unwrap().contains("'<f4', 'fortran_order': False"));
    bytes[10 + header..].chunks(4).map(|number| f32::from_le_bytes(number.try_into().unwrap())).collect()
}

#[track_caller]
fn near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let spread = expected.iter().fold(f32::MIN, |m, x| m.max(*x)) - expected.iter().fold(f32::MAX, |m, x| m.min(*x));
    assert!(worst < 1e-5, "{worst} from what PyTorch renders");
    assert!(spread > 1e-3, "a flat picture tells nothing: {spread}");
}

fn rendered(imported: &Imported) -> Vec<f32> {
    let zoo = &imported.zoo;
    let rows: Vec<usize> = (0..zoo.len()).collect();
    picture::render(zoo, &rows, &zoo.domain.grid(), &Device::flex())
}

fn labels(imported: &Imported) -> Vec<&str> {
    imported.zoo.items.iter().map(|item| item.label.as_str()).collect()
}

#[test]
fn networks_of_dwsnets_render_as_pytorch_renders_them() {
    let imported = read("dwsnets");
    assert_eq!((imported.told_by.as_str(), imported.zoo.domain), ("dwsnets", DIGITS));
    // In the order of the folders' names, with the labels of the split file.
    assert_eq!(labels(&imported), ["0", "4", "5"]);
    assert!(imported.zoo.items.iter().all(|item| item.quality.is_nan()));
    let expected = array("dwsnets.npy");
    let order: Vec<f32> = [1, 2, 0].iter().flat_map(|row| &expected[row * 784..(row + 1) * 784]).copied().collect();
    near(&rendered(&imported), &order);
}

#[test]
fn networks_of_nfn_come_from_a_tar_with_rows_first_and_another_range() {
    let imported = read("nfn.tar");
    assert_eq!((imported.told_by.as_str(), labels(&imported)), ("nfn", vec!["2", "7"]));
    let expected = array("nfn.npy");
    near(&rendered(&imported), &[&expected[784..], &expected[..784]].concat());
}

#[test]
fn networks_of_hyperdiffusion_are_recognised_and_need_their_domain() {
    let message = read_with("hyperdiffusion.pth", &ImportOptions::default()).unwrap_err().to_string();
    for part in ["27-16-16-1", "hyperdiffusion", "nothing tells the domain of 3 coordinates"] {
        assert!(message.contains(part), "{message}");
    }
    let shape = Domain::Shape { points: 8, tested: 8, field: Field::Occupancy };
    let given = ImportOptions { domain: Some(shape), ..ImportOptions::default() };
    let imported = read_with("hyperdiffusion.pth", &given).unwrap();
    assert_eq!((imported.told_by.as_str(), imported.zoo.domain), ("hyperdiffusion", shape));
    near(&picture::render(&imported.zoo, &[0], &array("hyperdiffusion-points.npy"), &Device::flex()), &logits_read());
}

/// What PyTorch gives of the network of HyperDiffusion are logits; a zoo of shapes renders how likely a point is inside.
fn logits_read() -> Vec<f32> {
    let probability = |logit: f32| (1.0 / (1.0 + (-f64::from(logit)).exp())) as f32;
    array("hyperdiffusion.npy").into_iter().map(probability).collect()
}

#[test]
fn every_form_in_which_a_network_is_saved_is_the_same_network() {
    let whole = read("dtypes/zip.pth").zoo;
    near(&rendered(&read("dtypes/zip.pth")), &array("dtypes.npy"));
    for name in ["legacy", "checkpoint", "parameters", "strided", "views", "list", "double"] {
        assert_eq!(read(&format!("dtypes/{name}.pth")).zoo.values, whole.values, "{name}");
    }
    for name in ["one", "packed", "stacked"] {
        assert_eq!(read(&format!("dtypes/{name}.npz")).zoo.values, whole.values, "{name}");
    }
    // A bias that is not there is 0, as this one is in the file that has it.
    assert_eq!(read("dtypes/no-first-bias.pth").zoo.values, whole.values);
    assert_eq!(read_with("dtypes", &ImportOptions::default()).unwrap().zoo.len(), 12);
}

#[test]
fn wrong_files_are_refused_by_name_and_nothing_is_executed() {
    for (name, reason) in [
        ("system.pth", "calls `posix.system`"),
        ("eval.pth", "calls `__builtin__.eval`"),
        ("getattr.pth", "calls `__builtin__.getattr`"),
        ("module.pth", "nothing of it was executed"),
        ("plain.pth", "by its first bytes"),
        ("truncated.pth", "archive is damaged"),
        ("truncated-legacy.pth", "ends early"),
        ("empty.pth", "by its first bytes"),
        ("short-storage.pth", "does not fit its storage"),
        ("flipped.pth", "cannot be read"),
        ("mismatched.pth", "`seq.2.weight` is [1, 5]"),
        ("nan.pth", "has a weight of NaN"),
        ("convolution.pth", "`conv.weight` is [4, 1, 3, 3]"),
        ("buffer.pth", "`buffer` [3] has no place"),
        ("two.pth", "several state dicts (a, b); give one with --key"),
        ("objects.npz", "array of `|O`"),
        ("gone.pth", "gone.pth"),
    ] {
        let message = read_with(&format!("bad/{name}"), &ImportOptions::default()).unwrap_err().to_string();
        assert!(message.contains(name) && message.contains(reason), "{message}");
    }
    for place in ["executed", "bad/executed"] {
        assert!(!fixture(place).exists() && !Path::new(place).exists(), "code of a file was executed");
    }
    let key = ImportOptions { key: Some("b".into()), ..ImportOptions::default() };
    assert_eq!(read_with("bad/two.pth", &key).unwrap().zoo.len(), 1);
}

#[test]
fn one_wrong_file_refuses_all_unless_it_may_be_left_out() {
    let paths = [fixture("dtypes/zip.pth"), fixture("bad/nan.pth"), fixture("dwsnets")];
    let registry = Registry::collect().unwrap();
    let message = import(&paths[..2], &ImportOptions::default(), &registry).unwrap_err().to_string();
    assert!(message.contains("nan.pth") && message.contains("nothing was imported"), "{message}");
    let skip = ImportOptions { skip: true, ..ImportOptions::default() };
    let imported = import(&paths, &skip, &registry).unwrap();
    assert_eq!((imported.zoo.len(), imported.skipped.len()), (1, 4));
    assert!(imported.skipped[1].contains("2-16-16-1"), "{}", imported.skipped[1]);
}

#[test]
fn what_weights_do_not_tell_can_be_said() {
    let named = |convention: &str| ImportOptions { convention: Some(convention.into()), ..ImportOptions::default() };
    let message = read_with("dtypes/zip.pth", &named("dwsnet")).unwrap_err().to_string();
    assert!(message.contains("known are: dwsnets, nfn, hyperdiffusion"), "{message}");
    let given = ImportOptions {
        inr: Some(serde_json::json!({ "type": "siren", "omega": 15.0 })),
        size: Some([9, 7]),
        label: Some("a".into()),
        ..ImportOptions::default()
    };
    let zoo = read_with("dtypes/zip.pth", &given).unwrap().zoo;
    assert_eq!(zoo.domain, Domain::Image { height: 9, width: 7, channels: 1 });
    assert_eq!((zoo.items[0].label.as_str(), zoo.layout.parameters()), ("a", 2 * 8 + 8 + 64 + 8 + 8 + 1));
    let text = serde_json::to_string(&zoo.inr).unwrap();
    assert!(text.contains("15.0") && text.contains("standard"), "{text}");
}
