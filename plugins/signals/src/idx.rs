//! The idx format of MNIST: a big-endian header, then bytes. Plain or gzipped, told apart by the first two bytes.
//!
//! A file is read from its start on and never held as a whole: it may be larger than memory.

use std::io::{self, BufRead, Read};

use equigen_core::{Error, Result};
use flate2::bufread::MultiGzDecoder;

/// What an idx file starts with: two zero bytes, the type (8: unsigned bytes), the number of dimensions.
const IMAGES: u32 = 0x803;
const LABELS: u32 = 0x801;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// An idx file, its header read.
pub(crate) struct Idx<const D: usize> {
    /// Extents of the array, as the header gives them.
    pub(crate) extents: [usize; D],
    what: &'static str,
    /// What follows the header, unpacked.
    data: Box<dyn Read>,
}

/// Grey images of one size, a byte a pixel: `[n, height, width]`.
pub(crate) fn images(file: impl BufRead + 'static) -> Result<Idx<3>> {
    let images = Idx::<3>::read_header(file, IMAGES, "images")?;
    let [count, height, width] = images.extents;
    if images.extents.contains(&0) {
        return Err(Error::failed(format!(
            "holds no pixel ({count} images of {height} x {width}); give a file with images"
        )));
    }
    Ok(images)
}

/// All labels of a file.
pub(crate) fn labels(file: impl BufRead + 'static) -> Result<Vec<u8>> {
    let mut idx = Idx::<1>::read_header(file, LABELS, "labels")?;
    let mut labels = Vec::new();
    idx.data.read_to_end(&mut labels).map_err(packed_wrong)?;
    idx.check(labels.len() as u64)?;
    Ok(labels)
}

impl<const D: usize> Idx<D> {
    fn read_header(mut file: impl BufRead + 'static, magic: u32, what: &'static str) -> Result<Self> {
        let packed = file.fill_buf()?.starts_with(&GZIP);
        let mut data: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        let mut header = Vec::new();
        data.by_ref().take(4 * (1 + D as u64)).read_to_end(&mut header).map_err(packed_wrong)?;
        let word = |i: usize| -> Option<u32> {
            let bytes = header.get(4 * i..4 * i + 4)?;
            Some(u32::from_be_bytes(bytes.try_into().expect("four bytes")))
        };
        let found = word(0);
        if found != Some(magic) {
            let hint = match found {
                Some(LABELS) => "it is an idx file of labels: are the two paths swapped?".to_owned(),
                Some(IMAGES) => "it is an idx file of images: are the two paths swapped?".to_owned(),
                Some(other) => format!("it starts with {other:#x} where {magic:#x} should stand"),
                None => "it is too short for a header".to_owned(),
            };
            return Err(Error::failed(format!("no idx file of {what}: {hint}")));
        }
        let mut extents = [0; D];
        for (i, extent) in extents.iter_mut().enumerate() {
            let short = || Error::failed(format!("no idx file of {what}: it is too short for a header"));
            *extent = word(1 + i).ok_or_else(short)? as usize;
        }
        Ok(Self { extents, what, data })
    }

    /// The next `count` bytes; fewer where the file ends.
    pub(crate) fn next_bytes(&mut self, count: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.data.by_ref().take(count as u64).read_to_end(&mut bytes).map_err(packed_wrong)?;
        Ok(bytes)
    }

    /// Leaves out the next `count` bytes, fewer where the file ends; returns how many there were.
    pub(crate) fn skip(&mut self, count: u64) -> Result<u64> {
        io::copy(&mut self.data.by_ref().take(count), &mut io::sink()).map_err(packed_wrong)
    }

    /// Reads to the end and checks that there is as much as the header promises.
    pub(crate) fn check_all(mut self) -> Result<()> {
        let found = self.skip(u64::MAX)?;
        self.check(found)
    }

    fn check(&self, found: u64) -> Result<()> {
        let promised = self.extents.iter().try_fold(1u64, |product, extent| product.checked_mul(*extent as u64));
        if promised == Some(found) {
            return Ok(());
        }
        let promise: Vec<String> = self.extents.iter().map(usize::to_string).collect();
        Err(Error::failed(format!(
            "the header promises {} bytes of {}, but {found} follow it; the file is cut short or damaged: copy or download \
             it again",
            promise.join(" x "),
            self.what
        )))
    }
}

/// What an error says of gzipped data; others are the disk's.
fn packed_wrong(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::failed("the gzip data is cut short; copy or download the file again"),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            Error::failed(format!("the gzip data is damaged ({error}); copy or download the file again"))
        }
        _ => error.into(),
    }
}
