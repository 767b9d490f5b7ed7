use std::io::Write;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

const TRIANGLE: &str = "v 0 0 0\nv 1 0 0\nv 0 2 0\nf 1 2 3\n";

/// A zip file of these files.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn open(bytes: Vec<u8>) -> Result<Catalogue> {
    Catalogue::from_bytes(bytes, "`test.sh3f`", Limits::default())
}

fn message(result: Result<impl Sized>) -> String {
    let message = result.err().expect("this is refused").to_string();
    assert!(message.contains("`test.sh3f`"), "{message}");
    message
}

const LIST_OF_TWO: &[u8] =
    b"license=CC BY\n\nname#1=Bar stool\ncategory#1=Kitchen\nmodel#1=/a/stool.obj\ncreator#1=A. Maker\n\
    name#7=Caf\xe9 table\nlicense#7=CC0\nmodel#7=b/table.obj\nmodelRotation#7=1 0 0 0 0 1 0 -1 0\nname_de#1=Hocker\n";

#[test]
fn pieces_are_listed_and_their_models_turned_upright() {
    let files = [(LIST, LIST_OF_TWO), ("a/stool.obj", TRIANGLE.as_bytes()), ("b/table.obj", TRIANGLE.as_bytes())];
    let catalogue = open(archive(&files)).unwrap();
    let [stool, table] = catalogue.pieces() else { panic!("two pieces") };
    assert_eq!((stool.number, stool.name.as_str(), stool.category.as_str()), (1, "Bar stool", "Kitchen"));
    assert_eq!((stool.creator.as_str(), stool.licence.as_str()), ("A. Maker", "CC BY"));
    assert_eq!((table.number, table.name.as_str(), table.licence.as_str()), (7, "Caf\u{e9} table", "CC0"));
    assert_eq!(catalogue.mesh(stool).unwrap().bounds().unwrap().high, [1.0, 2.0, 0.0]);
    // y becomes -z.
    let turned = catalogue.mesh(table).unwrap().bounds().unwrap();
    assert_eq!((turned.low, turned.high), ([0.0, 0.0, -2.0], [1.0, 0.0, 0.0]));
    assert_eq!(catalogue.unpack("a/stool.obj").unwrap(), TRIANGLE.as_bytes());
}

#[test]
fn lists_that_do_not_fit_are_refused_by_entry() {
    let with = |list: &[u8]| message(open(archive(&[(LIST, list), ("a.obj", TRIANGLE.as_bytes())])));
    assert!(with(b"name#3=Chair\n").contains("`model#3` is missing"));
    assert!(with(b"model#3=a.obj\n").contains("`name#3` is missing"));
    assert!(with(b"name#3=Chair\nmodel#3=b.obj\n").contains("model#3 is `b.obj`, which is not in the archive"));
    assert!(with(b"name#3=Chair\nmodel#3=a.obj\nmodelRotation#3=1 0 0\n").contains("`modelRotation#3`"));
    assert!(message(open(archive(&[("a.obj", b"")]))).contains("no furniture catalogue"));
    let none = open(archive(&[(LIST, b"id=empty\n")])).unwrap();
    assert!(none.pieces().is_empty());
}

#[test]
fn bad_models_and_cut_or_damaged_archives_are_named() {
    let bad: &[u8] = b"v 0 0 nan\nf 1 1 1\n";
    let catalogue = open(archive(&[(LIST, b"name#1=Chair\nmodel#1=a.obj\n"), ("a.obj", bad)])).unwrap();
    let found = message(catalogue.mesh(&catalogue.pieces()[0]));
    assert!(found.contains("`a.obj`: line 1") && found.contains("`nan`"), "{found}");
    assert!(message(catalogue.unpack("b.obj")).contains("`b.obj`"));

    let whole = archive(&[(LIST, b"name#1=Chair\nmodel#1=a.obj\n"), ("a.obj", TRIANGLE.repeat(50).as_bytes())]);
    assert!(message(open(whole[..whole.len() / 2].to_vec())).contains("copy it again"));
    assert!(message(open(b"not a zip".to_vec())).contains("no zip file"));
    // A byte of the model's data is wrong: either it cannot be unpacked, or the checksum differs.
    let start = whole.windows(5).position(|w| w == b"a.obj").unwrap() + 5;
    for at in start..start + 20 {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        let result = open(damaged).and_then(|catalogue| catalogue.unpack("a.obj"));
        assert!(message(result).contains("copy"), "byte {at}");
    }
}

#[test]
fn bombs_are_refused_before_they_are_unpacked() {
    let limits = Limits { archive: 1 << 20, file: 1 << 20, total: 3 << 20 };
    let zeros = vec![0; (1 << 20) + 1];
    let list: (&str, &[u8]) = (LIST, b"name#1=Chair\nmodel#1=a.obj\n");
    let bomb = archive(&[list, ("a.obj", &zeros)]);
    assert!(bomb.len() < 5000);
    let found = message(Catalogue::from_bytes(bomb, "`test.sh3f`", limits));
    assert!(found.contains("`a.obj`") && found.contains("1048577") && found.contains("1048576"), "{found}");

    let part = &zeros[..1 << 20];
    let many = archive(&[list, ("a.obj", part), ("b", part), ("c", part), ("d", part)]);
    let found = message(Catalogue::from_bytes(many, "`test.sh3f`", limits));
    assert!(found.contains("all that is in it") && found.contains("3145728"), "{found}");

    // A bomb that lies about its size: the directory says 10 bytes.
    let mut liar = archive(&[list, ("a.obj", part)]);
    let (size, lie) = ((1u32 << 20).to_le_bytes(), 10u32.to_le_bytes());
    for at in 0..liar.len() - 4 {
        if liar[at..at + 4] == size {
            liar[at..at + 4].copy_from_slice(&lie);
        }
    }
    let liar = Catalogue::from_bytes(liar, "`test.sh3f`", limits).unwrap();
    let found = message(liar.unpack("a.obj"));
    assert!(found.contains("`a.obj` cannot be unpacked"), "{found}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.sh3f");
    std::fs::write(&path, vec![0; 100]).unwrap();
    let found = Catalogue::open(&path, Limits { archive: 99, ..limits }).unwrap_err().to_string();
    assert!(found.contains("large.sh3f") && found.contains("99"), "{found}");
}
