use equigen_kernels::{
    linear,
    linear::{Shape, input_gradient, weight_gradient},
};
use std::time::Instant;
fn main() {
    println!("peak {:.0} GFLOP/s", equigen_kernels::fma_peak() / 1e9);
    for (rows, inputs, outputs) in
        [(64, 1024, 1024), (64, 1024, 1185), (64, 160, 1024), (64, 1377, 512), (64, 512, 512), (128, 400, 512)]
    {
        let s = Shape { rows, inputs, outputs };
        let v = |n: usize| (0..n).map(|i| (i % 17) as f32 * 0.01).collect::<Vec<f32>>();
        let (x, w, b, g) = (v(rows * inputs), v(inputs * outputs), v(outputs), v(rows * outputs));
        let mut out = v(rows * outputs);
        let (mut gx, mut gw, mut gb) = (v(rows * inputs), v(inputs * outputs), v(outputs));
        let fl = 2.0 * (rows * inputs * outputs) as f64;
        let mut time = |name: &str, f: &mut dyn FnMut()| {
            let mut best = f64::MAX;
            let mut all = vec![];
            for _ in 0..60 {
                let t = Instant::now();
                f();
                let e = t.elapsed().as_secs_f64();
                best = best.min(e);
                all.push(e);
            }
            all.sort_by(f64::total_cmp);
            println!(
                "{rows}x{inputs}x{outputs} {name}: median {:.3} ms {:.0} GFLOP/s, best {:.0}",
                all[30] * 1e3,
                fl / all[30] / 1e9,
                fl / best / 1e9
            );
        };
        time("forward", &mut || linear::forward(s, &x, &w, &b, &mut out));
        time("input", &mut || input_gradient(s, &g, &w, &mut gx));
        time("weight", &mut || weight_gradient(s, &x, &g, &mut gw, &mut gb));
    }
    let n = 2_400_000;
    let (mut p, g, mut m, mut v, mut a) =
        (vec![0.1f32; n], vec![0.2f32; n], vec![0.0f32; n], vec![0.0f32; n], vec![0.0f32; n]);
    let settings = equigen_kernels::AdamW {
        learning_rate: 1e-3,
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-8,
        weight_decay: 0.0,
        scale: 1.0,
        average: 0.9,
    };
    for _ in 0..5 {
        let t = Instant::now();
        equigen_kernels::adamw_step(
            &settings,
            1,
            equigen_kernels::AdamWState {
                parameters: &mut p,
                gradients: &g,
                first: &mut m,
                second: &mut v,
                average: Some(&mut a),
            },
        );
        let e = t.elapsed();
        let t = Instant::now();
        let s = equigen_kernels::sum_of_squares(&g);
        println!("adamw {e:?} norm {:?} {s}", t.elapsed());
    }

    use equigen_kernels::*;
    let stack = DenseStack::siren(&[2, 32, 32, 1], 30.0);
    println!("peak {}", fma_peak());
    for (n, points) in [(64, 128), (64, 400), (128, 400), (128, 256), (4096, 400)] {
        let w: Vec<f32> = (0..n * 1185).map(|i| ((i * 7919) % 1000) as f32 * 1e-4 - 0.05).collect();
        let x: Vec<f32> = (0..points * 2).map(|i| ((i * 31) % 100) as f32 * 0.02 - 1.0).collect();
        let mut out = vec![0.0; n * points];
        let mut gw = vec![0.0; n * 1185];
        let mut gx = vec![0.0; points * 2];
        let g = vec![0.1; n * points];
        let fl = 2.0 * (n * points * 1120) as f64;
        let mut time = |name: &str, k: f64, f: &mut dyn FnMut()| {
            let mut all = vec![];
            for _ in 0..20 {
                let t = Instant::now();
                f();
                all.push(t.elapsed().as_secs_f64());
            }
            all.sort_by(f64::total_cmp);
            println!("{n}x{points} {name}: median {:.3} ms {:.0} GFLOP/s", all[10] * 1e3, k * fl / all[10] / 1e9);
        };
        time("forward", 1.0, &mut || equigen_kernels::forward(&stack, &w, Coordinates::Shared(&x), points, &mut out));
        time("backward", 3.0, &mut || {
            equigen_kernels::backward(&stack, &w, Coordinates::Shared(&x), points, &g, &mut gw, None)
        });
        time("backward+points", 3.0, &mut || {
            equigen_kernels::backward(&stack, &w, Coordinates::Shared(&x), points, &g, &mut gw, Some(&mut gx))
        });
    }
}
