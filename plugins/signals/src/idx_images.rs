//! `idx-images`: grey images and their labels from a pair of idx files, as MNIST and Fashion-MNIST come.

use std::io::BufReader;
use std::path::{Path, PathBuf};

use equigen_core::{Domain, Error, Result, SignalReader, Signals};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::idx::{self, Idx};
use crate::paths::{self, in_file};

/// Grey images with labels from two idx files, plain or gzipped, as MNIST comes.
///
/// Pixel values are divided by 255; labels become decimal texts (`"9"`). Images are read as they are needed, and a byte
/// per label is kept. Format: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", section "File formats".
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IdxImages {
    /// Path of the images (header 0x803), relative to the pipeline file.
    pub images: PathBuf,
    /// Path of the labels (header 0x801), relative to the pipeline file.
    pub labels: PathBuf,
}

equigen_core::register!(Signals, IdxImages);

impl IdxImages {
    /// Refuses a path that was not given.
    fn check_paths(&self) -> Result<()> {
        for (key, path) in [("images", &self.images), ("labels", &self.labels)] {
            if path.as_os_str().is_empty() {
                return Err(Error::config(format!("idx-images: `{key}` is missing; give the path of an idx file")));
            }
        }
        Ok(())
    }

    fn open_images(&self) -> Result<Idx<3>> {
        idx::images(BufReader::new(paths::open(&self.images)?)).map_err(|error| in_file(error, &self.images))
    }
}

#[typetag::serde(name = "idx-images")]
impl Signals for IdxImages {
    fn resolve(&mut self, folder: &Path) {
        for path in [&mut self.images, &mut self.labels] {
            paths::resolve(path, folder);
        }
    }

    fn fingerprint(&self) -> Result<String> {
        self.check_paths()?;
        let (images, labels) = (paths::hash(&self.images)?, paths::hash(&self.labels)?);
        Ok(format!("idx-images images={images} labels={labels}"))
    }

    fn open(&self) -> Result<Box<dyn SignalReader>> {
        self.check_paths()?;
        // To its end once, so that a damaged file is refused before hours go into what stands before the damage.
        self.open_images()?.check_all().map_err(|error| in_file(error, &self.images))?;
        let labels = BufReader::new(paths::open(&self.labels)?);
        let labels = idx::labels(labels).map_err(|error| in_file(error, &self.labels))?;
        let images = self.open_images()?;
        let [count, ..] = images.extents;
        if count != labels.len() {
            return Err(Error::failed(format!(
                "`{}` holds {count} images, but `{}` holds {} labels; give two files of one data set",
                self.images.display(),
                self.labels.display(),
                labels.len()
            )));
        }
        Ok(Box::new(Reader { images, path: self.images.clone(), labels }))
    }
}

/// A pair of open files.
struct Reader {
    images: Idx<3>,
    path: PathBuf,
    /// A byte per image.
    labels: Vec<u8>,
}

impl Reader {
    /// Bytes of `count` images.
    fn bytes(&self, count: usize) -> usize {
        let [_, height, width] = self.images.extents;
        count * height * width
    }

    /// The files were checked when they were opened: only one that has changed can end too early.
    fn check(&self, found: usize, wanted: usize) -> Result<()> {
        if found == wanted {
            return Ok(());
        }
        Err(in_file(Error::failed("it ends early; was it changed while it was read?"), &self.path))
    }
}

impl SignalReader for Reader {
    fn domain(&self) -> Domain {
        let [_, height, width] = self.images.extents;
        Domain::Image { height, width, channels: 1 }
    }

    fn count(&self) -> usize {
        self.labels.len()
    }

    fn label(&self, row: usize) -> String {
        self.labels[row].to_string()
    }

    fn skip(&mut self, count: usize) -> Result<()> {
        let bytes = self.bytes(count);
        let found = self.images.skip(bytes as u64).map_err(|error| in_file(error, &self.path))?;
        self.check(found as usize, bytes)
    }

    fn read(&mut self, count: usize) -> Result<Vec<f32>> {
        let bytes = self.bytes(count);
        let pixels = self.images.next_bytes(bytes).map_err(|error| in_file(error, &self.path))?;
        self.check(pixels.len(), bytes)?;
        Ok(pixels.iter().map(|pixel| f32::from(*pixel) / 255.0).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;

    fn idx_file(magic: u32, extents: &[u32], data: &[u8]) -> Vec<u8> {
        let header = std::iter::once(&magic).chain(extents).flat_map(|word| word.to_be_bytes());
        header.chain(data.iter().copied()).collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn on_disk(images: &[u8], labels: &[u8]) -> (TempDir, IdxImages) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("the-images"), images).unwrap();
        std::fs::write(folder.path().join("the-labels"), labels).unwrap();
        let mut signals = IdxImages { images: "the-images".into(), labels: "the-labels".into() };
        signals.resolve(folder.path());
        (folder, signals)
    }

    /// The message of a pair of files that must be refused.
    fn refusal(images: &[u8], labels: &[u8]) -> String {
        on_disk(images, labels).1.load().unwrap_err().to_string()
    }

    /// Two images of 1 x 3 pixels, and their labels.
    fn good() -> (Vec<u8>, Vec<u8>) {
        (idx_file(0x803, &[2, 1, 3], &[0, 51, 255, 1, 2, 3]), idx_file(0x801, &[2], &[9, 0]))
    }

    #[test]
    fn plain_and_gzipped_files_give_the_same_signals() {
        let (images, labels) = good();
        let plain = on_disk(&images, &labels).1.load().unwrap();
        assert_eq!(plain.labels, ["9", "0"]);
        assert_eq!(plain.signal(0), [0.0, 0.2, 1.0]);
        let domain = Domain::Image { height: 1, width: 3, channels: 1 };
        assert_eq!(plain.domain, domain);
        assert_eq!(on_disk(&gzip(&images), &labels).1.load().unwrap(), plain);
    }

    #[test]
    fn pieces_are_what_the_whole_holds_in_their_place() {
        let values: Vec<u8> = (0..=251).collect();
        let (images, labels) = (idx_file(0x803, &[63, 2, 2], &values), idx_file(0x801, &[63], &values[..63]));
        for images in [images.clone(), gzip(&images)] {
            let (_folder, signals) = on_disk(&images, &labels);
            let whole = signals.load().unwrap();
            let mut reader = signals.open().unwrap();
            assert_eq!((reader.count(), reader.label(62)), (63, "62".to_owned()));
            assert_eq!(reader.read(1).unwrap(), whole.values[..4]);
            reader.skip(0).unwrap();
            reader.skip(20).unwrap();
            assert_eq!(reader.read(40).unwrap(), whole.values[4 * 21..4 * 61]);
            assert_eq!(reader.label(0), "0");
            for more in [reader.skip(3).unwrap_err(), reader.read(1).unwrap_err()] {
                assert!(more.to_string().contains("the-images"), "{more}");
            }
        }
    }

    #[test]
    fn the_digits_of_the_repository_are_mnist() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data");
        let mut signals = IdxImages { images: "mnist-images.idx.gz".into(), labels: "mnist-labels.idx.gz".into() };
        signals.resolve(&folder);
        let set = signals.load().unwrap();
        assert_eq!((set.len(), set.domain.points()), (10_000, 784));
        let count = |first: usize, label: &str| set.labels[..first].iter().filter(|other| *other == label).count();
        assert_eq!(["1", "5", "9"].map(|label| count(10_000, label)), [1127, 863, 978]);
        // Shuffled: the first thousand are a fair mix.
        for label in &set.labels[..10] {
            assert!((75..=130).contains(&count(1_000, label)), "{label}");
        }
        let mean = set.values.iter().map(|value| f64::from(*value)).sum::<f64>() / set.values.len() as f64;
        assert!((mean - 0.1307).abs() < 2e-3, "MNIST's mean is 0.1307, not {mean}");
    }

    #[test]
    fn each_defect_has_its_own_message_that_names_the_file() {
        let (images, labels) = good();
        let packed = gzip(&images);
        let huge = idx_file(0x803, &[u32::MAX, u32::MAX, u32::MAX], &[]);
        for (images, labels, file, text) in [
            (&packed[..packed.len() - 9], &labels[..], "the-images", "cut short"),
            (&images[..images.len() - 1], &labels[..], "the-images", "promises 2 x 1 x 3"),
            (&images, &labels[..9], "the-labels", "promises 2 bytes"),
            (&huge, &labels, "the-images", "promises 4294967295"),
            (&labels, &images, "the-images", "swapped"),
            (&images, &idx_file(0x801, &[1], &[9]), "the-labels", "2 images"),
            (&idx_file(0x803, &[0, 28, 28], &[]), &idx_file(0x801, &[0], &[]), "the-images", "no pixel"),
            (&idx_file(0x803, &[2, 0, 28], &[]), &labels, "the-images", "no pixel"),
            (&images[..7], &labels, "the-images", "too short"),
            (b"", &labels, "the-images", "too short"),
            (b"\x89PNG\r\n", &labels, "the-images", "0x89504e47"),
            (b"\x1f\x8bnonsense nonsense", &labels, "the-images", "damaged"),
        ] {
            let message = refusal(images, labels);
            assert!(message.contains(file) && message.contains(text), "{message}");
            assert_eq!(message.lines().count(), 1, "{message}");
        }
    }

    #[test]
    fn a_missing_file_and_a_missing_key_are_named() {
        let (folder, mut signals) = on_disk(&good().0, &good().1);
        signals.labels = folder.path().join("gone");
        let message = signals.load().unwrap_err().to_string();
        assert!(message.contains("gone") && message.contains("no such file"), "{message}");
        let mut empty = IdxImages::default();
        empty.resolve(folder.path());
        let message = empty.fingerprint().unwrap_err().to_string();
        assert!(message.contains("`images` is missing"), "{message}");
    }

    #[test]
    fn the_fingerprint_follows_the_contents_and_not_the_path() {
        let (images, labels) = good();
        let of = |images: &[u8]| on_disk(images, &labels).1.fingerprint().unwrap();
        let mut changed = images.clone();
        *changed.last_mut().unwrap() += 1;
        assert_eq!(of(&images), of(&images));
        assert_ne!(of(&images), of(&changed));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn no_bytes_make_the_reader_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..64), kind in 0..4) {
            let start: &[u8] = [&b""[..], &[0, 0, 8, 3], &[0, 0, 8, 1], &[0x1f, 0x8b, 8]][kind as usize];
            bytes.splice(..0, start.iter().copied());
            let file = || Cursor::new(bytes.clone());
            if let Ok(images) = idx::images(file()) {
                let promised = images.extents.iter().map(|extent| *extent as u128).product::<u128>();
                prop_assert_eq!(images.check_all().is_ok(), promised + 16 == bytes.len() as u128);
            }
            if let Ok(labels) = idx::labels(file()) {
                prop_assert_eq!(labels.len() + 8, bytes.len());
            }
        }
    }
}
