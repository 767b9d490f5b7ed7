//! A batch of networks of one layout.

use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::{Error, Layout, Result, host};

/// A batch of `n` networks of one layout: `f32 [n, parameters]`, a network a row.
#[derive(Debug, Clone)]
pub struct Weights {
    layout: Arc<Layout>,
    values: Tensor<2>,
}

impl Weights {
    /// Wraps `values [n, parameters]`.
    ///
    /// # Panics
    /// If the number of columns is not the layout's number of parameters: callers build both from one layout.
    pub fn new(layout: Arc<Layout>, values: Tensor<2>) -> Self {
        assert_eq!(values.dims()[1], layout.parameters(), "weights do not have the layout's number of parameters");
        Self { layout, values }
    }

    /// Puts rows of host values `[n, parameters]` on a device.
    ///
    /// # Errors
    /// If the number of values is not a multiple of the layout's parameters.
    pub fn from_host(layout: Arc<Layout>, values: Vec<f32>, device: &Device) -> Result<Self> {
        let parameters = layout.parameters();
        if parameters == 0 || !values.len().is_multiple_of(parameters) {
            return Err(Error::failed(format!("{} values are no whole number of networks {layout}", values.len())));
        }
        let rows = values.len() / parameters;
        let values = Tensor::from_data(TensorData::new(values, [rows, parameters]), device);
        Ok(Self { layout, values })
    }

    /// The layout that all networks of the batch share.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// `[n, parameters]`.
    pub fn values(&self) -> &Tensor<2> {
        &self.values
    }

    /// Number of networks.
    pub fn len(&self) -> usize {
        self.values.dims()[0]
    }

    /// Whether the batch has no network.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The device that holds the batch.
    pub fn device(&self) -> Device {
        self.values.device()
    }

    /// The same layout with other values `[m, parameters]`.
    pub fn with_values(&self, values: Tensor<2>) -> Self {
        Self::new(self.layout.clone(), values)
    }

    /// Weight of a dense layer: `[n, out, in]`.
    pub fn weight(&self, layer: usize) -> Tensor<3> {
        let spec = self.layout.weight(layer);
        self.values.clone().slice([0..self.len(), spec.range()]).reshape([self.len(), spec.shape[0], spec.shape[1]])
    }

    /// Bias of a dense layer: `[n, out]`.
    pub fn bias(&self, layer: usize) -> Tensor<2> {
        self.values.clone().slice([0..self.len(), self.layout.bias(layer).range()])
    }

    /// The networks at these rows.
    pub fn select(&self, rows: &[usize]) -> Self {
        self.with_values(self.values.clone().select(0, row_indices(rows, &self.device())))
    }

    /// These networks and then those of another batch of the same layout.
    pub fn concat(&self, other: &Self) -> Self {
        self.with_values(Tensor::cat(vec![self.values.clone(), other.values.clone()], 0))
    }

    /// Copies the values to the host: `n * parameters`, network by network.
    pub fn to_host(&self) -> Vec<f32> {
        host::read(self.values.clone())
    }
}

/// Row numbers as an index tensor.
pub fn row_indices(rows: &[usize], device: &Device) -> Tensor<1, Int> {
    let rows: Vec<i64> = rows.iter().map(|row| *row as i64).collect();
    let count = rows.len();
    Tensor::from_data(TensorData::new(rows, [count]), device)
}
