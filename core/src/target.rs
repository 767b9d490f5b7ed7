//! What the networks of a batch should render as: the ground truth of every loss in function space.
//!
//! An image is fitted at its pixels and free between them: a network fitted to 40 dB on a 28 x 28 grid is about 20 dB away
//! from any smooth image between the pixels. So its truth at a continuous coordinate is the network's own rendering on the
//! grid, interpolated, which teaches generators and decoders not to speckle. A shape is fitted at points anywhere, so its
//! truth is what the network renders at points of its own, half of them near its surface: in all of space a thin leg is
//! nearly nothing.

use burn::tensor::{Device, Tensor};
use rand::RngExt;
use rayon::prelude::*;

use crate::dense::Points;
use crate::seed::{self, Rng};
use crate::{AffineMaps, Domain, host};

/// The signals of `n` networks, each moved by a coordinate map: value at `x` is the signal at `T x`.
#[derive(Debug, Clone)]
pub struct TargetSignals {
    domain: Domain,
    /// `[n, points, columns]` of the domain.
    signals: Vec<f32>,
    maps: AffineMaps,
}

/// Where a loss compares networks, and with what.
#[derive(Debug, Clone)]
pub struct Truth {
    /// The points.
    pub points: Points,
    /// What the networks should render there, `[n, points, channels]`.
    pub values: Tensor<3>,
    /// `[n, points, 1]`, zero where a point or its image lies outside the domain: there, nothing is known.
    pub mask: Tensor<3>,
}

impl TargetSignals {
    /// Signals `[n, points, columns]` of a domain, moved by one map each.
    ///
    /// # Panics
    /// If there is not one map per signal.
    pub fn new(domain: Domain, signals: Vec<f32>, maps: AffineMaps) -> Self {
        assert_eq!(signals.len(), maps.len() * domain.length(), "one map per signal");
        Self { domain, signals, maps }
    }

    /// The same signals, moved further: what `x -> f(T(inner x))` renders.
    pub fn moved(&self, inner: &AffineMaps) -> Self {
        Self { maps: self.maps.after(inner), ..self.clone() }
    }

    /// The signals of two batches, one after the other.
    pub fn concat(mut self, other: Self) -> Self {
        self.signals.extend(other.signals);
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

    /// `count` random points for each network: uniform and the same for all on a grid, else some of the signal's own.
    pub fn draw(&self, count: usize, rng: &mut Rng, device: &Device) -> Truth {
        if self.domain.has_own_points() {
            return self.own(count, rng, device);
        }
        let d = self.maps.dimensions;
        let points = seed::uniform(rng, count * d, -1.0, 1.0);
        let (values, mask) = self.at(&points, device);
        Truth { points: Points::Shared(host::tensor(points, [count, d], device)), values, mask }
    }

    /// Values `[n, m, channels]` at shared points `[m, dimensions]`, and the mask of [`Truth`]. For signals on a grid.
    ///
    /// # Panics
    /// If signals have points of their own.
    pub fn at(&self, points: &[f32], device: &Device) -> (Tensor<3>, Tensor<3>) {
        let (n, d, channels) = (self.len(), self.maps.dimensions, self.domain.channels());
        let m = points.len() / d;
        let (mut values, mut mask) = (vec![0.0; n * m * channels], vec![0.0; n * m]);
        let length = self.domain.length();
        let networks = values.par_chunks_mut(m * channels).zip(mask.par_chunks_mut(m)).enumerate();
        networks.for_each(|(network, (values, mask))| {
            let signal = &self.signals[network * length..(network + 1) * length];
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

    /// Random ones of each signal's own points, taken back through its map: the value at `T⁻¹ p` is that at `p`. A shape is
    /// empty beyond its cube, so of points drawn uniformly those are taken too whose image lies there.
    fn own(&self, count: usize, rng: &mut Rng, device: &Device) -> Truth {
        let (n, d, channels) = (self.len(), self.maps.dimensions, self.domain.channels());
        let (length, columns) = (self.domain.length(), self.domain.columns());
        let back = self.maps.inverse();
        let (mut points, mut values) = (vec![0.0; n * count * d], vec![0.0; n * count * channels]);
        let mut mask = vec![0.0; n * count];
        let mut image = vec![0.0; d];
        for network in 0..n {
            let signal = &self.signals[network * length..(network + 1) * length];
            let moves = !self.maps.is_identity(network);
            for k in network * count..(network + 1) * count {
                if moves {
                    let point = &mut points[k * d..(k + 1) * d];
                    point.fill_with(|| rng.random_range(-1.0..1.0));
                    self.maps.image(network, point, &mut image);
                    if image.iter().any(|x| x.abs() > 1.0) {
                        mask[k] = 1.0;
                        continue;
                    }
                }
                let row = &signal[rng.random_range(0..length / columns) * columns..][..columns];
                let point = &mut points[k * d..(k + 1) * d];
                back.image(network, &row[..d], point);
                values[k * channels..(k + 1) * channels].copy_from_slice(&row[d..]);
                mask[k] = f32::from(point.iter().all(|x| x.abs() <= 1.0));
            }
        }
        Truth {
            points: Points::PerNetwork(host::tensor(points, [n, count, d], device)),
            values: host::tensor(values, [n, count, channels], device),
            mask: host::tensor(mask, [n, count, 1], device),
        }
    }

    /// The mean error of networks' values at the points of a truth, over those that count; `weight [n, 1, 1]` counts some
    /// networks more than others. What an error is: [`Domain::error`].
    pub fn error(&self, values: Tensor<3>, truth: Truth, weight: Option<Tensor<3>>) -> Tensor<1> {
        let error = self.domain.error(values, truth.values);
        let [n, m, c] = error.dims();
        let count = truth.mask.clone().sum_dim(1).clamp_min(1.0) * c as f64;
        let error = (error * truth.mask).reshape([n, m * c]).sum_dim(1).reshape([n, 1, 1]) / count;
        let error = weight.map_or(error.clone(), |weight| error * weight);
        error.reshape([n]).mean()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Field, Seed};

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

    #[test]
    fn a_moved_shape_has_its_own_points_moved_back_and_is_empty_where_it_came_from_beyond_the_cube() {
        // Inside where 0 < x < 1, moved by half a unit: then inside where -0.5 < x < 0.5.
        let domain = Domain::Shape { points: 400, tested: 0, field: Field::Occupancy };
        let rows = seed::uniform(&mut Seed::new(1).stream(0), 1200, -1.0, 1.0);
        let table = rows.chunks(3).flat_map(|p| [p[0], p[1], p[2], f32::from(p[0] > 0.0)]).collect();
        let mut maps = AffineMaps::identity(1, 3);
        maps.shift[0] = 0.5;
        let device = Device::flex();
        let signals = TargetSignals::new(domain, table, AffineMaps::identity(1, 3)).moved(&maps);
        let truth = signals.draw(300, &mut Seed::new(2).stream(0), &device);
        let points = host::read(truth.points.expand(1));
        let (values, mask) = (host::read(truth.values), host::read(truth.mask));
        assert!(mask.contains(&0.0) && mask.iter().sum::<f32>() > 150.0);
        let beyond = points.chunks(3).filter(|point| point[0] > 0.5).count();
        assert!((50..100).contains(&beyond), "a quarter of 300 is drawn there: {beyond}");
        for ((point, value), mask) in points.chunks(3).zip(values).zip(mask) {
            assert_eq!(value == 1.0, point[0].abs() < 0.5, "{point:?}");
            assert_eq!(mask == 1.0, point[0] >= -1.0, "{point:?}");
        }
    }

    #[test]
    fn shapes_are_compared_by_the_cross_entropy_of_logits() {
        let device = Device::flex();
        let domain = Domain::Shape { points: 1, tested: 0, field: Field::Occupancy };
        let signals = TargetSignals::new(domain, vec![0.0; 4], AffineMaps::identity(1, 3));
        let tensor = |values: [f32; 3]| host::tensor(values.to_vec(), [1, 3, 1], &device);
        let points = Points::PerNetwork(host::tensor(vec![0.0; 9], [1, 3, 3], &device));
        let truth = Truth { points, values: tensor([1.0, 0.0, 1.0]), mask: tensor([1.0, 1.0, 0.0]) };
        let error = host::scalar(signals.error(tensor([2.0, -30.0, 7.0]), truth, None));
        assert!((error - 0.5 * (1.0 + (-2f32).exp()).ln()).abs() < 1e-6, "{error}");
    }
}
