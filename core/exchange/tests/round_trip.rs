//! Networks that leave and come back, and files whose bytes were changed.

use std::path::Path;
use std::sync::Arc;

use equigen_core::registry::Registry;
use equigen_core::{Domain, Field, Inr, Seed, Zoo, ZooItem};
use equigen_exchange::{Format, ImportOptions, export, import};
use equigen_inrs::{ReluPe, Siren, Variant};
use proptest::prelude::*;

const FORMATS: [(Format, &str); 4] = [
    (Format::Pytorch, "pth"),
    (Format::Safetensors, "one.safetensors"),
    (Format::SafetensorsEach, "each"),
    (Format::Npz, "all.npz"),
];

const IMAGE: Domain = Domain::Image { height: 5, width: 4, channels: 3 };
const SHAPE: Domain = Domain::Shape { points: 30, tested: 20, field: Field::Occupancy };

fn siren(variant: Variant) -> Siren {
    Siren { hidden: vec![7, 5, 9], omega: 17.5, variant }
}

/// Networks of images or of shapes; one has no known quality.
fn zoo(inr: impl Inr + 'static, domain: Domain) -> Zoo {
    let layout = Arc::new(inr.layout(domain.dimensions(), domain.channels()).unwrap());
    let mut values: Vec<f32> = (0..12).flat_map(|row| inr.initialise(&layout, &mut Seed::new(4).stream(row))).collect();
    // Numbers whose bits are easily lost.
    values[..5].copy_from_slice(&[-0.0, 1e-40, f32::MIN_POSITIVE, 1e30, -1.0 - f32::EPSILON]);
    let item = |row: u32| ZooItem {
        label: ["chair", "ü", "10"][row as usize % 3].to_owned(),
        quality: if row == 4 { f32::NAN } else { 30.1 + row as f32 / 7.0 },
        steps: 100 + row,
    };
    Zoo { inr: Arc::new(inr), layout, domain, values, items: (0..12).map(item).collect() }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[track_caller]
fn same(found: &Zoo, expected: &Zoo) {
    assert_eq!(bits(&found.values), bits(&expected.values));
    assert_eq!((&found.layout, found.domain), (&expected.layout, expected.domain));
    let settings = |zoo: &Zoo| serde_json::to_value(&zoo.inr).unwrap();
    assert_eq!(settings(found), settings(expected));
    for (found, expected) in found.items.iter().zip(&expected.items) {
        assert_eq!((&found.label, found.steps), (&expected.label, expected.steps));
        assert!(found.quality == expected.quality || (found.quality.is_nan() && expected.quality.is_nan()));
    }
}

fn read(path: &Path) -> equigen_core::Result<Zoo> {
    Ok(import(&[path.to_owned()], &ImportOptions::default(), &Registry::collect()?)?.zoo)
}

#[test]
fn what_leaves_comes_back_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let encoded = |include_input| ReluPe { hidden: vec![6, 8], octaves: 3, include_input };
    let zoos = [
        zoo(siren(Variant::Standard), IMAGE),
        zoo(siren(Variant::Standard), SHAPE),
        zoo(siren(Variant::Dwsnets), IMAGE),
        zoo(encoded(true), IMAGE),
        zoo(encoded(true), SHAPE),
        zoo(encoded(false), SHAPE),
    ];
    for (number, zoo) in zoos.into_iter().enumerate() {
        for (format, name) in FORMATS {
            let path = folder.path().join(format!("{number}-{name}"));
            export(&zoo, format, "layers", &path).unwrap();
            same(&read(&path).unwrap(), &zoo);
            // Nothing is written over, and nothing half is left.
            assert!(export(&zoo, format, "layers", &path).unwrap_err().to_string().contains("exists already"));
        }
    }
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 24, "a temporary file or folder was left");
}

#[test]
fn layers_may_bear_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let zoo = zoo(siren(Variant::Dwsnets), IMAGE);
    for (format, name) in [(Format::Pytorch, "seq"), (Format::Npz, "seq.npz"), (Format::SafetensorsEach, "each")] {
        export(&zoo, format, "seq", &folder.path().join(name)).unwrap();
        same(&read(&folder.path().join(name)).unwrap(), &zoo);
    }
    let bytes = std::fs::read(folder.path().join("seq/00003.pth")).unwrap();
    assert!(bytes.windows(12).any(|name| name == b"seq.0.weight"));
}

#[test]
fn pictures_are_written_of_each_and_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pictures");
    export(&zoo(siren(Variant::Standard), IMAGE), Format::Png, "layers", &path).unwrap();
    let names: Vec<_> = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 13);
    assert!(std::fs::read(path.join("all.png")).unwrap().starts_with(b"\x89PNG"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A file with bytes changed, cut or put in is read or refused, by name; it never panics or hangs.
    #[test]
    fn changed_bytes_are_read_or_refused(
        file in 0..6usize, edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4), cut in any::<prop::sample::Index>(), keep in any::<bool>(),
    ) {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let name = ["dtypes/zip.pth", "dtypes/legacy.pth", "dtypes/one.npz", "nfn.tar", "dtypes/packed.npz", "dtypes/checkpoint.pth"][file];
        let mut bytes = std::fs::read(fixtures.join(name)).unwrap();
        for (place, value) in &edits {
            let place = place.index(bytes.len());
            bytes[place] = *value;
        }
        if !keep {
            bytes.truncate(cut.index(bytes.len()));
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("changed.{}", name.rsplit('.').next().unwrap()));
        std::fs::write(&path, &bytes).unwrap();
        if let Err(error) = read(&path) {
            prop_assert!(error.to_string().contains("changed.") || error.to_string().contains("no network"), "{}", error);
        }
    }
}
