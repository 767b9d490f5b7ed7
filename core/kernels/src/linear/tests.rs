use proptest::prelude::*;

use super::*;

fn value(i: usize, salt: u32) -> f32 {
    ((i as u32).wrapping_mul(2_654_435_761).wrapping_add(salt.wrapping_mul(97)) >> 8) as f32 / 16_777_216.0 - 0.5
}

fn values(n: usize, salt: u32) -> Vec<f32> {
    (0..n).map(|i| value(i, salt)).collect()
}

/// `a [rows, terms] · b [terms, columns]` in double precision, by element functions.
fn product(
    (rows, terms, columns): (usize, usize, usize),
    a: impl Fn(usize, usize) -> f32,
    b: impl Fn(usize, usize) -> f32,
) -> Vec<f64> {
    let element = |r: usize, c: usize| (0..terms).map(|k| f64::from(a(r, k)) * f64::from(b(k, c))).sum();
    (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))).map(|(r, c)| element(r, c)).collect()
}

fn close(found: &[f32], exact: &[f64], terms: usize) -> Result<(), TestCaseError> {
    for (i, (&found, &exact)) in found.iter().zip(exact).enumerate() {
        let bound = 1e-6 * (1.0 + terms as f64);
        prop_assert!((f64::from(found) - exact).abs() < bound, "element {i}: {found} is not {exact}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn layers_and_gradients_are_the_products(
        rows in 1usize..140, inputs in 1usize..300, outputs in 1usize..70, salt in any::<u32>(),
    ) {
        let shape = Shape { rows, inputs, outputs };
        let (x, weight) = (values(rows * inputs, salt), values(inputs * outputs, salt ^ 1));
        let (bias, upstream) = (values(outputs, salt ^ 2), values(rows * outputs, salt ^ 3));

        let mut out = vec![f32::NAN; rows * outputs];
        forward(shape, &x, &weight, &bias, &mut out);
        let mut exact = product((rows, inputs, outputs), |r, k| x[r * inputs + k], |k, c| weight[k * outputs + c]);
        for (i, value) in exact.iter_mut().enumerate() {
            *value += f64::from(bias[i % outputs]);
        }
        close(&out, &exact, inputs)?;

        let mut out = vec![f32::NAN; rows * inputs];
        input_gradient(shape, &upstream, &weight, &mut out);
        let exact = product((rows, outputs, inputs), |r, k| upstream[r * outputs + k], |k, c| weight[c * outputs + k]);
        close(&out, &exact, outputs)?;

        let (mut of_weight, mut of_bias) = (vec![f32::NAN; inputs * outputs], vec![f32::NAN; outputs]);
        weight_gradient(shape, &x, &upstream, &mut of_weight, &mut of_bias);
        let exact = product((inputs, rows, outputs), |r, k| x[k * inputs + r], |k, c| upstream[k * outputs + c]);
        close(&of_weight, &exact, rows)?;
        let exact = product((1, rows, outputs), |_, _| 1.0, |k, c| upstream[k * outputs + c]);
        close(&of_bias, &exact, rows)?;
    }
}

#[test]
fn threads_do_not_matter() {
    let shape = Shape { rows: 130, inputs: 300, outputs: 70 };
    let (x, weight, bias) = (values(130 * 300, 1), values(300 * 70, 2), values(70, 3));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let mut out = vec![0.0; 130 * 70];
        pool.install(|| forward(shape, &x, &weight, &bias, &mut out));
        out
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn gelu_is_known_at_points() {
    // x, x Φ(x) and its derivative, from the error function in double precision.
    let known = [
        (-6.0, -5.919_526e-9, -3.546_9e-8),
        (-2.0, -0.045_500_264, -0.085_231_8),
        (-0.5, -0.154_268_77, 0.132_504_87),
        (0.0, 0.0, 0.5),
        (1.0, 0.841_344_8, 1.083_315_5),
        (3.0, 2.995_950_3, 1.011_945_7),
        (40.0, 40.0, 1.0),
    ];
    let x: Vec<f32> = known.iter().cycle().take(35).map(|row| row.0).collect();
    let (mut value, mut slope) = (vec![0.0; 35], vec![0.0; 35]);
    gelu(&x, &mut value);
    gelu_gradient(&x, &[2.0; 35], &mut slope);
    for (i, (_, expected, derivative)) in known.iter().cycle().take(35).enumerate() {
        let bound = 4e-7 * x[i].abs().max(1.0);
        assert!((value[i] - expected).abs() < bound, "gelu({}) = {}, not {expected}", x[i], value[i]);
        assert!((slope[i] - 2.0 * derivative).abs() < 2e-6, "gelu'({}) = {}, not {derivative}", x[i], slope[i] / 2.0);
    }
}
