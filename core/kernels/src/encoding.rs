//! Positional encoding of a block of points, and its gradient.

use crate::simd::Simd;
use crate::sine::sin_cos_radians;
use crate::stack::Positional;

impl Positional {
    /// Encodes `points` `[n, coordinates]` to rows of features, `stride` floats apart.
    ///
    /// Vectors run over coordinates of several points, since one point may have few.
    #[inline(always)]
    pub(crate) fn encode<S: Simd>(self, s: S, points: &[f32], coordinates: usize, rows: &mut [f32], stride: usize) {
        let (mut row, mut coordinate) = (0, 0);
        for chunk in points.chunks(S::LANES) {
            let mut x = [0.0; 16];
            x[..chunk.len()].copy_from_slice(chunk);
            // Where the features of each lane begin.
            let mut places = [0; 16];
            for place in &mut places[..chunk.len()] {
                *place = row * stride + coordinate;
                coordinate += 1;
                if coordinate == coordinates {
                    (row, coordinate) = (row + 1, 0);
                }
            }
            let mut feature = 0;
            if self.include_input {
                scatter(&x, &places[..chunk.len()], feature, rows);
                feature += coordinates;
            }
            let mut frequency = 1.0;
            for _ in 0..self.octaves {
                let (mut sine, mut cosine) = ([0.0; 16], [0.0; 16]);
                // SAFETY: no vector has more than 16 lanes.
                unsafe {
                    let (v, w) = sin_cos_radians(s, s.mul(s.load(x.as_ptr()), s.splat(frequency)));
                    s.store(sine.as_mut_ptr(), v);
                    s.store(cosine.as_mut_ptr(), w);
                }
                scatter(&sine, &places[..chunk.len()], feature, rows);
                scatter(&cosine, &places[..chunk.len()], feature + coordinates, rows);
                feature += 2 * coordinates;
                frequency *= 2.0;
            }
        }
    }

    /// Gradients of points `to` `[n, coordinates]` from those of their features, `rows` apart by `stride`; the features
    /// themselves, which hold the derivatives, are apart by `feature_stride`.
    pub(crate) fn chain(
        self,
        features: (&[f32], usize),
        gradients: (&[f32], usize),
        coordinates: usize,
        to: &mut [f32],
    ) {
        let rows = features.0.chunks(features.1).zip(gradients.0.chunks(gradients.1));
        for (to, (features, gradients)) in to.chunks_mut(coordinates).zip(rows) {
            for (c, to) in to.iter_mut().enumerate() {
                let mut sum = if self.include_input { gradients[c] } else { 0.0 };
                let mut sine = c + if self.include_input { coordinates } else { 0 };
                let mut frequency = 1.0;
                for _ in 0..self.octaves {
                    let cosine = sine + coordinates;
                    sum += frequency * (gradients[sine] * features[cosine] - gradients[cosine] * features[sine]);
                    sine += 2 * coordinates;
                    frequency *= 2.0;
                }
                *to = sum;
            }
        }
    }
}

/// Writes each lane to its place, `offset` further.
#[inline(always)]
fn scatter(lanes: &[f32; 16], places: &[usize], offset: usize, to: &mut [f32]) {
    for (&value, &place) in lanes.iter().zip(places) {
        to[place + offset] = value;
    }
}
