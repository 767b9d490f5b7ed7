//! `cifar10`: the colour images of CIFAR-10, in its binary version.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use equigen_core::{Domain, Error, Result, SignalReader, Signals};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::paths::{self, in_file};

/// Colour images of 32 x 32 pixels with labels, from the batches of CIFAR-10's binary version.
///
/// A record is a label byte, then 1,024 bytes each of red, green and blue, row by row. Labels become the names of the
/// classes (`"horse"`); values are divided by 255. Images are read as they are needed, and a byte per label is kept.
/// Format: Krizhevsky 2009, "The CIFAR-10 dataset", section "Binary version".
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cifar10 {
    /// Paths of the batches, such as `data_batch_1.bin`, in their order; relative to the pipeline file.
    pub batches: Vec<PathBuf>,
}

equigen_core::register!(Signals, Cifar10);

/// The names of labels 0 to 9, as in `batches.meta.txt`.
const CLASSES: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const SIDE: usize = 32;
const PIXELS: usize = SIDE * SIDE;
const CHANNELS: usize = 3;
/// Bytes of a record.
const RECORD: usize = 1 + CHANNELS * PIXELS;

#[typetag::serde(name = "cifar10")]
impl Signals for Cifar10 {
    fn resolve(&mut self, folder: &Path) {
        self.batches.iter_mut().for_each(|path| paths::resolve(path, folder));
    }

    fn fingerprint(&self) -> Result<String> {
        self.check()?;
        let hashes = self.batches.iter().map(|path| Ok(paths::hash(path)?.to_string())).collect::<Result<Vec<_>>>()?;
        Ok(format!("cifar10 batches={}", hashes.join(",")))
    }

    fn open(&self) -> Result<Box<dyn SignalReader>> {
        self.check()?;
        // To the end once, for the labels, and so that a damaged file is refused before hours go into what stands before.
        let mut reader = Reader { batches: self.batches.clone(), next: 0, open: None, labels: Vec::new() };
        let mut labels = Vec::new();
        while let Some(record) = reader.next_record()? {
            if usize::from(record[0]) >= CLASSES.len() {
                let text = format!(
                    "record {} of all has the label {}, CIFAR-10 has 0 to 9; give batches of its binary version",
                    labels.len(),
                    record[0]
                );
                return Err(in_file(Error::failed(text), &self.batches[reader.next - 1]));
            }
            labels.push(record[0]);
        }
        Ok(Box::new(Reader { next: 0, open: None, labels, ..reader }))
    }
}

impl Cifar10 {
    /// Refuses paths that were not given.
    fn check(&self) -> Result<()> {
        if self.batches.is_empty() || self.batches.iter().any(|path| path.as_os_str().is_empty()) {
            return Err(Error::config(
                "cifar10: `batches` is missing; give the paths of one or more files, such as [\"data_batch_1.bin\"]",
            ));
        }
        Ok(())
    }
}

/// Batches, one after the other.
struct Reader {
    batches: Vec<PathBuf>,
    /// The batch to open after the open one.
    next: usize,
    open: Option<BufReader<fs_err::File>>,
    /// A byte per image.
    labels: Vec<u8>,
}

impl Reader {
    /// The next record; `None` after the last.
    fn next_record(&mut self) -> Result<Option<[u8; RECORD]>> {
        loop {
            let Some(file) = &mut self.open else {
                let Some(path) = self.batches.get(self.next) else { return Ok(None) };
                self.open = Some(BufReader::with_capacity(64 * RECORD, paths::open(path)?));
                self.next += 1;
                continue;
            };
            let mut bytes = Vec::with_capacity(RECORD);
            file.take(RECORD as u64).read_to_end(&mut bytes)?;
            if bytes.is_empty() {
                self.open = None;
                continue;
            }
            return match <[u8; RECORD]>::try_from(bytes) {
                Ok(record) => Ok(Some(record)),
                Err(rest) => {
                    let text = format!(
                        "it ends with {} bytes of a record of {RECORD}; it is cut short, or no batch of CIFAR-10's binary \
                         version: copy or download it again",
                        rest.len()
                    );
                    Err(in_file(Error::failed(text), &self.batches[self.next - 1]))
                }
            };
        }
    }

    /// The files were read when they were opened: only one that has changed can end too early.
    fn expected_record(&mut self) -> Result<[u8; RECORD]> {
        let changed = || Error::failed("cifar10: `batches` end early; were they changed while they were read?");
        self.next_record()?.ok_or_else(changed)
    }
}

impl SignalReader for Reader {
    fn domain(&self) -> Domain {
        Domain::Image { height: SIDE, width: SIDE, channels: CHANNELS }
    }

    fn count(&self) -> usize {
        self.labels.len()
    }

    fn label(&self, row: usize) -> String {
        CLASSES[usize::from(self.labels[row])].to_owned()
    }

    fn skip(&mut self, count: usize) -> Result<()> {
        (0..count).try_for_each(|_| self.expected_record().map(|_| ()))
    }

    fn read(&mut self, count: usize) -> Result<Vec<f32>> {
        let mut values = Vec::with_capacity(count * PIXELS * CHANNELS);
        for _ in 0..count {
            let record = self.expected_record()?;
            let value = |pixel: usize, channel: usize| f32::from(record[1 + channel * PIXELS + pixel]) / 255.0;
            values.extend((0..PIXELS).flat_map(|pixel| [0, 1, 2].map(|channel| value(pixel, channel))));
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// A record whose bytes count up from `first`, plane by plane.
    fn record(label: u8, first: usize) -> Vec<u8> {
        std::iter::once(label).chain((first..).map(|i| (i % 251) as u8).take(RECORD - 1)).collect()
    }

    fn on_disk(files: &[Vec<u8>]) -> (TempDir, Cifar10) {
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<String> = (1..=files.len()).map(|i| format!("data_batch_{i}.bin")).collect();
        for (name, bytes) in names.iter().zip(files) {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let mut signals = Cifar10 { batches: names.iter().map(PathBuf::from).collect() };
        signals.resolve(folder.path());
        (folder, signals)
    }

    #[test]
    fn planes_become_pixels_and_labels_names() {
        let (_folder, signals) = on_disk(&[[record(7, 3), record(0, 90)].concat(), record(9, 200)]);
        let set = signals.load().unwrap();
        assert_eq!(set.labels, ["horse", "airplane", "truck"]);
        assert_eq!(set.domain, Domain::Image { height: 32, width: 32, channels: 3 });
        for (row, first) in [3, 90, 200].into_iter().enumerate() {
            for (pixel, channel) in [(0, 0), (0, 2), (33, 1), (1023, 2)] {
                let expected = ((first + channel * PIXELS + pixel) % 251) as f32 / 255.0;
                assert_eq!(set.signal(row)[3 * pixel + channel], expected, "{row} {pixel} {channel}");
            }
        }
    }

    #[test]
    fn pieces_go_on_over_the_ends_of_batches() {
        let batches: Vec<Vec<u8>> = vec![[record(1, 1), record(2, 2)].concat(), vec![], record(3, 3), record(4, 4)];
        let (_folder, signals) = on_disk(&batches);
        let whole = signals.load().unwrap();
        let length = PIXELS * CHANNELS;
        let mut reader = signals.open().unwrap();
        assert_eq!((reader.count(), reader.label(3)), (4, "deer".to_owned()));
        reader.skip(1).unwrap();
        assert_eq!(reader.read(2).unwrap(), whole.values[length..3 * length]);
        assert_eq!(reader.read(1).unwrap(), whole.values[3 * length..]);
        assert!(reader.read(1).unwrap_err().to_string().contains("end early"));
    }

    #[test]
    fn each_defect_names_the_file() {
        let refusal = |files: &[Vec<u8>]| on_disk(files).1.load().unwrap_err().to_string();
        let mut cut = [record(1, 1), record(2, 2)].concat();
        cut.pop();
        for (message, text) in [
            (refusal(&[record(1, 1), cut]), "3072 bytes of a record of 3073"),
            (refusal(&[record(1, 1), record(10, 1)]), "has the label 10"),
        ] {
            assert!(message.contains("data_batch_2.bin") && message.contains(text), "{message}");
            assert_eq!(message.lines().count(), 1, "{message}");
        }
        let (folder, mut signals) = on_disk(&[record(1, 1)]);
        signals.batches.push(folder.path().join("gone.bin"));
        let message = signals.load().unwrap_err().to_string();
        assert!(message.contains("gone.bin") && message.contains("no such file"), "{message}");
        let message = Cifar10::default().open().err().unwrap().to_string();
        assert!(message.contains("`batches` is missing"), "{message}");
    }

    #[test]
    fn the_fingerprint_follows_the_contents_and_their_order() {
        let of = |files: &[Vec<u8>]| on_disk(files).1.fingerprint().unwrap();
        let (a, b) = (record(1, 1), record(2, 2));
        assert_eq!(of(&[a.clone(), b.clone()]), of(&[a.clone(), b.clone()]));
        assert_ne!(of(&[a.clone(), b.clone()]), of(&[b, a]));
    }
}
