//! What the networks of a batch should render as: the ground truth of every loss in function space.
//!
//! A fit is exact at the grid points of its signal and free between them: a network fitted to 40 dB on a 28 x 28 grid is
//! about 20 dB away from any smooth image between the pixels. So the truth at a continuous coordinate is the network's own
//! rendering on the grid, interpolated, which teaches generators and decoders not to speckle.

use burn::tensor::{Device, Tensor};
use rayon::prelude::*;

use crate::{AffineMaps, Domain, host};

/// The signals of `n` networks, each moved by a coordinate map: value at `x` is the signal at `T x`.
#[derive(Debug, Clone)]
pub struct TargetSignals {
    domain: Domain,
    /// `[n, points of the grid, channels]`.
    grid: Vec<f32>,
    maps: AffineMaps,
}

impl TargetSignals {
    /// Signals on the domain's grid, `[n, points, channels]`, moved by one map each.
    ///
    /// # Panics
    /// If there is not one map per signal.
    pub fn new(domain: Domain, grid: Vec<f32>, maps: AffineMaps) -> Self {
        assert_eq!(grid.len(), maps.len() * domain.points() * domain.channels(), "one map per signal");
        Self { domain, grid, maps }
    }

    /// The same signals, moved further: what `x -> f(T(inner x))` renders.
    pub fn moved(&self, inner: &AffineMaps) -> Self {
        Self { maps: self.maps.after(inner), ..self.clone() }
    }

    /// The signals of two batches, one after the other.
    pub fn concat(mut self, other: Self) -> Self {
        self.grid.extend(other.grid);
        self.maps.linear.extend(other.maps.linear);
        self.maps.shift.extend(other.maps.shift);
        self
    }

    /// Number of signals.
    pub fn len(&self) -> usize {
        self.maps.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.maps.is_empty()
    }

    /// Values `[n, m, channels]` at shared points `[m, dimensions]`, and a mask `[n, m, 1]` that is zero where a point's
    /// image lies outside the domain: there, nothing is known.
    pub fn at(&self, points: &[f32], device: &Device) -> (Tensor<3>, Tensor<3>) {
        let (n, d, channels) = (self.len(), self.maps.dimensions, self.domain.channels());
        let m = points.len() / d;
        let (mut values, mut mask) = (vec![0.0; n * m * channels], vec![0.0; n * m]);
        let length = self.domain.points() * channels;
        let networks = values.par_chunks_mut(m * channels).zip(mask.par_chunks_mut(m)).enumerate();
        networks.for_each(|(network, (values, mask))| {
            let signal = &self.grid[network * length..(network + 1) * length];
            let mut image = vec![0.0; d];
            let of_points = points.chunks(d).zip(values.chunks_mut(channels)).zip(mask);
            for ((point, value), mask) in of_points {
                self.maps.image(network, point, &mut image);
                if image.iter().all(|x| x.abs() <= 1.0) {
                    *mask = 1.0;
                    self.domain.interpolate(signal, &image, value);
                }
            }
        });
        (host::tensor(values, [n, m, channels], device), host::tensor(mask, [n, m, 1], device))
    }
}

/// Mean squared error over the points that count: `values, target [n, m, c]`, `mask [n, m, 1]`, `weight [n, 1, 1]`.
pub fn masked_error(values: Tensor<3>, target: Tensor<3>, mask: Tensor<3>, weight: Option<Tensor<3>>) -> Tensor<1> {
    let [n, m, c] = values.dims();
    let count = mask.clone().sum_dim(1).clamp_min(1.0) * c as f64;
    let error = ((values - target).square() * mask).reshape([n, m * c]).sum_dim(1).reshape([n, 1, 1]) / count;
    let error = weight.map_or(error.clone(), |weight| error * weight);
    error.reshape([n]).mean()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dense::Points;

    #[test]
    fn interpolates_moves_and_masks() {
        let domain = Domain::Image { height: 3, width: 5, channels: 1 };
        // The value is (x + 1) / 2, which cubic convolution nearly reproduces.
        let row = [0.0, 0.25, 0.5, 0.75, 1.0];
        let signals = TargetSignals::new(domain, [row, row, row].concat(), AffineMaps::identity(1, 2));
        let points = [-1.0, 0.0, 0.0, 0.5, 1.0, 1.0];
        let (values, mask) = signals.at(&points, &Device::flex());
        assert_eq!((host::read(values), host::read(mask)), (vec![0.0, 0.5, 1.0], vec![1.0; 3]));

        let maps = AffineMaps { dimensions: 2, linear: vec![-1.0, 0.0, 0.0, 1.0], shift: vec![0.25, 0.0] };
        let (values, mask) = signals.moved(&maps).at(&points, &Device::flex());
        assert_eq!(host::read(mask.clone()), [0.0, 1.0, 1.0]);
        for (value, expected) in host::read(values).into_iter().zip([0.0, 0.625, 0.125]) {
            assert!((value - expected).abs() < 0.05, "{value} {expected}");
        }
        let (_, other) =
            maps.apply(&Points::Shared(host::tensor(points.to_vec(), [3, 2], &Device::flex())), &Device::flex());
        assert_eq!(host::read(mask), host::read(other));
    }
}
