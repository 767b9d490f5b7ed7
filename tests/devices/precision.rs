//! Products in bfloat16: near single precision, not it, and single precision again behind them.

use equigen_core::precision::Precision;

use super::*;

fn apart(got: &[f32], expected: &[f32]) -> f64 {
    let square = |(a, b): (&f32, &f32)| f64::from(a - b).powi(2);
    let whole: f64 = expected.iter().map(|value| f64::from(*value).powi(2)).sum();
    (got.iter().zip(expected).map(square).sum::<f64>() / whole).sqrt()
}

#[test]
fn bf16_is_near_f32_and_leaves_parameters_and_gradients_in_it() {
    let (registry, case) = (Registry::collect().unwrap(), case());
    for (device_name, device) in others() {
        for name in ["dws", "probe"] {
            let encoder: Box<dyn Encoder> = registry.get(Kind::Encoder, name).unwrap().component().unwrap();
            let single = encoded(&*encoder, &case, &device);
            // Reads of the host accept single precision only: features and gradients come back in it.
            let rounded = Precision::Bf16.scope(|| encoded(&*encoder, &case, &device));
            let again = encoded(&*encoder, &case, &device);
            for (i, (what, expected)) in single.iter().enumerate() {
                // Gradients of `dws` pass eight rounded products, some of which nearly cancel: measured 0.15 apart.
                // The features of neurons of `probe` are activations of the networks themselves: nothing is rounded there.
                if (name, *what) == ("probe", "features of neurons") {
                    continue;
                }
                let error = apart(&rounded[i].1, expected);
                assert!(error > 1e-5 && error < 0.3, "{name} on {device_name}, {what}: apart by {error:.1e}");
                near(&format!("{name} on {device_name}, {what}, after the scope"), &again[i].1, expected);
            }
        }
    }
}
