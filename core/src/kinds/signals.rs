//! Where signals come from.

use std::fmt::Debug;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::component_kind;
use crate::{Result, Zoo, registry::Claim};

/// A source of signals (images, shapes) with labels.
#[typetag::serde(tag = "type")]
pub trait Signals: Debug + Send + Sync {
    /// Makes relative paths absolute: they are relative to the folder of the pipeline file.
    fn resolve(&mut self, folder: &Path);

    /// A text that changes when the signals do: settings and a hash of the files, without their paths.
    ///
    /// # Errors
    /// If a file cannot be read.
    fn fingerprint(&self) -> Result<String>;

    /// Opens the signals, to be read piece by piece: a data set may be larger than memory.
    ///
    /// # Errors
    /// If a file is missing or does not hold what it says; the message names it.
    fn open(&self) -> Result<Box<dyn SignalReader>>;

    /// Reads all signals.
    ///
    /// # Errors
    /// As [`Signals::open`] and [`SignalReader::read`].
    fn load(&self) -> Result<SignalSet> {
        let mut reader = self.open()?;
        let count = reader.count();
        SignalSet::read(&mut *reader, count)
    }

    /// The networks whose renderings the signals are, row for row, if they are such: then nothing is fitted.
    ///
    /// # Errors
    /// As [`Signals::open`].
    fn networks(&self) -> Result<Option<Zoo>> {
        Ok(None)
    }

    /// What the component promises.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

component_kind!(Signals);

/// Signals that are read in their order. Of all of them it keeps the labels at most.
pub trait SignalReader {
    /// Their common domain.
    fn domain(&self) -> Domain;

    /// Number of signals.
    fn count(&self) -> usize;

    /// Label of any of them, whatever was read so far.
    ///
    /// # Panics
    /// If there is no such row.
    fn label(&self, row: usize) -> String;

    /// Leaves out the next `count` signals.
    ///
    /// # Errors
    /// If there are fewer, or the file cannot be read; the message names it.
    fn skip(&mut self, count: usize) -> Result<()>;

    /// Values of the next `count` signals, `[count, points, channels]`, in `[0, 1]`.
    ///
    /// # Errors
    /// As [`SignalReader::skip`].
    fn read(&mut self, count: usize) -> Result<Vec<f32>>;
}

/// What the coordinates of a signal are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Domain {
    /// Pixel centres of an image: `linspace(-1, 1)` on each axis, row by row; column 0 is x (the image's column),
    /// column 1 is y (its row).
    Image {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// Values per pixel, 1 or 3.
        channels: usize,
    },
}

impl Domain {
    /// Dimensions of a coordinate.
    pub fn dimensions(&self) -> usize {
        2
    }

    /// Values at a point.
    pub fn channels(&self) -> usize {
        let Self::Image { channels, .. } = self;
        *channels
    }

    /// Coordinates of the native grid, `[points, dimensions]`.
    pub fn grid(&self) -> Vec<f32> {
        let Self::Image { height, width, .. } = *self;
        self.grid_of(height, width)
    }

    /// Coordinates of a grid of another resolution over the same square.
    pub fn grid_of(&self, height: usize, width: usize) -> Vec<f32> {
        let at = |i: usize, n: usize| {
            if n > 1 { 2.0 * i as f32 / (n - 1) as f32 - 1.0 } else { 0.0 }
        };
        (0..height).flat_map(|row| (0..width).flat_map(move |column| [at(column, width), at(row, height)])).collect()
    }

    /// The value at a point, by cubic convolution (Keys 1981, a = -0.75) between the pixels of `signal [points, channels]`,
    /// cut to the range of signals, `[0, 1]`. Beyond the border the image goes on as it ends.
    pub fn interpolate(&self, signal: &[f32], point: &[f32], out: &mut [f32]) {
        let Self::Image { height, width, channels } = *self;
        let (columns, rows) = (taps(point[0], width), taps(point[1], height));
        out.fill(0.0);
        for (row, vertical) in rows {
            for (column, horizontal) in columns {
                let start = (row * width + column) * channels;
                for (value, pixel) in out.iter_mut().zip(&signal[start..start + channels]) {
                    *value += vertical * horizontal * pixel;
                }
            }
        }
        out.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    }

    /// Points of the native grid.
    pub fn points(&self) -> usize {
        let Self::Image { height, width, .. } = *self;
        height * width
    }
}

/// The four pixels of an axis around a coordinate in `[-1, 1]`, with their weights.
fn taps(x: f32, pixels: usize) -> [(usize, f32); 4] {
    const A: f32 = -0.75;
    let last = (pixels - 1) as f32;
    let place = (0.5 * (x + 1.0) * last).clamp(0.0, last);
    let low = place.floor();
    let t = place - low;
    let near = |t: f32| ((A + 2.0) * t - (A + 3.0)) * t * t + 1.0;
    let far = |t: f32| ((A * t - 5.0 * A) * t + 8.0 * A) * t - 4.0 * A;
    let pixel = |offset: f32| (low + offset).clamp(0.0, last) as usize;
    [(pixel(-1.0), far(t + 1.0)), (pixel(0.0), near(t)), (pixel(1.0), near(1.0 - t)), (pixel(2.0), far(2.0 - t))]
}

/// Signals of one domain.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalSet {
    /// Their common domain.
    pub domain: Domain,
    /// `[n, points, channels]`, in `[0, 1]`.
    pub values: Vec<f32>,
    /// One label per signal.
    pub labels: Vec<String>,
}

impl SignalSet {
    /// The first `count` signals of a reader that was just opened.
    ///
    /// # Errors
    /// As [`SignalReader::read`].
    pub fn read(reader: &mut dyn SignalReader, count: usize) -> Result<Self> {
        let labels = (0..count).map(|row| reader.label(row)).collect();
        Ok(Self { domain: reader.domain(), values: reader.read(count)?, labels })
    }

    /// Number of signals.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Values `[points, channels]` of one signal.
    pub fn signal(&self, row: usize) -> &[f32] {
        let length = self.domain.points() * self.domain.channels();
        &self.values[row * length..(row + 1) * length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_runs_row_by_row_with_x_first() {
        let grid = Domain::Image { height: 2, width: 3, channels: 1 }.grid();
        assert_eq!(grid, [-1.0, -1.0, 0.0, -1.0, 1.0, -1.0, -1.0, 1.0, 0.0, 1.0, 1.0, 1.0]);
    }
}
