//! A picture's bytes to values.

use std::io::Cursor;

use equigen_core::{Error, Result};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, Rgb32FImage, imageops};

use super::Colour;

fn reader(bytes: &[u8]) -> Result<ImageReader<Cursor<&[u8]>>> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    match reader.format() {
        Some(_) => Ok(reader),
        None => Err(Error::failed("it is no PNG or JPEG picture, whatever its name says; replace it or take it away")),
    }
}

fn damaged(error: image::ImageError) -> Error {
    Error::failed(format!("the picture cannot be read ({error}); replace it or take it away"))
}

/// A picture's decoder, and how the picture is to be turned to stand upright: cameras note it in place of turning pixels.
fn decoder(bytes: &[u8]) -> Result<(impl ImageDecoder + '_, Orientation)> {
    let mut decoder = reader(bytes)?.into_decoder().map_err(damaged)?;
    let orientation = decoder.orientation().map_err(damaged)?;
    Ok((decoder, orientation))
}

/// Width and height as it stands upright, by the header alone.
pub(super) fn size(bytes: &[u8]) -> Result<[u32; 2]> {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    let (decoder, orientation) = decoder(bytes)?;
    let (width, height) = decoder.dimensions();
    Ok(match orientation {
        Rotate90 | Rotate90FlipH | Rotate270 | Rotate270FlipH => [height, width],
        _ => [width, height],
    })
}

/// Whether a picture is turned before it is looked at; a damaged one is not.
pub(super) fn is_turned(bytes: &[u8]) -> bool {
    decoder(bytes).is_ok_and(|(_, orientation)| orientation != Orientation::NoTransforms)
}

/// Values `[pixels, channels]` in `[0, 1]` of a picture of this width and height; of another size, it is resampled.
pub(super) fn values(bytes: &[u8], colour: Colour, [width, height]: [u32; 2]) -> Result<Vec<f32>> {
    let (decoder, orientation) = decoder(bytes)?;
    Limits::default().reserve(decoder.total_bytes()).map_err(damaged)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(orientation);
    let picture = picture.into_rgba32f();
    // Over white before anything is resampled: the colour of what is transparent means nothing.
    let opaque = picture.pixels().flat_map(|pixel| {
        let [red, green, blue, alpha] = pixel.0;
        [red, green, blue].map(|value| value * alpha + (1.0 - alpha))
    });
    let mut opaque = Rgb32FImage::from_raw(picture.width(), picture.height(), opaque.collect())
        .expect("three values for each pixel of the picture");
    if opaque.dimensions() != (width, height) {
        opaque = imageops::resize(&opaque, width, height, imageops::FilterType::Lanczos3);
    }
    let pixels = opaque.pixels().map(|pixel| pixel.0.map(|value| value.clamp(0.0, 1.0)));
    Ok(match colour {
        Colour::Rgb => pixels.flatten().collect(),
        Colour::Grey => pixels.map(|[red, green, blue]| 0.2126 * red + 0.7152 * green + 0.0722 * blue).collect(),
    })
}
