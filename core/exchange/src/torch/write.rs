//! Writes a state dict as `torch.save` does, so that `torch.load(…, weights_only=True)` reads it.

use std::io::Write;

use equigen_core::tensors::HostTensor;
use equigen_core::{Error, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::METADATA;

/// The bytes of a `.pth` file: the tensors in their order, and a text of our own that PyTorch leaves alone.
///
/// # Errors
/// If a tensor has more than 2^31 numbers along an axis.
pub(crate) fn state_dict(tensors: &[(String, HostTensor)], metadata: &str) -> Result<Vec<u8>> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut zip = ZipWriter::new(&mut bytes);
    // Numbers begin at a multiple of 64 bytes, where PyTorch's own memory mapping wants them. No time of day: the same
    // networks are the same bytes.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default())
        .with_alignment(64);
    let mut entry = |name: &str, content: &[u8]| -> Result<()> {
        zip.start_file(format!("archive/{name}"), options).map_err(in_zip)?;
        Ok(zip.write_all(content)?)
    };
    entry("data.pkl", &pickle(tensors)?)?;
    entry("byteorder", b"little")?;
    for (key, (_, tensor)) in tensors.iter().enumerate() {
        entry(&format!("data/{key}"), bytemuck::cast_slice(&tensor.values))?;
    }
    entry("version", b"3\n")?;
    entry(METADATA, metadata.as_bytes())?;
    zip.finish().map_err(in_zip)?;
    Ok(bytes.into_inner())
}

fn in_zip(error: zip::result::ZipError) -> Error {
    Error::failed(error.to_string())
}

/// The pickle of `OrderedDict` of tensors, protocol 2, one storage for each.
fn pickle(tensors: &[(String, HostTensor)]) -> Result<Vec<u8>> {
    let mut out = b"\x80\x02ccollections\nOrderedDict\n)R(".to_vec();
    for (key, (name, tensor)) in tensors.iter().enumerate() {
        text(&mut out, name);
        out.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(&mut out, "storage");
        out.extend(b"ctorch\nFloatStorage\n");
        text(&mut out, &key.to_string());
        text(&mut out, "cpu");
        integer(&mut out, tensor.values.len())?;
        out.extend(b"tQ");
        integer(&mut out, 0)?;
        let strides = (0..tensor.shape.len()).map(|axis| tensor.shape[axis + 1..].iter().product());
        for counts in [tensor.shape.clone(), strides.collect()] {
            out.push(b'(');
            counts.into_iter().try_for_each(|count: usize| integer(&mut out, count))?;
            out.push(b't');
        }
        // No gradient, and no hooks.
        out.extend(b"\x89ccollections\nOrderedDict\n)RtR");
    }
    out.extend(b"u.");
    Ok(out)
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'X');
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.as_bytes());
}

fn integer(out: &mut Vec<u8>, value: usize) -> Result<()> {
    let value =
        i32::try_from(value).map_err(|_| Error::failed(format!("{value} numbers do not fit a tensor's pickle")))?;
    out.push(b'J');
    out.extend(value.to_le_bytes());
    Ok(())
}
