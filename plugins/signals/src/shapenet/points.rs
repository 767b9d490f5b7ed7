//! Points and whether they are inside, from numpy's archives.

use std::path::Path;

use equigen_core::tensors::HostTensor;
use equigen_exchange::read_arrays;
use equigen_geometry::{Error, Point, Result};

/// Points `[n]` in units of their file, and whether each is inside.
///
/// The archive has an array `points [n, 3]` of any floats, and `occupancies`: n numbers that are 0 or 1, or bits, eight a
/// byte with the first as the highest (`numpy.packbits`), as Occupancy Networks (Mescheder et al. 2019) have them.
///
/// # Errors
/// If the file is missing, larger than `most_bytes` or unpacks to more, damaged, or holds something else; the message does
/// not name it.
pub(super) fn read(path: &Path, most_bytes: u64) -> Result<(Vec<Point>, Vec<bool>)> {
    let size = fs_err::metadata(path)?.len();
    if size > most_bytes {
        let text = format!("it has {size} bytes, the limit is {most_bytes}");
        return Err(Error::new(format!("{text}; raise `most_bytes` or store fewer points")));
    }
    let arrays = read_arrays(&fs_err::read(path)?, most_bytes).map_err(|error| Error::new(error.to_string()))?;
    let array = |name: &str| {
        let found = arrays.iter().find(|(key, _)| key == name).map(|(_, array)| array);
        found.ok_or_else(|| {
            let names: Vec<&str> = arrays.iter().map(|(name, _)| name.as_str()).collect();
            Error::new(format!("it has no array `{name}` of numbers; it has: {}", names.join(", ")))
        })
    };
    let (points, occupancies) = (array("points")?, array("occupancies")?);
    if points.shape.len() != 2 || points.shape[1] != 3 {
        return Err(Error::new(format!("`points` has the shape {:?}, not [n, 3]", points.shape)));
    }
    if let Some(bad) = points.values.iter().find(|x| !x.is_finite()) {
        return Err(Error::new(format!("`points` has a coordinate of {bad}; all must be finite")));
    }
    let inside = inside(occupancies, points.shape[0])?;
    let point = |point: &[f32; 3]| point.map(f64::from);
    Ok((points.values.as_chunks().0.iter().map(point).collect(), inside))
}

/// Whether each of `count` points is inside.
fn inside(occupancies: &HostTensor, count: usize) -> Result<Vec<bool>> {
    let values = &occupancies.values;
    let packed = values.len() != count;
    if packed && values.len() != count.div_ceil(8) {
        return Err(Error::new(format!(
            "`occupancies` has {} numbers for {count} points; there must be one a point, or a bit (numpy.packbits)",
            values.len()
        )));
    }
    let most = if packed { 255.0 } else { 1.0 };
    if let Some(bad) = values.iter().find(|value| value.fract() != 0.0 || !(0.0..=most).contains(*value)) {
        let what = if packed { "a byte of bits" } else { "0 or 1" };
        return Err(Error::new(format!("`occupancies` has a value of {bad} where it must be {what}")));
    }
    if !packed {
        return Ok(values.iter().map(|value| *value == 1.0).collect());
    }
    let bits = values.iter().flat_map(|byte| (0..8).map(|bit| (*byte as u8) << bit & 0x80 != 0));
    Ok(bits.take(count).collect())
}
