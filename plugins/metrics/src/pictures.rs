//! Signals as published networks of vision see them: red, green and blue planes, resized.

use equigen_core::{Domain, Error, Result};
use rayon::prelude::*;

/// Images of one domain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pictures {
    height: usize,
    width: usize,
    channels: usize,
}

impl Pictures {
    /// # Errors
    /// If signals are no images of one or three channels.
    pub(crate) fn of(domain: Domain) -> Result<Self> {
        match domain.image() {
            Some([height, width, channels @ (1 | 3)]) => Ok(Self { height, width, channels }),
            Some([_, _, channels]) => Err(Error::config(format!(
                "it looks at images of 1 or 3 channels, these have {channels}: leave it out"
            ))),
            None => Err(Error::config("it looks at images only: leave it out, or take `mmd`, `cov` and `1-nna`")),
        }
    }

    /// Numbers of a signal.
    pub(crate) fn length(self) -> usize {
        self.height * self.width * self.channels
    }

    /// Height and width.
    pub(crate) fn size(self) -> [usize; 2] {
        [self.height, self.width]
    }

    /// Signals `[n, points, channels]`, cut to `[0, 1]`, as planes `[n, 3, height, width]` of another size; grey is repeated.
    ///
    /// Bilinear, the corners' outer edges in one place and without smoothing, as PyTorch's `interpolate` with
    /// `align_corners=False`.
    pub(crate) fn planes(self, signals: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
        let (rows, columns) = (taps(self.height, height), taps(self.width, width));
        let plane = |(signal, colour): (&[f32], usize)| {
            let channel = colour.min(self.channels - 1);
            let at = |y: usize, x: usize| {
                let value = signal[(y * self.width + x) * self.channels + channel];
                if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
            };
            let mut out = Vec::with_capacity(height * width);
            for &(top, bottom, down) in &rows {
                for &(left, right, along) in &columns {
                    let above = at(top, left) * (1.0 - along) + at(top, right) * along;
                    let below = at(bottom, left) * (1.0 - along) + at(bottom, right) * along;
                    out.push(above * (1.0 - down) + below * down);
                }
            }
            out
        };
        let planes: Vec<(&[f32], usize)> =
            signals.chunks(self.length()).flat_map(|signal| (0..3).map(move |colour| (signal, colour))).collect();
        planes.into_par_iter().flat_map_iter(plane).collect()
    }
}

/// For each of `to` pixels the two of `from` between which it lies, and the share of the second.
fn taps(from: usize, to: usize) -> Vec<(usize, usize, f32)> {
    let scale = from as f32 / to as f32;
    let tap = |i: usize| {
        let at = ((i as f32 + 0.5) * scale - 0.5).max(0.0);
        let first = (at as usize).min(from - 1);
        (first, (first + 1).min(from - 1), at - first as f32)
    };
    (0..to).map(tap).collect()
}

#[cfg(test)]
mod tests {
    use equigen_core::Field;

    use super::*;

    #[test]
    fn planes_of_the_same_size_are_the_signal() {
        let colour = Pictures::of(Domain::Image { height: 1, width: 2, channels: 3 }).unwrap();
        let planes = colour.planes(&[0.1, 0.2, 0.3, 0.4, 0.5, 2.0], [1, 2]);
        assert_eq!(planes, [0.1, 0.4, 0.2, 0.5, 0.3, 1.0]);
        let grey = Pictures::of(Domain::Image { height: 1, width: 2, channels: 1 }).unwrap();
        assert_eq!(grey.planes(&[0.25, f32::NAN], [1, 2]), [0.25, 0.0].repeat(3));
    }

    #[test]
    fn resizing_is_bilinear_between_the_centres_of_pixels() {
        let line = Pictures::of(Domain::Image { height: 1, width: 2, channels: 1 }).unwrap();
        assert_eq!(&line.planes(&[0.0, 1.0], [1, 4])[..4], [0.0, 0.25, 0.75, 1.0]);
        let line = Pictures::of(Domain::Image { height: 1, width: 4, channels: 1 }).unwrap();
        assert_eq!(&line.planes(&[0.0, 0.5, 0.5, 1.0], [1, 2])[..2], [0.25, 0.75]);
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let shape = Domain::Shape { points: 8, tested: 4, field: Field::Occupancy };
        assert!(Pictures::of(shape).unwrap_err().to_string().contains("images only"));
        let two = Domain::Image { height: 2, width: 2, channels: 2 };
        assert!(Pictures::of(two).unwrap_err().to_string().contains("these have 2"));
    }
}
