//! How a group element acts on weights and on per-neuron features.
//!
//! Every function-preserving symmetry of a dense network known for sine and ReLU layers acts neuron by neuron: it moves
//! a neuron, scales its incoming row and bias, shifts its bias and scales its outgoing column. [`Element`] is that map.
//! Elements of one layer are closed under [`Element::compose`] and [`Element::inverse`], so a product of symmetries is an
//! element too.

use burn::tensor::{Int, Tensor, TensorData};

use crate::{Axis, Layout, Weights, host};

/// The action on one hidden layer: new neuron `i` is old neuron `source[i]`, changed.
#[derive(Debug, Clone, PartialEq)]
pub struct NeuronMap {
    /// Which old neuron stands at each place.
    pub source: Vec<usize>,
    /// Factor of the incoming row and of the bias.
    pub incoming: Vec<f32>,
    /// Added to the bias after scaling.
    pub shift: Vec<f32>,
    /// Factor of the outgoing column.
    pub outgoing: Vec<f32>,
}

impl NeuronMap {
    /// The identity on `width` neurons.
    pub fn identity(width: usize) -> Self {
        Self {
            source: (0..width).collect(),
            incoming: vec![1.0; width],
            shift: vec![0.0; width],
            outgoing: vec![1.0; width],
        }
    }

    /// A pure permutation.
    pub fn permutation(source: Vec<usize>) -> Self {
        Self { source: source.clone(), ..Self::identity(source.len()) }
    }

    fn inverse(&self) -> Self {
        let mut inverse = Self::identity(self.source.len());
        for (i, &j) in self.source.iter().enumerate() {
            inverse.source[j] = i;
            inverse.incoming[j] = 1.0 / self.incoming[i];
            inverse.shift[j] = -self.shift[i] / self.incoming[i];
            inverse.outgoing[j] = 1.0 / self.outgoing[i];
        }
        inverse
    }

    fn after(&self, first: &Self) -> Self {
        let at = |i: usize| self.source[i];
        let width = self.source.len();
        Self {
            source: (0..width).map(|i| first.source[at(i)]).collect(),
            incoming: (0..width).map(|i| self.incoming[i] * first.incoming[at(i)]).collect(),
            shift: (0..width).map(|i| self.incoming[i] * first.shift[at(i)] + self.shift[i]).collect(),
            outgoing: (0..width).map(|i| self.outgoing[i] * first.outgoing[at(i)]).collect(),
        }
    }
}

/// A group element: one [`NeuronMap`] per hidden layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Element(pub Vec<NeuronMap>);

impl Element {
    /// The identity on a layout.
    pub fn identity(layout: &Layout) -> Self {
        Self(layout.hidden().iter().map(|hidden| NeuronMap::identity(hidden.width)).collect())
    }

    /// The element that undoes this one.
    pub fn inverse(&self) -> Self {
        Self(self.0.iter().map(NeuronMap::inverse).collect())
    }

    /// `self` after `first`: `(self ∘ first)·w = self·(first·w)`.
    pub fn compose(&self, first: &Self) -> Self {
        Self(self.0.iter().zip(&first.0).map(|(second, first)| second.after(first)).collect())
    }

    /// The action on one network's flat parameters, on the host.
    pub fn apply_host(&self, layout: &Layout, values: &[f32]) -> Vec<f32> {
        let gather = self.gather(layout);
        (0..values.len()).map(|k| values[gather.index[k]] * gather.factor[k] + gather.offset[k]).collect()
    }

    /// The action as `new[k] = old[index[k]] * factor[k] + offset[k]` over the flat parameters.
    fn gather(&self, layout: &Layout) -> Gather {
        let mut gather = Gather::default();
        for tensor in layout.tensors() {
            let columns = tensor.shape.get(1).copied().unwrap_or(1);
            for row in 0..tensor.shape[0] {
                let (mut from_row, mut row_factor, mut shift) = (row, 1.0, 0.0);
                if let Axis::Hidden(layer) = tensor.axes[0] {
                    let map = &self.0[layer];
                    (from_row, row_factor) = (map.source[row], map.incoming[row]);
                    shift = if tensor.axes.len() == 1 { map.shift[row] } else { 0.0 };
                }
                for column in 0..columns {
                    let (mut from_column, mut factor) = (column, row_factor);
                    if let Some(Axis::Hidden(layer)) = tensor.axes.get(1) {
                        from_column = self.0[*layer].source[column];
                        factor *= self.0[*layer].outgoing[column];
                    }
                    gather.index.push(tensor.offset + from_row * columns + from_column);
                    gather.factor.push(factor);
                    gather.offset.push(shift);
                }
            }
        }
        gather
    }
}

#[derive(Default)]
struct Gather {
    index: Vec<usize>,
    factor: Vec<f32>,
    offset: Vec<f32>,
}

/// Applies one element per network; gradients flow through.
///
/// # Panics
/// If there is not one element per network.
pub fn apply(elements: &[Element], weights: &Weights) -> Weights {
    assert_eq!(elements.len(), weights.len(), "one group element per network");
    let shape = weights.values().dims();
    let (mut index, mut factor, mut offset) = (Vec::new(), Vec::new(), Vec::new());
    for element in elements {
        let gather = element.gather(weights.layout());
        index.extend(gather.index.into_iter().map(|k| k as i64));
        factor.extend(gather.factor);
        offset.extend(gather.offset);
    }
    let device = weights.device();
    let index = Tensor::<2, Int>::from_data(TensorData::new(index, shape), &device);
    let moved = weights.values().clone().gather(1, index);
    weights.with_values(moved * host::tensor(factor, shape, &device) + host::tensor(offset, shape, &device))
}

/// How per-neuron features answer to an element that moves the neurons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureAction {
    /// Features move with their neuron and keep their values.
    Permuted,
    /// Features move with their neuron and scale as the neuron's activation does (by one over the outgoing factor).
    Scaled,
}

/// Applies one element per network to per-neuron features `[n, width, f]` of each hidden layer.
pub fn act_on_features(elements: &[Element], neurons: &[Tensor<3>], action: FeatureAction) -> Vec<Tensor<3>> {
    let layer_features = |(layer, features): (usize, &Tensor<3>)| {
        let [n, width, f] = features.dims();
        let device = features.device();
        let maps = || elements.iter().map(|element| &element.0[layer]);
        let index = maps().flat_map(|map| map.source.iter().flat_map(|&j| std::iter::repeat_n(j as i64, f))).collect();
        let index = Tensor::<3, Int>::from_data(TensorData::new::<i64, _>(index, [n, width, f]), &device);
        let moved = features.clone().gather(1, index);
        match action {
            FeatureAction::Permuted => moved,
            FeatureAction::Scaled => {
                let factor = maps().flat_map(|map| map.outgoing.iter().map(|o| 1.0 / o)).collect();
                moved * host::tensor(factor, [n, width, 1], &device)
            }
        }
    };
    neurons.iter().enumerate().map(layer_features).collect()
}
