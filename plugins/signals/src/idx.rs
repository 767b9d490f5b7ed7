//! The idx format of MNIST: a big-endian header, then bytes. Plain or gzipped, told apart by the first two bytes.

use std::io::Read;
use std::path::Path;

use equigen_core::{Error, Result};
use flate2::read::MultiGzDecoder;

/// What an idx file starts with: two zero bytes, the type (8: unsigned bytes), the number of dimensions.
const IMAGES: u32 = 0x803;
const LABELS: u32 = 0x801;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Grey images of one size, a byte a pixel.
pub(crate) struct Images {
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// `[n, height, width]`.
    pub(crate) pixels: Vec<u8>,
}

/// Reads a file's bytes as they lie on the disk.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs_err::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Error::failed(format!("`{}`: there is no such file; check the path", path.display()))
        }
        _ => Error::failed(error.to_string()),
    })
}

/// Images from a file's bytes.
pub(crate) fn images(bytes: &[u8]) -> Result<Images> {
    let bytes = unpack(bytes)?;
    let ([count, height, width], pixels) = split::<3>(&bytes, IMAGES, "images")?;
    if count == 0 || pixels.is_empty() {
        return Err(Error::failed(format!(
            "holds no pixel ({count} images of {height} x {width}); give a file with images"
        )));
    }
    let pixels = pixels.to_vec();
    Ok(Images { height, width, pixels })
}

/// Labels from a file's bytes.
pub(crate) fn labels(bytes: &[u8]) -> Result<Vec<u8>> {
    let bytes = unpack(bytes)?;
    let (_, labels) = split::<1>(&bytes, LABELS, "labels")?;
    Ok(labels.to_vec())
}

fn unpack(bytes: &[u8]) -> Result<Vec<u8>> {
    if !bytes.starts_with(&GZIP) {
        return Ok(bytes.to_vec());
    }
    let mut out = Vec::new();
    match MultiGzDecoder::new(bytes).read_to_end(&mut out) {
        Ok(_) => Ok(out),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(Error::failed(format!(
            "the gzip data is cut short after {} bytes; copy or download the file again",
            bytes.len()
        ))),
        Err(error) => {
            Err(Error::failed(format!("the gzip data is damaged ({error}); copy or download the file again")))
        }
    }
}

/// Checks the header against the data; returns the extents and the data.
fn split<'a, const D: usize>(bytes: &'a [u8], magic: u32, what: &str) -> Result<([usize; D], &'a [u8])> {
    let word = |i: usize| -> Option<u32> {
        let bytes = bytes.get(4 * i..4 * i + 4)?;
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
        let value =
            word(1 + i).ok_or_else(|| Error::failed(format!("no idx file of {what}: it is too short for a header")))?;
        *extent = value as usize;
    }
    let data = &bytes[4 * (1 + D)..];
    let promised = extents.iter().try_fold(1usize, |product, extent| product.checked_mul(*extent));
    if promised != Some(data.len()) {
        let promise: Vec<String> = extents.iter().map(usize::to_string).collect();
        return Err(Error::failed(format!(
            "the header promises {} bytes of {what}, but {} follow it; the file is cut short or damaged: copy or download \
             it again",
            promise.join(" x "),
            data.len()
        )));
    }
    Ok((extents, data))
}
