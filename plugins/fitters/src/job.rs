//! What both fitters check and prepare.

use std::borrow::Cow;
use std::ops::Range;

use burn::tensor::Device;
use equigen_core::dense::Points;
use equigen_core::{Domain, Error, FitJob, Result, host, solid};
use equigen_kernels::Coordinates;

/// Number of networks of a job.
///
/// # Errors
/// If starting weights and targets do not belong together.
pub(crate) fn networks(job: &FitJob<'_>) -> Result<usize> {
    let (parameters, signal) = (job.layout.parameters(), job.domain.length());
    let n = job.initial.len() / parameters.max(1);
    if n * parameters != job.initial.len() || n * signal != job.targets.len() {
        return Err(Error::failed(format!(
            "{} starting weights and {} target values are no equal number of networks {} and signals of {signal} values",
            job.initial.len(),
            job.targets.len(),
            job.layout
        )));
    }
    if job.domain.fitted_points() == 0 {
        return Err(Error::failed("the signals have no points to fit"));
    }
    if let Some(bad) = job.targets.iter().find(|value| !value.is_finite()) {
        return Err(Error::failed(format!("a signal has a value of {bad}; signals must be finite, in [0, 1]")));
    }
    Ok(n)
}

/// Points of a job's signals and the values there.
pub(crate) struct Examples<'a> {
    /// Points of each signal.
    pub(crate) points: usize,
    /// Raw coordinates, `[points, dimensions]` of a grid or `[n, points, dimensions]`.
    coordinates: Vec<f32>,
    shared: bool,
    /// `[n, points, channels]`.
    pub(crate) values: Cow<'a, [f32]>,
}

impl<'a> Examples<'a> {
    /// These points of each signal; on a grid all of them, whatever is asked for.
    pub(crate) fn of(job: &FitJob<'a>, part: Range<usize>) -> Self {
        let domain = &job.domain;
        if !domain.has_own_points() {
            let values = Cow::Borrowed(job.targets);
            return Self { points: domain.points(), coordinates: domain.grid(), shared: true, values };
        }
        let (d, columns) = (domain.dimensions(), domain.columns());
        let rows = || {
            let signals = job.targets.chunks_exact(domain.length());
            signals.flat_map(|signal| signal.chunks_exact(columns).take(part.end).skip(part.start))
        };
        let coordinates = rows().flat_map(|row| &row[..d]).copied().collect();
        let values = Cow::Owned(rows().flat_map(|row| &row[d..]).copied().collect());
        Self { points: part.len(), coordinates, shared: false, values }
    }

    /// Raw coordinates of the networks from `first` to `end`.
    pub(crate) fn raw(&self, networks: Range<usize>, dimensions: usize, device: &Device) -> Points {
        if self.shared {
            return Points::Shared(host::tensor(self.coordinates.clone(), [self.points, dimensions], device));
        }
        let size = self.points * dimensions;
        let own = self.coordinates[networks.start * size..networks.end * size].to_vec();
        Points::PerNetwork(host::tensor(own, [networks.len(), self.points, dimensions], device))
    }

    /// The coordinates as the networks' first layer reads them, on the host.
    ///
    /// # Errors
    /// If the INR encodes a grid as points of its own for every network.
    pub(crate) fn encoded(&self, job: &FitJob<'_>, n: usize) -> Result<Encoded> {
        match job.inr.encode(self.raw(0..n, job.domain.dimensions(), &Device::flex())) {
            Points::Shared(encoded) => Ok(Encoded { shared: true, values: host::read(encoded) }),
            Points::PerNetwork(encoded) if !self.shared => Ok(Encoded { shared: false, values: host::read(encoded) }),
            Points::PerNetwork(_) => Err(Error::failed(format!(
                "inr `{}` encodes one grid as points of its own for every network; fit it with `autodiff`",
                job.inr.typetag_name()
            ))),
        }
    }
}

/// Coordinates as a first layer reads them.
pub(crate) struct Encoded {
    shared: bool,
    values: Vec<f32>,
}

impl Encoded {
    pub(crate) fn coordinates(&self) -> Coordinates<'_> {
        if self.shared { Coordinates::Shared(&self.values) } else { Coordinates::PerNetwork(&self.values) }
    }

    /// Numbers that all networks read at one point, if there are so many networks and points.
    pub(crate) fn inputs(&self, networks: usize, points: usize) -> usize {
        self.values.len() / (points * if self.shared { 1 } else { networks.max(1) })
    }
}

/// The quality of each network from the values that it has and those that it should have at `points` points.
pub(crate) fn qualities(domain: &Domain, values: &[f32], truth: &[f32], points: usize) -> Vec<f32> {
    let size = (points * domain.channels()).max(1);
    let quality = |(values, truth): (&[f32], &[f32])| match domain {
        Domain::Image { .. } => {
            psnr(values.iter().zip(truth).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / values.len() as f32)
        }
        Domain::Shape { .. } => solid::iou(values.iter().copied(), truth.iter().copied()),
    };
    values.chunks(size).zip(truth.chunks(size)).map(quality).collect()
}

/// Peak signal-to-noise ratio in dB, peak 1.
pub(crate) fn psnr(mse: f32) -> f32 {
    -10.0 * mse.log10()
}
