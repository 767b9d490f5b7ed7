//! ops
use std::time::Instant;
use burn::tensor::{Device, Tensor, activation::relu};
use equigen_core::*;
fn time<const D: usize>(name: &str, inputs: Vec<Tensor<D>>, f: impl Fn(&[Tensor<D>]) -> Tensor<D>) {
    let (mut fw, mut bw) = (f64::MAX, f64::MAX);
    for _ in 0..7 {
        let ins: Vec<_> = inputs.iter().map(|t| t.clone().require_grad()).collect();
        let t = Instant::now();
        let y = f(&ins);
        fw = fw.min(t.elapsed().as_secs_f64() * 1e3);
        let l = y.sum();
        let t = Instant::now();
        let _g = l.backward();
        bw = bw.min(t.elapsed().as_secs_f64() * 1e3);
    }
    println!("{name}: forward {fw:.2} backward {bw:.2}");
}
fn main() {
    let d = Device::flex().autodiff();
    let r = |s: [usize; 4]| -> Tensor<4> { host::tensor(seed::normal(&mut Seed::new(1).stream(0), s.iter().product()), s, &d) };
    let x = r([64, 32, 32, 32]);
    time("identity", vec![x.clone()], |t| t[0].clone());
    time("add full", vec![x.clone(), x.clone()], |t| t[0].clone() + t[1].clone());
    time("add rows", vec![x.clone(), r([64, 32, 1, 32])], |t| t[0].clone() + t[1].clone());
    time("add columns", vec![x.clone(), r([64, 1, 32, 32])], |t| t[0].clone() + t[1].clone());
    time("add bias", vec![x.clone(), r([1, 1, 1, 32])], |t| t[0].clone() + t[1].clone());
    time("relu", vec![x.clone()], |t| relu(t[0].clone()));
    time("mean inner", vec![x.clone()], |t| t[0].clone().mean_dim(2));
    time("mean outer", vec![x.clone()], |t| t[0].clone().mean_dim(1));
    time("max", vec![x.clone().reshape([64, 1, 1024, 32])], |t| t[0].clone().max_dim(2));
    time("mean 1024", vec![x.clone().reshape([64, 1, 1024, 32])], |t| t[0].clone().mean_dim(2));
    let x2 = host::tensor(seed::normal(&mut Seed::new(1).stream(0), 65536 * 32), [65536, 32], &d);
    let w = host::tensor(seed::normal(&mut Seed::new(1).stream(0), 32 * 32), [32, 32], &d);
    time("matmul", vec![x2, w], |t| t[0].clone().matmul(t[1].clone()));
}
