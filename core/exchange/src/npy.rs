//! numpy's `.npy` arrays and `.npz` archives of them.
//!
//! Source: numpy, `numpy/lib/format.py`: a magic number, a version, and a Python dict in text, then the numbers.

use std::io::Write;

use equigen_core::tensors::HostTensor;
use equigen_core::{Error, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::archive::Zip;
use crate::dtype::Dtype;
use crate::state::StateDict;

/// How a `.npy` file begins.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";
/// The array of an archive that holds metadata as a text.
const METADATA: &str = "equigen";

/// An array.
#[derive(Debug, PartialEq)]
pub(crate) enum Array {
    /// Numbers.
    Numbers(HostTensor),
    /// Texts, whatever their shape.
    Texts(Vec<String>),
}

/// The arrays of numbers in an archive of numpy (`.npz`), in its order and in single precision; texts are left out.
///
/// # Errors
/// If it is no archive, is damaged, holds an array of another type, or one that unpacks to more than `most_bytes`.
pub fn read_arrays(bytes: &[u8], most_bytes: u64) -> Result<Vec<(String, HostTensor)>> {
    Ok(read_npz(Zip::limited(bytes, most_bytes)?)?.tensors)
}

/// Reads an archive as named tensors.
pub(crate) fn read_npz(mut zip: Zip<'_>) -> Result<StateDict> {
    let mut state = StateDict::default();
    for name in zip.names().to_vec() {
        let Some(key) = name.strip_suffix(".npy") else { continue };
        let array = read_npy(&zip.read(&name)?).map_err(|error| error.within(format!("`{name}`")))?;
        match array {
            Array::Numbers(tensor) => state.tensors.push((key.to_owned(), tensor)),
            Array::Texts(texts) if key == METADATA => state.metadata = texts.into_iter().next(),
            Array::Texts(_) => {}
        }
    }
    Ok(state)
}

/// Reads one array.
pub(crate) fn read_npy(bytes: &[u8]) -> Result<Array> {
    let short = || Error::failed("the array is cut short; save it again or restore it");
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| Error::failed("it is no array of numpy"))?;
    let ([major, _], rest) = rest.split_first_chunk::<2>().ok_or_else(short)?;
    let (length, rest) = if *major == 1 {
        let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(short)?;
        (usize::from(u16::from_le_bytes(*length)), rest)
    } else {
        let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        (u32::from_le_bytes(*length) as usize, rest)
    };
    let (header, numbers) = rest.split_at_checked(length).ok_or_else(short)?;
    let header = Header::parse(&String::from_utf8_lossy(header))?;
    let count = header.shape.iter().try_fold(1usize, |count, extent| count.checked_mul(*extent)).ok_or_else(short)?;
    if let Some(width) = header.description.strip_prefix("<U").and_then(|width| width.parse::<usize>().ok()) {
        let size = width.checked_mul(4).filter(|size| *size > 0).ok_or_else(short)?;
        let bytes = count.checked_mul(size).and_then(|length| numbers.get(..length)).ok_or_else(short)?;
        return Ok(Array::Texts(bytes.chunks(size).map(text).collect()));
    }
    let dtype = Dtype::of_numpy(&header.description).ok_or_else(|| {
        Error::failed(format!("an array of `{}` cannot be read; save it as float32", header.description))
    })?;
    let bytes = count.checked_mul(dtype.size()).and_then(|length| numbers.get(..length)).ok_or_else(short)?;
    let values = dtype.singles(bytes);
    let values = if header.fortran { row_major(&values, &header.shape) } else { values };
    Ok(Array::Numbers(HostTensor { shape: header.shape, values }))
}

/// UTF-32, filled up with zeros.
fn text(bytes: &[u8]) -> String {
    let letters = bytes.as_chunks::<4>().0.iter().map(|letter| u32::from_le_bytes(*letter));
    letters.take_while(|letter| *letter != 0).filter_map(char::from_u32).collect()
}

/// Values in row-major order of an array whose first axis runs fastest.
fn row_major(values: &[f32], shape: &[usize]) -> Vec<f32> {
    let place = |mut index: usize| {
        let mut place = 0;
        let mut stride = values.len();
        for extent in shape.iter().rev() {
            stride /= extent;
            place += (index % extent) * stride;
            index /= extent;
        }
        place
    };
    (0..values.len()).map(|index| values[place(index)]).collect()
}

struct Header {
    description: String,
    fortran: bool,
    shape: Vec<usize>,
}

impl Header {
    /// Of a text like `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
    fn parse(text: &str) -> Result<Self> {
        let bad = || Error::failed("the array's header is damaged; save it again or restore it");
        let after = |key: &str| text.split_once(&format!("'{key}':")).map(|(_, after)| after.trim_start());
        let quoted = after("descr").and_then(|rest| rest.strip_prefix('\'')?.split_once('\''));
        let (description, _) = quoted.ok_or_else(bad)?;
        let fortran = after("fortran_order").ok_or_else(bad)?.starts_with("True");
        let inside = after("shape").and_then(|rest| rest.strip_prefix('(')?.split_once(')'));
        let (extents, _) = inside.ok_or_else(bad)?;
        let extents = extents.split(',').map(str::trim).filter(|extent| !extent.is_empty());
        let shape = extents.map(|extent| extent.parse().map_err(|_| bad())).collect::<Result<_>>()?;
        Ok(Self { description: description.to_owned(), fortran, shape })
    }
}

/// The bytes of an archive of these tensors, and of a text that becomes the array `equigen`.
pub(crate) fn write_npz(tensors: &[(String, HostTensor)], metadata: &str) -> Result<Vec<u8>> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut zip = ZipWriter::new(&mut bytes);
    let in_zip = |error: zip::result::ZipError| Error::failed(error.to_string());
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default())
        .large_file(true);
    let mut entry = |name: &str, header: Vec<u8>, numbers: &[u8]| -> Result<()> {
        zip.start_file(format!("{name}.npy"), options).map_err(in_zip)?;
        zip.write_all(&header)?;
        Ok(zip.write_all(numbers)?)
    };
    for (name, tensor) in tensors {
        entry(name, header("<f4", &tensor.shape), bytemuck::cast_slice(&tensor.values))?;
    }
    let letters: Vec<u32> = metadata.chars().map(u32::from).collect();
    entry(METADATA, header(&format!("<U{}", letters.len()), &[]), bytemuck::cast_slice(&letters))?;
    zip.finish().map_err(in_zip)?;
    Ok(bytes.into_inner())
}

/// What stands before the numbers of an array, filled up to a multiple of 64 bytes.
fn header(description: &str, shape: &[usize]) -> Vec<u8> {
    let extents: String = shape.iter().map(|extent| format!("{extent}, ")).collect();
    let mut text = format!("{{'descr': '{description}', 'fortran_order': False, 'shape': ({extents}), }}");
    // numpy writes `(3,)` and `(3, 4)`; it reads `(3, 4, )` as well.
    let length = (MAGIC.len() + 4 + text.len() + 1).next_multiple_of(64) - MAGIC.len() - 4;
    text.push_str(&" ".repeat(length - text.len() - 1));
    text.push('\n');
    [MAGIC, &[1, 0], &(length as u16).to_le_bytes(), text.as_bytes()].concat()
}
