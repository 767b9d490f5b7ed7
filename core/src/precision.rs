//! In which numbers the large products of training are computed.

use std::cell::Cell;

use burn::tensor::{FloatDType, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// In which numbers matrix products with parameters are computed in training. Parameters, gradients, moments and all else
/// are in single precision either way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Single precision.
    #[default]
    F32,
    /// Both factors are rounded to bfloat16, of which some devices multiply several times as many a second.
    Bf16,
}

thread_local! {
    static CURRENT: Cell<Precision> = const { Cell::new(Precision::F32) };
}

impl Precision {
    /// Whether this is the default, which stands in no key of a stage.
    pub fn is_single(&self) -> bool {
        *self == Self::F32
    }

    /// Does `work` with the products of this thread in this precision, as PyTorch's `autocast` does. Gradients of what it
    /// computes are products in this precision too, wherever they are asked for.
    pub fn scope<T>(self, work: impl FnOnce() -> T) -> T {
        /// Sets it back, after a panic too.
        struct Restore(Precision);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(self.0);
            }
        }
        let _restore = Restore(CURRENT.replace(self));
        work()
    }
}

/// Activations `[rows, in]` times a parameter `[in, out]`, in the precision of the scope around.
pub fn product(x: Tensor<2>, parameter: Tensor<2>) -> Tensor<2> {
    match CURRENT.get() {
        Precision::F32 => x.matmul(parameter),
        Precision::Bf16 => x.cast(FloatDType::BF16).matmul(parameter.cast(FloatDType::BF16)).cast(FloatDType::F32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_ends_with_its_work() {
        let seen = Precision::Bf16.scope(|| (CURRENT.get(), Precision::F32.scope(|| CURRENT.get()), CURRENT.get()));
        assert_eq!(seen, (Precision::Bf16, Precision::F32, Precision::Bf16));
        let work = || assert_eq!(CURRENT.get(), Precision::F32, "as a component may panic");
        assert!(std::panic::catch_unwind(|| Precision::Bf16.scope(work)).is_err());
        assert_eq!(CURRENT.get(), Precision::F32);
    }
}
