use std::fs;
use std::io::{Cursor, Write};

use image::{DynamicImage, ImageFormat, RgbImage, RgbaImage};
use tempfile::TempDir;

use super::*;

/// A picture of one colour.
fn plain(width: u32, height: u32, colour: [u8; 3]) -> DynamicImage {
    RgbImage::from_pixel(width, height, image::Rgb(colour)).into()
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn png(picture: &DynamicImage) -> Vec<u8> {
    encoded(picture, ImageFormat::Png)
}

fn on_disk(files: &[(&str, Vec<u8>)]) -> (TempDir, ImageFolder) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join("pictures").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let mut signals = ImageFolder { images: "pictures".into(), ..ImageFolder::default() };
    signals.resolve(folder.path());
    (folder, signals)
}

/// Three classes, one in folders of its own, and what is no picture beside them.
fn good() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("red/a.png", png(&plain(3, 2, [255, 0, 0]))),
        ("red/deep/down/b.PNG", png(&plain(3, 2, [51, 0, 0]))),
        ("blue/a.png", png(&plain(3, 2, [0, 0, 255]))),
        ("grey/a.jpg", encoded(&plain(3, 2, [102, 102, 102]), ImageFormat::Jpeg)),
        ("red/notes.txt", b"no picture".to_vec()),
        ("red/.hidden.png", b"neither".to_vec()),
        ("__MACOSX/red/._a.png", b"nor this".to_vec()),
    ]
}

/// The first pixel of each class's pictures, in order of label and value.
fn first_pixels(signals: &ImageFolder) -> Vec<(String, Vec<f32>)> {
    let set = signals.load().unwrap();
    let channels = set.domain.channels();
    let mut found: Vec<_> =
        (0..set.len()).map(|row| (set.labels[row].clone(), set.signal(row)[..channels].to_vec())).collect();
    found.sort_by(|a, b| a.partial_cmp(b).unwrap());
    found
}

fn refusal(signals: &ImageFolder) -> String {
    let message = signals.load().unwrap_err().to_string();
    assert_eq!(message.lines().count(), 1, "{message}");
    message
}

#[test]
fn folders_are_classes_and_other_files_are_not_looked_at() {
    let (_folder, signals) = on_disk(&good());
    let of = |label: &str, pixel: [f32; 3]| (label.to_owned(), pixel.to_vec());
    let expected =
        [of("blue", [0.0, 0.0, 1.0]), of("grey", [0.4; 3]), of("red", [0.2, 0.0, 0.0]), of("red", [1.0, 0.0, 0.0])];
    assert_eq!(first_pixels(&signals), expected);
    assert_eq!(signals.load().unwrap().domain, Domain::Image { height: 2, width: 3, channels: 3 });
    let grey = first_pixels(&ImageFolder { colour: Colour::Grey, ..signals });
    for ((_, pixel), expected) in grey.iter().zip([0.0722, 0.4, 0.2126 * 0.2, 0.2126]) {
        assert!(pixel.len() == 1 && (pixel[0] - expected).abs() < 1e-6, "{pixel:?} {expected}");
    }
}

#[test]
fn a_zip_archive_is_its_folder() {
    let (folder, signals) = on_disk(&good());
    let path = folder.path().join("pictures.zip");
    let mut archive = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    for (name, bytes) in good() {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(&bytes).unwrap();
    }
    archive.finish().unwrap();
    let packed = ImageFolder { images: path.clone(), ..signals.clone() };
    assert_eq!(packed.load().unwrap(), signals.load().unwrap());
    assert_eq!(packed.fingerprint().unwrap(), signals.fingerprint().unwrap());

    let mut bytes = fs::read(&path).unwrap();
    let place = bytes.windows(4).position(|word| word == b"IDAT").unwrap();
    bytes[place + 6] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let message = refusal(&packed);
    assert!(message.contains("pictures.zip/") && message.contains("cannot be unpacked"), "{message}");
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    assert!(refusal(&packed).contains("neither a folder nor a zip archive"));
}

#[test]
fn pictures_are_resampled_and_what_is_transparent_is_white() {
    // Left half black, right half transparent, of whatever colour.
    let half = RgbaImage::from_fn(64, 32, |x, _| image::Rgba([0, 0, 0, if x < 32 { 255 } else { 0 }]));
    let (_folder, signals) =
        on_disk(&[("a/half.png", png(&half.into())), ("b/white.png", png(&plain(5, 7, [255; 3])))]);
    let message = refusal(&signals);
    assert!(message.contains("give `size`") && message.contains("64 x 32") && message.contains("5 x 7"), "{message}");
    let signals = ImageFolder { size: Some([8, 4]), ..signals };
    let set = signals.load().unwrap();
    assert_eq!(set.domain, Domain::Image { height: 4, width: 8, channels: 3 });
    for row in 0..2 {
        let half = set.labels[row] == "a";
        for (i, value) in set.signal(row).iter().enumerate() {
            // Lanczos rings where black meets white.
            let (column, ringing) = (i / 3 % 8, if half { 0.1 } else { 1e-5 });
            let expected = if half && column < 4 { 0.0 } else { 1.0 };
            assert!((value - expected).abs() <= ringing, "{row} {column}: {value}");
        }
    }
}

/// A JPEG of 16 x 8, red on the left and blue on the right, with a note of how it is turned.
fn noted(orientation: u8) -> Vec<u8> {
    let halves = RgbImage::from_fn(16, 8, |x, _| image::Rgb(if x < 8 { [255, 0, 0] } else { [0, 0, 255] }));
    let jpeg = encoded(&halves.into(), ImageFormat::Jpeg);
    // Exif: one entry, tag 0x0112, a short, in little endian.
    let tiff = [&b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"[..], &[orientation, 0, 0, 0], &[0; 4]].concat();
    let segment = [b"Exif\0\0", &tiff[..]].concat();
    let length = (segment.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &segment, &jpeg[2..]].concat()
}

#[test]
fn pictures_stand_upright() {
    // Of pixels where red should be, as a share of width and height: 1 is as stored, 3 and 2 turn it about, 6 and 8 sideways.
    for (orientation, [width, height], red) in [
        (1, [16, 8], [0.25, 0.5]),
        (2, [16, 8], [0.75, 0.5]),
        (3, [16, 8], [0.75, 0.5]),
        (6, [8, 16], [0.5, 0.25]),
        (8, [8, 16], [0.5, 0.75]),
    ] {
        let (_folder, signals) = on_disk(&[("a/noted.jpg", noted(orientation))]);
        let set = signals.load().unwrap();
        assert_eq!(set.domain, Domain::Image { height, width, channels: 3 }, "{orientation}");
        let at = |share: [f64; 2]| {
            let (x, y) = ((share[0] * width as f64) as usize, (share[1] * height as f64) as usize);
            &set.signal(0)[3 * (y * width + x)..][..3]
        };
        let (pixel, other) = (at(red), at(red.map(|share| 1.0 - share)));
        assert!(pixel[0] > 0.9 && pixel[2] < 0.1, "{orientation}: {pixel:?}");
        assert!(other[0] < 0.1 && other[2] > 0.9, "{orientation}: {other:?}");
    }
    // Sideways pictures have the size that they show.
    let (_folder, mixed) = on_disk(&[("a/noted.jpg", noted(6)), ("b/plain.png", png(&plain(8, 16, [0; 3])))]);
    mixed.load().unwrap();
    let resampled = ImageFolder { size: Some([2, 4]), ..mixed }.load().unwrap();
    assert_eq!(resampled.domain, Domain::Image { height: 4, width: 2, channels: 3 });
}

#[test]
fn a_file_of_labels_chooses_and_names() {
    let (folder, signals) = on_disk(&[("x.png", png(&plain(2, 2, [0; 3]))), ("y,z.png", png(&plain(2, 2, [255; 3])))]);
    assert!(refusal(&signals).contains("it lies in no folder"));
    let with = |text: &str| {
        fs::write(folder.path().join("labels.csv"), text).unwrap();
        ImageFolder { labels: Some(folder.path().join("labels.csv")), ..signals.clone() }
    };
    let chosen = with("y,z.png, cat\n\nx.png,dog\r\n");
    assert_eq!(first_pixels(&chosen), [("cat".to_owned(), vec![1.0; 3]), ("dog".to_owned(), vec![0.0; 3])]);
    assert_eq!(with("x.png,dog").load().unwrap().labels, ["dog"]);
    for (text, part) in [
        ("x.png,dog\nx.png,cat", "line 2: `x.png` stands there twice"),
        ("gone.png,dog", "line 1: there is no PNG or JPEG file `gone.png`"),
        ("x.png,", "line 1: `x.png` has no label"),
        ("x.png", "line 1: expected `path,label`"),
        ("", "no PNG or JPEG file"),
    ] {
        let message = refusal(&with(text));
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn pieces_are_what_the_whole_holds_and_the_order_mixes_classes() {
    let names: Vec<String> = (0..40).map(|i| format!("{}/{i}.png", if i < 20 { "a" } else { "b" })).collect();
    let files: Vec<(&str, Vec<u8>)> =
        names.iter().enumerate().map(|(i, name)| (&name[..], png(&plain(1, 1, [6 * i as u8; 3])))).collect();
    let (_folder, signals) = on_disk(&files);
    let whole = signals.load().unwrap();
    let first = whole.labels[..20].iter().filter(|label| *label == "a").count();
    assert!((4..=16).contains(&first), "{:?}", whole.labels);
    let mut reader = signals.open().unwrap();
    assert_eq!((reader.count(), reader.label(3)), (40, whole.labels[3].clone()));
    assert_eq!(reader.read(1).unwrap(), whole.values[..3]);
    reader.skip(20).unwrap();
    assert_eq!(reader.read(19).unwrap(), whole.values[3 * 21..]);
    assert!(reader.read(1).unwrap_err().to_string().contains("there are 0"));
}

#[test]
fn each_defect_names_the_file() {
    let whole = png(&plain(30, 30, [1, 2, 3]));
    for (name, bytes, text) in [
        ("a/text.png", b"no picture".to_vec(), "no PNG or JPEG picture"),
        ("a/empty.jpg", vec![], "no PNG or JPEG picture"),
        ("a/cut.png", whole[..whole.len() - 20].to_vec(), "cannot be read"),
        ("a/header.png", whole[..12].to_vec(), "cannot be read"),
    ] {
        let message = refusal(&on_disk(&[("a/good.png", whole.clone()), (name, bytes)]).1);
        assert!(message.contains(name) && message.contains(text), "{message}");
    }
    let (folder, signals) = on_disk(&good());
    let gone = ImageFolder { images: folder.path().join("gone"), ..signals.clone() };
    assert!(refusal(&gone).contains("no such folder or zip archive"));
    let none = ImageFolder { images: folder.path().join("pictures/__MACOSX"), ..signals.clone() };
    assert!(refusal(&none).contains("no PNG or JPEG file"));
    assert!(refusal(&ImageFolder { size: Some([0, 8]), ..signals }).contains("`size` = [0, 8]"));
    assert!(refusal(&ImageFolder::default()).contains("`images` is missing"));
}

#[test]
fn a_circle_of_links_is_refused() {
    let (folder, signals) = on_disk(&good());
    std::os::unix::fs::symlink(folder.path().join("pictures"), folder.path().join("pictures/red/loop")).unwrap();
    assert!(refusal(&signals).contains("folders deep"));
}

#[test]
fn the_fingerprint_follows_contents_classes_and_settings() {
    let (_folder, signals) = on_disk(&good());
    let first = signals.fingerprint().unwrap();
    assert_eq!(first, on_disk(&good()).1.fingerprint().unwrap(), "not the path of the folder");
    let mut moved = good();
    moved[0].0 = "blue/b.png";
    let mut changed = good();
    changed[0].1 = png(&plain(3, 2, [254, 0, 0]));
    for other in [moved, changed] {
        assert_ne!(first, on_disk(&other).1.fingerprint().unwrap());
    }
    let turned = |orientation| on_disk(&[("a/noted.jpg", noted(orientation))]).1.fingerprint().unwrap();
    assert_ne!(turned(1), turned(3));
    assert_ne!(first, ImageFolder { size: Some([4, 4]), ..signals.clone() }.fingerprint().unwrap());
    assert_ne!(first, ImageFolder { colour: Colour::Grey, ..signals }.fingerprint().unwrap());
}
