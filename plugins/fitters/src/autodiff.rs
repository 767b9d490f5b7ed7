//! `autodiff`: burn's gradients, for any INR on any device.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use equigen_core::dense::Points;
use equigen_core::weights::row_indices;
use equigen_core::{Domain, Error, FitJob, Fitted, Fitter, Layout, Result, Weights, device, host};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::{self, Examples};
use crate::optimiser::{self, AdamSettings};

/// Fits any INR on any device by burn's automatic differentiation, some networks at a time, at full batch.
///
/// Adam (Kingma and Ba 2015), with a learning rate that halves down to a floor, on the mean squared error over all points; for
/// shapes on the cross-entropy. Adam works entry by entry, so that a network's path does not depend on its neighbours. Each
/// network leaves the batch at the first step at which it reaches the wanted quality, before the update, so that its weights
/// are those that reached it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Autodiff {
    /// Step size of Adam at the first step.
    pub learning_rate: f64,
    /// Decay of Adam's mean of gradients.
    pub beta1: f64,
    /// Decay of Adam's mean of squared gradients.
    pub beta2: f64,
    /// Steps in which the learning rate halves.
    pub half_life: f64,
    /// Smallest learning rate, as a share of the first; 1 keeps it constant.
    pub floor: f64,
    /// Networks fitted at a time. By default 64 on a processor, whose caches hold no more, and on a GPU as many as `memory`
    /// holds. Results do not depend on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunk: Option<usize>,
    /// Memory of a GPU for the networks fitted at a time, GiB. What a network takes is estimated as six numbers for each point
    /// and neuron, which the forward pass keeps and the backward pass makes, and eight for each parameter: a SIREN 2-32-32-1
    /// on 784 points takes 1.3 MB, so that 4 GiB hold 3,300.
    pub memory: f64,
}

impl Default for Autodiff {
    fn default() -> Self {
        let AdamSettings { learning_rate, beta1, beta2, half_life, floor } = optimiser::DEFAULT;
        Self { learning_rate, beta1, beta2, half_life, floor, chunk: None, memory: 4.0 }
    }
}

equigen_core::register!(Fitter, Autodiff);

impl Autodiff {
    fn adam(&self) -> AdamSettings {
        let Self { learning_rate, beta1, beta2, half_life, floor, .. } = *self;
        AdamSettings { learning_rate, beta1, beta2, half_life, floor }
    }

    /// Networks to fit at a time.
    fn networks_at_a_time(&self, job: &FitJob<'_>) -> Result<usize> {
        let wrong = |text: String| Err(Error::config(format!("fitter `autodiff`: {text}")));
        if self.chunk == Some(0) {
            return wrong("`chunk` = 0: give a number of networks, such as 64, or leave it out".to_owned());
        }
        if !(self.memory > 0.0 && self.memory.is_finite()) {
            return wrong(format!("`memory` = {}: give a number of GiB above 0, such as 4", self.memory));
        }
        let on_gpu = device::is_gpu(&job.device);
        let by_memory = (self.memory * GIB / bytes_of_a_network(job.layout, job.domain.fitted_points())) as usize;
        Ok(self.chunk.unwrap_or(if on_gpu { by_memory.max(1) } else { CACHED }))
    }
}

/// Networks whose states a processor's caches hold.
const CACHED: usize = 64;
const GIB: f64 = (1u64 << 30) as f64;

/// What a network takes while it is fitted, about; the count stands at [`Autodiff::memory`].
fn bytes_of_a_network(layout: &Layout, points: usize) -> f64 {
    let neurons: usize = layout.widths().iter().sum();
    4.0 * (6 * points * neurons + 8 * layout.parameters()) as f64
}

#[typetag::serde(name = "autodiff")]
impl Fitter for Autodiff {
    fn fit(&self, mut job: FitJob<'_>) -> Result<Fitted> {
        self.adam().check("autodiff", "")?;
        let at_a_time = self.networks_at_a_time(&job)?;
        let n = job::networks(&job)?;
        let mut fitted =
            Fitted { weights: std::mem::take(&mut job.initial), quality: vec![f32::NAN; n], steps: vec![0; n] };
        let rows: Vec<usize> = (0..n).collect();
        let layout = Arc::new(job.layout.clone());
        let examples = Examples::of(&job, 0..job.domain.fitted_points());
        for rows in rows.chunks(at_a_time) {
            let mut batch = Batch::new(&job, &layout, rows, &fitted.weights, &examples);
            while !batch.rows.is_empty() {
                let quality = batch.qualities(&job);
                batch.finish(&quality, &job, &mut fitted);
                if !batch.rows.is_empty() {
                    batch.update(&self.adam());
                }
            }
        }
        if job.domain.has_own_points() {
            let tested = Examples::of(&job, job.domain.fitted_points()..job.domain.points());
            fitted.quality =
                rows.chunks(at_a_time).flat_map(|rows| tested_on(&job, &layout, rows, &fitted, &tested)).collect();
        }
        Ok(fitted)
    }
}

/// Qualities of fitted networks at the points that test them.
fn tested_on(
    job: &FitJob<'_>,
    layout: &Arc<Layout>,
    rows: &[usize],
    fitted: &Fitted,
    tested: &Examples<'_>,
) -> Vec<f32> {
    let device = job.device.clone().inner();
    let (range, parameters) = (rows[0]..rows[0] + rows.len(), layout.parameters());
    let values = fitted.weights[range.start * parameters..range.end * parameters].to_vec();
    let weights = Weights::new(layout.clone(), host::tensor(values, [rows.len(), parameters], &device));
    let points = tested.raw(range.clone(), job.domain.dimensions(), &device);
    let mut found = host::read(job.inr.forward(&weights, &points));
    job.domain.read_values(&mut found);
    let size = tested.points * job.domain.channels();
    let truth = &tested.values[range.start * size..range.end * size];
    job::qualities(&job.domain, &found, truth, tested.points)
}

/// Networks under way, all at the same step.
struct Batch {
    layout: Arc<Layout>,
    points: Points,
    /// Which networks of the job.
    rows: Vec<usize>,
    steps: u32,
    /// `[rows, parameters]`, without autodiff; and Adam's moments, alike.
    weights: Tensor<2>,
    mean: Tensor<2>,
    square: Tensor<2>,
    /// `[rows, points, channels]`, on the autodiff device.
    targets: Tensor<3>,
    /// Of the step under way.
    gradient: Option<Tensor<2>>,
}

impl Batch {
    fn new(job: &FitJob<'_>, layout: &Arc<Layout>, rows: &[usize], initial: &[f32], examples: &Examples<'_>) -> Self {
        let (plain, tracked) = (job.device.clone().inner(), job.device.clone().inner().autodiff());
        let (points, channels) = (examples.points, job.domain.channels());
        let (n, parameters) = (rows.len(), layout.parameters());
        let of = |values: &[f32], size: usize| values[rows[0] * size..(rows[0] + n) * size].to_vec();
        let targets = of(&examples.values, points * channels);
        Self {
            layout: layout.clone(),
            points: examples.raw(rows[0]..rows[0] + n, job.domain.dimensions(), &tracked),
            rows: rows.to_vec(),
            steps: 0,
            weights: host::tensor(of(initial, parameters), [n, parameters], &plain),
            mean: zeros(n, parameters, &plain),
            square: zeros(n, parameters, &plain),
            targets: host::tensor(targets, [n, points, channels], &tracked),
            gradient: None,
        }
    }

    /// Quality of each network at the points of its fit; keeps the gradient of its error.
    fn qualities(&mut self, job: &FitJob<'_>) -> Vec<f32> {
        let values = Tensor::from_inner(self.weights.clone()).require_grad();
        let weights = Weights::new(self.layout.clone(), values.clone());
        let rendered = job.inr.forward(&weights, &self.points);
        let [n, points, channels] = rendered.dims();
        let error = job.domain.error(rendered.clone(), self.targets.clone());
        let error: Tensor<2> = error.reshape([n, points * channels]).mean_dim(1);
        // The sum's gradient at one network's weights is that of its own error.
        let gradients = error.clone().sum().backward();
        self.gradient = values.grad(&gradients);
        match job.domain {
            Domain::Image { .. } => host::read(error.inner()).into_iter().map(job::psnr).collect(),
            Domain::Shape { .. } => {
                let (rendered, truth) = (rendered.inner(), self.targets.clone().inner());
                let (a, b) = (job.domain.is_inside(rendered).float(), truth.greater_scalar(0.5).float());
                let sum = |of: Tensor<3>| of.reshape([n, points * channels]).sum_dim(1);
                let (both, either) = (sum(a.clone() * b.clone()), sum(a.max_pair(b)));
                // A diverged network is inside nowhere, and its error tells.
                let broken = error.inner() * 0.0;
                host::read((both + 1e-9) / (either + 1e-9) + broken)
            }
        }
    }

    /// Takes networks that are done out of the batch. One that diverged is done too: it would not come back.
    fn finish(&mut self, quality: &[f32], job: &FitJob<'_>, fitted: &mut Fitted) {
        let last = self.steps as usize >= job.max_steps;
        let done = |quality: f32| last || quality >= job.stop as f32 || !quality.is_finite();
        let (done, left): (Vec<usize>, Vec<usize>) = (0..quality.len()).partition(|&i| done(quality[i]));
        if done.is_empty() {
            return;
        }
        let parameters = self.layout.parameters();
        let select = |tensor: &Tensor<2>, rows: &[usize]| tensor.clone().select(0, row_indices(rows, &tensor.device()));
        let values = host::read(select(&self.weights, &done));
        for (&i, values) in done.iter().zip(values.chunks(parameters)) {
            let row = self.rows[i];
            fitted.weights[row * parameters..(row + 1) * parameters].copy_from_slice(values);
            fitted.quality[row] = quality[i];
            fitted.steps[row] = self.steps;
        }
        (job.progress)(done.len());
        self.rows = left.iter().map(|&i| self.rows[i]).collect();
        if left.is_empty() {
            return;
        }
        for tensor in [&mut self.weights, &mut self.mean, &mut self.square] {
            *tensor = select(tensor, &left);
        }
        self.gradient = self.gradient.as_ref().map(|gradient| select(gradient, &left));
        let device = self.targets.device();
        self.targets = self.targets.clone().select(0, row_indices(&left, &device));
        if let Points::PerNetwork(points) = &self.points {
            self.points = Points::PerNetwork(points.clone().select(0, row_indices(&left, &device)));
        }
    }

    /// One step of Adam.
    fn update(&mut self, settings: &AdamSettings) {
        let Some(gradient) = self.gradient.take() else {
            return;
        };
        let rate = settings.learning_rate * f64::from(settings.decay().factor(self.steps as usize));
        self.steps += 1;
        let (beta1, beta2) = (settings.beta1, settings.beta2);
        let bias = |beta: f64| 1.0 - beta.powi(self.steps.min(i32::MAX as u32) as i32);
        self.mean = self.mean.clone() * beta1 + gradient.clone() * (1.0 - beta1);
        self.square = self.square.clone() * beta2 + gradient.square() * (1.0 - beta2);
        let root = (self.square.clone() / bias(beta2)).sqrt() + optimiser::EPSILON;
        self.weights = self.weights.clone() - self.mean.clone() / root * (rate / bias(beta1));
    }
}

fn zeros(rows: usize, columns: usize, device: &Device) -> Tensor<2> {
    host::tensor(vec![0.0; rows * columns], [rows, columns], device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use equigen_core::{Activation, Axis, Hidden};

    #[test]
    fn a_gpu_holds_thousands_of_digits() {
        let hidden = vec![Hidden { width: 32, activation: Activation::Sine { omega: 30.0 } }; 2];
        let layout = Layout::dense(Axis::Coordinates(2), &hidden, 1);
        let bytes = bytes_of_a_network(&layout, 784);
        assert_eq!(bytes, 4.0 * (6 * 784 * 67 + 8 * 1185) as f64);
        assert_eq!((Autodiff::default().memory * GIB / bytes) as usize, 3307);
    }
}
