//! What stands between features and an objective that compares views: the first entries of ψ, and a perceptron.

use std::ops::Range;

use burn::module::Module;
use burn::tensor::Tensor;
use equigen_core::nn::{Init, Mlp};
use equigen_core::{Error, ObjectiveContext, Result, Views};

/// The entries of ψ, of `dim`, that are compared where a setting names so many first ones, 0 for all.
pub(crate) fn range(entries: usize, dim: usize) -> Range<usize> {
    0..if entries == 0 { dim } else { entries }
}

/// A projection head: a perceptron with one hidden layer over the first entries of ψ, or those entries as they are.
#[derive(Module, Debug)]
pub(crate) struct Head {
    entries: usize,
    mlp: Option<Mlp>,
}

impl Head {
    /// From the first `entries` of ψ, 0 for all, over `hidden` units to `out`; without a perceptron where `hidden` is
    /// 0.
    ///
    /// # Errors
    /// If ψ has fewer entries, or `out` is 0.
    pub(crate) fn new(entries: usize, hidden: usize, out: usize, context: &ObjectiveContext) -> Result<Self> {
        crate::check_positive("out", out)?;
        let dim = context.dim;
        let entries = range(entries, dim).end;
        if entries > dim {
            return Err(Error::config(format!("entries: {entries} are more than the encoder's {dim}")));
        }
        let mut init = Init::new(context.seed, &context.device);
        let mlp = (hidden > 0).then(|| Mlp::new(&[entries, hidden, out], &mut init));
        Ok(Self { entries, mlp })
    }

    /// Projected features of the original networks and then of their augmented views, `[2 n, out]`.
    pub(crate) fn project(&self, views: &Views) -> Tensor<2> {
        let both = vec![views.original_features.clone(), views.augmented_features.clone()];
        let features = Tensor::cat(both, 0).slice_dim(1, 0..self.entries);
        match &self.mlp {
            Some(mlp) => mlp.forward(features),
            None => features,
        }
    }
}
