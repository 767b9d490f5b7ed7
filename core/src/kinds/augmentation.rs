//! Maps on weights that give another network of the same kind.

use std::fmt::Debug;

use burn::tensor::{Device, Tensor};
use nalgebra::DMatrix;

use super::component_kind;
use crate::dense::Points;
use crate::registry::Claim;
use crate::{Layout, Result, Weights, host, seed::Rng};

/// A map on weights. Parameters are drawn apart from applying them, so that the same view can be made again.
#[typetag::serde(tag = "type")]
pub trait Augmentation: Debug + Send + Sync {
    /// Draws parameters for `n` networks.
    ///
    /// # Errors
    /// If the augmentation has no meaning for this layout; the message says for which it has.
    fn draw(&self, layout: &Layout, n: usize, rng: &mut Rng) -> Result<Draws>;

    /// Applies drawn parameters, one row of them per network. Differentiable in the weights.
    fn apply(&self, weights: &Weights, draws: &Draws) -> Weights;

    /// The coordinate map `T` with `f_new(x) = f_old(T x)`, one per network, if the augmentation moves the signal.
    fn coordinate_map(&self, _layout: &Layout, _draws: &Draws) -> Option<AffineMaps> {
        None
    }

    /// What the component promises: that it preserves the function, moves the signal, or is approximate.
    fn claims(&self) -> Vec<Claim>;
}

component_kind!(Augmentation);

/// Drawn parameters: `columns` numbers for each of `n` networks.
#[derive(Debug, Clone, PartialEq)]
pub struct Draws {
    /// Numbers per network; may be zero.
    pub columns: usize,
    /// `[n, columns]`.
    pub values: Vec<f32>,
}

impl Draws {
    /// Of an augmentation that has no parameters.
    pub fn none() -> Self {
        Self { columns: 0, values: Vec::new() }
    }

    /// The numbers of each network in turn.
    ///
    /// # Panics
    /// If there are no columns.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks(self.columns)
    }
}

/// Affine coordinate maps `T x = A x + t`, one per network.
#[derive(Debug, Clone, PartialEq)]
pub struct AffineMaps {
    /// Dimensions `d` of a coordinate.
    pub dimensions: usize,
    /// `[n, d, d]`, row-major.
    pub linear: Vec<f32>,
    /// `[n, d]`.
    pub shift: Vec<f32>,
}

impl AffineMaps {
    /// `n` identities.
    pub fn identity(n: usize, dimensions: usize) -> Self {
        let eye = (0..dimensions * dimensions).map(|k| if k % (dimensions + 1) == 0 { 1.0 } else { 0.0 });
        Self { dimensions, linear: (0..n).flat_map(|_| eye.clone()).collect(), shift: vec![0.0; n * dimensions] }
    }

    /// Number of maps.
    pub fn len(&self) -> usize {
        self.shift.len() / self.dimensions
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.shift.is_empty()
    }

    /// Whether the map of a network leaves every point where it is.
    pub fn is_identity(&self, network: usize) -> bool {
        let d = self.dimensions;
        let linear = &self.linear[network * d * d..(network + 1) * d * d];
        let shift = &self.shift[network * d..(network + 1) * d];
        shift.iter().all(|x| *x == 0.0) && (0..d * d).all(|k| linear[k] == if k % (d + 1) == 0 { 1.0 } else { 0.0 })
    }

    /// `self ∘ inner`: first `inner`, then `self`. If weights are changed by `a` and then by `b`, the new function is
    /// `f(A(B x))`, so maps compose as `a.after(b)`.
    pub fn after(&self, inner: &Self) -> Self {
        let d = self.dimensions;
        let mut out = Self { dimensions: d, linear: vec![0.0; self.linear.len()], shift: self.shift.clone() };
        for n in 0..self.len() {
            for i in 0..d {
                for k in 0..d {
                    let outer = self.linear[(n * d + i) * d + k];
                    out.shift[n * d + i] += outer * inner.shift[n * d + k];
                    for j in 0..d {
                        out.linear[(n * d + i) * d + j] += outer * inner.linear[(n * d + k) * d + j];
                    }
                }
            }
        }
        out
    }

    /// The maps back. Where one has no inverse, nothing is finite.
    pub fn inverse(&self) -> Self {
        let d = self.dimensions;
        let mut out = self.clone();
        for n in 0..self.len() {
            let linear = DMatrix::from_row_slice(d, d, &self.linear[n * d * d..(n + 1) * d * d]);
            let inverse = linear.try_inverse().unwrap_or_else(|| DMatrix::from_element(d, d, f32::NAN));
            for i in 0..d {
                (0..d).for_each(|j| out.linear[(n * d + i) * d + j] = inverse[(i, j)]);
                out.shift[n * d + i] = -(0..d).map(|j| inverse[(i, j)] * self.shift[n * d + j]).sum::<f32>();
            }
        }
        out
    }

    /// The image `T x` of one point under one of the maps.
    pub fn image(&self, map: usize, point: &[f32], out: &mut [f32]) {
        let d = self.dimensions;
        for (i, out) in out.iter_mut().enumerate() {
            let row = &self.linear[(map * d + i) * d..(map * d + i + 1) * d];
            *out = self.shift[map * d + i] + row.iter().zip(point).map(|(a, x)| a * x).sum::<f32>();
        }
    }

    /// Images of points under each map, `[n, points, d]`, and a mask `[n, points, 1]` that is one where the image lies in
    /// `[-1, 1]^d`: outside, nothing was fitted.
    pub fn apply(&self, points: &Points, device: &Device) -> (Tensor<3>, Tensor<3>) {
        let (n, d) = (self.len(), self.dimensions);
        let linear = host::tensor(self.linear.clone(), [n, d, d], device);
        let shift = host::tensor(self.shift.clone(), [n, 1, d], device);
        let images = points.expand(n).matmul(linear.swap_dims(1, 2)) + shift;
        let inside = images.clone().abs().max_dim(2).lower_equal_scalar(1.0).float();
        (images, inside)
    }
}

/// Composes the first layer's weights with coordinate maps: `W <- W A`, `b <- b + W t`, which is exactly `f(Ax + t)`
/// where the first layer is affine in raw coordinates.
pub fn move_signal(weights: &Weights, maps: &AffineMaps) -> Weights {
    let layout = weights.layout();
    let (n, d) = (weights.len(), maps.dimensions);
    let device = weights.device();
    let (weight, bias) = (layout.weight(0).range(), layout.bias(0).range());
    let width = layout.bias(0).shape[0];
    let linear = host::tensor(maps.linear.clone(), [n, d, d], &device);
    let shift = host::tensor(maps.shift.clone(), [n, d, 1], &device);
    let first = weights.weight(0);
    let moved_bias = weights.bias(0) + first.clone().matmul(shift).reshape([n, width]);
    let moved_weight = first.matmul(linear).reshape([n, width * d]);
    let rest = weights.values().clone().slice([0..n, bias.end..layout.parameters()]);
    debug_assert_eq!((weight.start, weight.end), (0, bias.start));
    weights.with_values(Tensor::cat(vec![moved_weight, moved_bias, rest], 1))
}
