//! What both fitters check and prepare.

use burn::tensor::Device;
use equigen_core::dense::Points;
use equigen_core::{Error, FitJob, Result, host};

/// Number of networks of a job.
///
/// # Errors
/// If starting weights and targets do not belong together.
pub(crate) fn networks(job: &FitJob<'_>) -> Result<usize> {
    let (parameters, signal) = (job.layout.parameters(), job.domain.points() * job.domain.channels());
    let n = job.initial.len() / parameters.max(1);
    if n * parameters != job.initial.len() || n * signal != job.targets.len() {
        return Err(Error::failed(format!(
            "{} starting weights and {} target values are no equal number of networks {} and signals of {signal} values",
            job.initial.len(),
            job.targets.len(),
            job.layout
        )));
    }
    if signal == 0 {
        return Err(Error::failed("the signals have no points to fit"));
    }
    if let Some(bad) = job.targets.iter().find(|value| !value.is_finite()) {
        return Err(Error::failed(format!("a signal has a value of {bad}; signals must be finite, in [0, 1]")));
    }
    Ok(n)
}

/// The coordinates of a job's grid, as its networks' first layer reads them: `[points, inputs]`.
pub(crate) fn encoded_grid(job: &FitJob<'_>) -> Result<Vec<f32>> {
    let shape = [job.domain.points(), job.domain.dimensions()];
    let grid = host::tensor(job.domain.grid(), shape, &Device::flex());
    match job.inr.encode(Points::Shared(grid)) {
        Points::Shared(encoded) => Ok(host::read(encoded)),
        Points::PerNetwork(_) => Err(Error::failed(format!(
            "inr `{}` encodes one grid as points of its own for every network; fit it with `autodiff`",
            job.inr.typetag_name()
        ))),
    }
}

/// Peak signal-to-noise ratio in dB, peak 1.
pub(crate) fn psnr(mse: f32) -> f32 {
    -10.0 * mse.log10()
}
