//! What the coordinates of a signal are, and what the value of a network says there.
//!
//! The one place that knows images from shapes: what a signal's numbers are, how a network's value is read, what a fit makes
//! small and when it is good enough.

use burn::tensor::{Bool, Tensor, activation::log_sigmoid};
use serde::{Deserialize, Serialize};

/// What the coordinates of a signal are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Domain {
    /// Pixel centres of an image: `linspace(-1, 1)` on each axis, row by row; column 0 is x (the image's column),
    /// column 1 is y (its row). A network's value is that of the pixel.
    Image {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// Values per pixel, 1 or 3.
        channels: usize,
    },
    /// A solid in the cube `[-1, 1]^3`; beyond it all is outside. Each signal has points of its own, with values above a half
    /// inside and below it outside. What they and a network's values say, [`Field`] tells.
    Shape {
        /// Points of a signal that a network is fitted to.
        points: usize,
        /// Points after those, uniform in the cube, which no fit sees: there it is tested.
        tested: usize,
        /// What is said at a point.
        #[serde(default, skip_serializing_if = "Field::is_occupancy")]
        field: Field,
    },
}

/// What is said at a point of a solid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// Signals have 1 inside and 0 outside. A network's value is the logit of being inside, as in HyperDiffusion (Erkoç et
    /// al. 2023).
    #[default]
    Occupancy,
    /// How far the surface is, negative inside, cut at some distance and in units of it (DeepSDF, Park et al. 2019). A
    /// network's value is that distance `d`, so that its surface is at 0; signals have `(1 - d) / 2`, which is above a half
    /// inside as an occupancy is.
    SignedDistance,
}

impl Field {
    fn is_occupancy(&self) -> bool {
        *self == Self::Occupancy
    }

    /// What a signal keeps of what a function of space answers: whether that is inside, or all of it.
    pub(crate) fn keep(self, value: f32) -> f32 {
        match self {
            Self::Occupancy => f32::from(value > 0.5),
            Self::SignedDistance => value,
        }
    }
}

impl Domain {
    /// Dimensions of a coordinate.
    pub fn dimensions(&self) -> usize {
        match self {
            Self::Image { .. } => 2,
            Self::Shape { .. } => 3,
        }
    }

    /// Height, width and channels, if signals are images.
    pub fn image(&self) -> Option<[usize; 3]> {
        match *self {
            Self::Image { height, width, channels } => Some([height, width, channels]),
            Self::Shape { .. } => None,
        }
    }

    /// Values at a point.
    pub fn channels(&self) -> usize {
        match self {
            Self::Image { channels, .. } => *channels,
            Self::Shape { .. } => 1,
        }
    }

    /// Points of a signal.
    pub fn points(&self) -> usize {
        match *self {
            Self::Image { height, width, .. } => height * width,
            Self::Shape { points, tested, .. } => points + tested,
        }
    }

    /// Points of a signal that a network is fitted to, the first ones. The others test it.
    pub fn fitted_points(&self) -> usize {
        match *self {
            Self::Image { .. } => self.points(),
            Self::Shape { points, .. } => points,
        }
    }

    /// Whether each signal has points of its own. Then they stand in front of the values; otherwise all share a grid.
    pub fn has_own_points(&self) -> bool {
        matches!(self, Self::Shape { .. })
    }

    /// Numbers of a signal at a point: its values, behind the point's coordinates where it is the signal's own.
    pub fn columns(&self) -> usize {
        self.channels() + if self.has_own_points() { self.dimensions() } else { 0 }
    }

    /// Numbers of a signal.
    pub fn length(&self) -> usize {
        self.points() * self.columns()
    }

    /// Coordinates of the grid that all signals share, `[points, dimensions]`; none where they have points of their own.
    pub fn grid(&self) -> Vec<f32> {
        match *self {
            Self::Image { height, width, .. } => Self::grid_of(height, width),
            Self::Shape { .. } => Vec::new(),
        }
    }

    /// Coordinates of a grid of another resolution over the same square.
    pub fn grid_of(height: usize, width: usize) -> Vec<f32> {
        let at = |i: usize, n: usize| {
            if n > 1 { 2.0 * i as f32 / (n - 1) as f32 - 1.0 } else { 0.0 }
        };
        (0..height).flat_map(|row| (0..width).flat_map(move |column| [at(column, width), at(row, height)])).collect()
    }

    /// What is said at a point of a solid, if signals are such.
    pub fn field(&self) -> Option<Field> {
        match *self {
            Self::Image { .. } => None,
            Self::Shape { field, .. } => Some(field),
        }
    }

    /// Turns the values of networks into those of signals, in `[0, 1]` where the networks are good: an image's are the same;
    /// a shape's are the probability of being inside, or the distance as signals have it, cut.
    pub fn read_values(&self, values: &mut [f32]) {
        match self.field() {
            None => {}
            Some(Field::Occupancy) => values.iter_mut().for_each(|value| *value = 1.0 / (1.0 + (-*value).exp())),
            Some(Field::SignedDistance) => {
                // A number that is none stays so: a network that diverged has no surface.
                values.iter_mut().for_each(|value| *value = ((1.0 - *value) / 2.0).clamp(0.0, 1.0));
            }
        }
    }

    /// Turns the values of signals into what networks are fitted to: distances as networks have them; all others are the
    /// same.
    pub fn wanted_values(&self, values: &mut [f32]) {
        if self.field() == Some(Field::SignedDistance) {
            values.iter_mut().for_each(|value| *value = 1.0 - 2.0 * *value);
        }
    }

    /// Where values of networks of shapes are inside.
    pub fn is_inside<const D: usize>(&self, values: Tensor<D>) -> Tensor<D, Bool> {
        match self.field() {
            Some(Field::SignedDistance) => values.lower_scalar(0.0),
            _ => values.greater_scalar(0.0),
        }
    }

    /// All names of [`Domain::quality`].
    pub const QUALITIES: [&str; 2] = ["psnr", "iou"];

    /// What the quality of a fit is, as its column and its figures are called: the peak signal-to-noise ratio in dB (peak 1)
    /// of images; of shapes the intersection over union at the points that test it.
    pub fn quality(&self) -> &'static str {
        match self {
            Self::Image { .. } => Self::QUALITIES[0],
            Self::Shape { .. } => Self::QUALITIES[1],
        }
    }

    /// How far values of networks are from those of signals, number by number: squared; of occupancies the cross-entropy of
    /// the logits.
    pub fn error<const D: usize>(&self, values: Tensor<D>, signals: Tensor<D>) -> Tensor<D> {
        match self.field() {
            None => (values - signals).square(),
            Some(Field::Occupancy) => (-signals + 1.0) * values.clone() - log_sigmoid(values),
            Some(Field::SignedDistance) => (values + signals * 2.0 - 1.0).square(),
        }
    }

    /// The value at a point, by cubic convolution (Keys 1981, a = -0.75) between the pixels of `signal [points, channels]`,
    /// cut to the range of signals, `[0, 1]`. Beyond the border the image goes on as it ends.
    ///
    /// # Panics
    /// If signals have points of their own: there is nothing between those.
    pub fn interpolate(&self, signal: &[f32], point: &[f32], out: &mut [f32]) {
        let Self::Image { height, width, channels } = *self else {
            panic!("only signals on a grid can be interpolated");
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_runs_row_by_row_with_x_first() {
        let grid = Domain::Image { height: 2, width: 3, channels: 1 }.grid();
        assert_eq!(grid, [-1.0, -1.0, 0.0, -1.0, 1.0, -1.0, -1.0, 1.0, 0.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn a_shape_has_coordinates_in_front_of_its_values_and_probabilities_of_logits() {
        let shape = Domain::Shape { points: 5, tested: 2, field: Field::Occupancy };
        assert_eq!((shape.points(), shape.columns(), shape.length(), shape.grid().len()), (7, 4, 28, 0));
        let mut values = [0.0, 3f32.ln(), -40.0];
        shape.read_values(&mut values);
        assert_eq!((values[0], (values[1] - 0.75).abs() < 1e-6, values[2] < 1e-6), (0.5, true, true));
        // Zoos of occupancies say nothing of their field, as before there were others.
        assert_eq!(serde_json::to_string(&shape).unwrap(), r#"{"shape":{"points":5,"tested":2}}"#);
        assert_eq!(serde_json::from_str::<Domain>(r#"{"shape":{"points":5,"tested":2}}"#).unwrap(), shape);
    }

    #[test]
    fn distances_are_negative_inside_cut_at_one_and_compared_by_squares() {
        let shape = Domain::Shape { points: 3, tested: 0, field: Field::SignedDistance };
        let mut values = [-0.5, 0.0, 3.0];
        shape.read_values(&mut values);
        assert_eq!(values, [0.75, 0.5, 0.0]);
        shape.wanted_values(&mut values);
        assert_eq!(values, [-0.5, 0.0, 1.0]);
        let tensor = |values: [f32; 3]| crate::host::tensor(values.to_vec(), [3], &burn::tensor::Device::flex());
        let error = shape.error(tensor([-0.5, 1.0, 1.0]), tensor([0.75, 0.5, 0.25]));
        assert_eq!(crate::host::read(error), [0.0, 1.0, 0.25]);
        let inside = crate::host::read(shape.is_inside(tensor([-0.5, 0.0, 1.0])).float());
        assert_eq!(inside, [1.0, 0.0, 0.0]);
    }
}
