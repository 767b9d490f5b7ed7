//! Renders networks at coordinates and writes pictures of them.

use std::path::Path;

use burn::tensor::Device;
use rayon::prelude::*;

use crate::dense::Points;
use crate::surface::Surface;
use crate::{Domain, Error, Result, Zoo, device, files, host};

/// Networks rendered at a time, and values of theirs if these are many.
const BATCH: usize = 128;
const VALUES: usize = 1 << 23;

/// Values of the signals of networks of a zoo at points `[points, dimensions]`: `[rows, points, channels]`.
pub fn render(zoo: &Zoo, rows: &[usize], points: &[f32], device: &Device) -> Vec<f32> {
    let dimensions = zoo.domain.dimensions();
    let shape = [points.len() / dimensions, dimensions];
    let points = Points::Shared(host::tensor(points.to_vec(), shape, device));
    let mut values = Vec::with_capacity(rows.len() * shape[0] * zoo.domain.channels());
    for rows in rows.chunks(BATCH.min(VALUES / shape[0].max(1)).max(1)) {
        values.extend_from_slice(&host::read(zoo.inr.forward(&zoo.weights(rows, device), &points)));
    }
    zoo.domain.read_values(&mut values);
    values
}

/// Pixels along each side of a shape's picture, at one time its size.
const SHAPE: usize = 96;

/// How networks look, at `factor` times their own size: images as such, shapes from the side, shaded. With the domain of the
/// pictures, whose signals these are.
///
/// # Errors
/// If a shape's surface cannot be made.
pub fn look(zoo: &Zoo, rows: &[usize], factor: usize, surface: &Surface) -> Result<(Domain, Vec<f32>)> {
    match zoo.domain {
        Domain::Image { height, width, channels } => {
            let domain = Domain::Image { height: height * factor, width: width * factor, channels };
            Ok((domain, render(zoo, rows, &domain.grid(), &device::open("flex")?)))
        }
        Domain::Shape { .. } => {
            let side = SHAPE * factor;
            let picture = |row: &usize| surface.mesh(zoo, *row).map(|mesh| surface.picture(&mesh, side));
            let pictures = rows.par_iter().map(picture).collect::<Result<Vec<_>>>()?;
            Ok((Domain::Image { height: side, width: side, channels: 3 }, pictures.concat()))
        }
    }
}

/// A PNG of signals `[n, points, channels]` of an image domain, `columns` in a row, values cut to `[0, 1]`.
///
/// # Errors
/// If the domain is none of images, or has neither one nor three channels.
pub fn png(domain: &Domain, signals: &[f32], columns: usize) -> Result<Vec<u8>> {
    let Domain::Image { height, width, channels } = *domain else {
        return Err(Error::failed("only signals on a grid are pictures"));
    };
    let length = height * width * channels;
    let count = signals.len() / length;
    let columns = columns.min(count.max(1));
    let rows = count.div_ceil(columns);
    // A gap of one pixel keeps neighbours apart.
    let gap = usize::from(count > 1);
    let (full_width, full_height) = (columns * (width + gap) - gap, rows * (height + gap) - gap);
    let mut pixels = vec![0u8; full_width * full_height * channels];
    for (i, signal) in signals.chunks(length).enumerate() {
        let (left, top) = ((i % columns) * (width + gap), (i / columns) * (height + gap));
        for (y, line) in signal.chunks(width * channels).enumerate() {
            let start = ((top + y) * full_width + left) * channels;
            for (pixel, value) in pixels[start..].iter_mut().zip(line) {
                *pixel = (value.clamp(0.0, 1.0) * 255.0).round() as u8;
            }
        }
    }
    let color = match channels {
        1 => image::ExtendedColorType::L8,
        3 => image::ExtendedColorType::Rgb8,
        _ => return Err(Error::failed(format!("a picture has 1 or 3 channels, not {channels}"))),
    };
    let mut bytes = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    image::ImageEncoder::write_image(encoder, &pixels, full_width as u32, full_height as u32, color)
        .map_err(|error| Error::failed(format!("cannot encode a picture: {error}")))?;
    Ok(bytes)
}

/// Writes [`png`] to a file, atomically.
///
/// # Errors
/// If the file cannot be written.
pub fn save(domain: &Domain, signals: &[f32], columns: usize, path: &Path) -> Result<()> {
    files::write(path, &png(domain, signals, columns)?)
}
