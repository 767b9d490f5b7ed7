//! `siren`: dense layers with sines between them.

use equigen_core::{Activation, Axis, Inr, Layout, Result, seed::Rng};
use equigen_kernels::{Activation as Neuron, DenseStack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shared::{self, check_positive, uniform_start};

/// Dense layers with sin(omega z) between them, on raw coordinates.
///
/// Source: Sitzmann et al. 2020, "Implicit Neural Representations with Periodic Activation Functions"; the variant
/// `dwsnets` is that of Navon et al. 2023, "Equivariant Architectures for Learning in Deep Weight Spaces".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Siren {
    /// Neurons of each hidden layer.
    pub hidden: Vec<usize>,
    /// Frequency factor in front of every pre-activation, in radians.
    pub omega: f64,
    /// Initialisation and output offset.
    pub variant: Variant,
}

/// How a SIREN starts, and what is added to its output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// Weights U(±1/fan_in) in the first layer, U(±sqrt(6/fan_in)/omega) in the others; biases U(±1/sqrt(fan_in)), that
    /// of the output 0; no offset.
    #[default]
    Standard,
    /// Weights U(±sqrt(6/fan_in)/omega) in every layer, biases 0, and 0.5 added to the output, as in public zoos.
    Dwsnets,
}

impl Default for Siren {
    fn default() -> Self {
        Self { hidden: vec![32, 32], omega: 30.0, variant: Variant::Standard }
    }
}

equigen_core::register!(Inr, Siren);

#[typetag::serde(name = "siren")]
impl Inr for Siren {
    fn layout(&self, dimensions: usize, channels: usize) -> Result<Layout> {
        check_positive("siren", "omega", self.omega, 30.0)?;
        let activation = Activation::Sine { omega: self.omega };
        shared::layout("siren", Axis::Coordinates(dimensions), &self.hidden, activation, channels)
    }

    fn initialise(&self, layout: &Layout, rng: &mut Rng) -> Vec<f32> {
        uniform_start(layout, rng, |layer, fan_in| self.bounds(layer, fan_in, layer + 1 == layout.layers()))
    }

    fn dense(&self, layout: &Layout) -> Option<DenseStack> {
        let sine = Neuron::Sine { omega: self.omega as f32 };
        Some(DenseStack {
            widths: layout.widths(),
            activations: vec![sine; layout.hidden().len()],
            output_offset: match self.variant {
                Variant::Standard => 0.0,
                Variant::Dwsnets => 0.5,
            },
            encoding: None,
        })
    }
}

impl Siren {
    /// Bounds of the uniform draws of a layer's weight and bias.
    fn bounds(&self, layer: usize, fan_in: f64, output: bool) -> (f64, f64) {
        let sine = (6.0 / fan_in).sqrt() / self.omega;
        match self.variant {
            Variant::Dwsnets => (sine, 0.0),
            Variant::Standard => {
                let weight = if layer == 0 { 1.0 / fan_in } else { sine };
                // An output bias would be a random grey under every image, which the fit had to remove first.
                (weight, if output { 0.0 } else { 1.0 / fan_in.sqrt() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use burn::tensor::{Device, Tensor};
    use equigen_core::dense::{self, Points};
    use equigen_core::{Seed, Weights, host, seed};
    use proptest::prelude::*;

    use super::*;

    fn siren(hidden: &[usize], omega: f64, variant: Variant) -> Siren {
        Siren { hidden: hidden.to_vec(), omega, variant }
    }

    fn networks(inr: &Siren, n: u64, channels: usize, device: &Device) -> Weights {
        let layout = Arc::new(inr.layout(2, channels).unwrap());
        let values = (0..n).flat_map(|row| inr.initialise(&layout, &mut Seed::new(3).stream(row)));
        Weights::from_host(layout.clone(), values.collect(), device).unwrap()
    }

    fn points(n: usize, count: usize, device: &Device) -> Tensor<3> {
        let values = seed::uniform(&mut Seed::new(5).stream(0), n * count * 2, -1.0, 1.0);
        host::tensor(values, [n, count, 2], device)
    }

    fn close(a: &[f32], b: &[f32], tolerance: f32) -> bool {
        let scale = b.iter().fold(1.0f32, |scale, value| scale.max(value.abs()));
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * scale)
    }

    #[test]
    fn each_variant_draws_within_its_bounds_and_fills_them() {
        let sine = |fan_in: f32| (6.0 / fan_in).sqrt() / 30.0;
        let standard = [0.5, 0.5f32.sqrt(), sine(40.0), 40f32.sqrt().recip(), sine(50.0), 0.0];
        let dwsnets = [sine(2.0), 0.0, sine(40.0), 0.0, sine(50.0), 0.0];
        for (variant, bounds) in [(Variant::Standard, standard), (Variant::Dwsnets, dwsnets)] {
            let inr = siren(&[40, 50], 30.0, variant);
            let layout = inr.layout(2, 3).unwrap();
            let network = inr.initialise(&layout, &mut Seed::new(1).stream(0));
            assert_eq!(network.len(), layout.parameters());
            for (tensor, bound) in layout.tensors().iter().zip(bounds) {
                let largest = network[tensor.range()].iter().fold(0.0f32, |max, value| max.max(value.abs()));
                assert!(largest <= bound && largest >= 0.9 * bound, "{variant:?} {}: {largest}", tensor.name);
            }
        }
    }

    #[test]
    fn the_dwsnets_variant_is_half_grey_with_zero_weights() {
        let inr = siren(&[4], 30.0, Variant::Dwsnets);
        let layout = Arc::new(inr.layout(2, 1).unwrap());
        let device = Device::flex();
        let weights = Weights::from_host(layout.clone(), vec![0.0; layout.parameters()], &device).unwrap();
        let values = inr.forward(&weights, &Points::PerNetwork(points(1, 3, &device)));
        assert_eq!(host::read(values), [0.5; 3]);
    }

    #[test]
    fn settings_out_of_range_are_refused_by_name() {
        for (inr, key) in [
            (siren(&[], 30.0, Variant::Standard), "hidden"),
            (siren(&[32, 0], 30.0, Variant::Standard), "hidden"),
            (siren(&[32], 0.0, Variant::Standard), "omega"),
            (siren(&[32], f64::NAN, Variant::Standard), "omega"),
        ] {
            let message = inr.layout(2, 1).unwrap_err().to_string();
            assert!(message.contains(&format!("siren: `{key}`")), "{message}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn a_batch_equals_its_networks_one_by_one(
            hidden in proptest::collection::vec(1usize..20, 1..4), channels in 1usize..4, dwsnets in any::<bool>(),
        ) {
            let device = Device::flex();
            let variant = if dwsnets { Variant::Dwsnets } else { Variant::Standard };
            let inr = siren(&hidden, 30.0, variant);
            let weights = networks(&inr, 4, channels, &device);
            let points = points(4, 9, &device);
            let together = host::read(inr.forward(&weights, &Points::PerNetwork(points.clone())));
            let alone = (0..4).flat_map(|row| {
                let points = points.clone().slice([row..row + 1, 0..9, 0..2]);
                host::read(inr.forward(&weights.select(&[row]), &Points::PerNetwork(points)))
            });
            prop_assert_eq!(together, alone.collect::<Vec<_>>());
        }

        #[test]
        fn fused_equals_plain_in_values_and_gradients(
            hidden in proptest::collection::vec(1usize..20, 1..4), channels in 1usize..4, dwsnets in any::<bool>(),
        ) {
            let device = Device::flex().autodiff();
            let variant = if dwsnets { Variant::Dwsnets } else { Variant::Standard };
            let inr = siren(&hidden, 30.0, variant);
            let stack = inr.dense(&inr.layout(2, channels).unwrap()).unwrap();
            let run = |fused: bool| {
                let weights = networks(&inr, 3, channels, &device);
                let weights = weights.with_values(weights.values().clone().require_grad());
                let at = points(3, 11, &device).require_grad();
                let points = Points::PerNetwork(at.clone());
                let values = if fused { inr.forward(&weights, &points) } else { dense::plain(&stack, &weights, &points).1 };
                // A loss whose gradient differs from value to value.
                let gradients = (values.clone() * (values.clone() + 0.3).sin()).sum().backward();
                let of_weights = host::read(weights.values().grad(&gradients).unwrap());
                (host::read(values), of_weights, host::read(at.grad(&gradients).unwrap()))
            };
            let (fused, plain) = (run(true), run(false));
            prop_assert!(close(&fused.0, &plain.0, 1e-4), "values");
            prop_assert!(close(&fused.1, &plain.1, 1e-3), "weight gradients");
            prop_assert!(close(&fused.2, &plain.2, 1e-3), "point gradients");
            prop_assert!(plain.1.iter().any(|gradient| gradient.abs() > 1e-4), "gradients are not all zero");
        }
    }
}
