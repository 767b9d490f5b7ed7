use std::{sync::Arc, time::Instant};
use burn::tensor::{Device, Tensor};
use equigen_core::*;
use equigen_core::learner::Step;
use equigen_core::seed::Rng;
use equigen_core::statistics::Statistics;
use equigen_encoders::*;
use serde::{Serialize,Deserialize};
#[derive(Debug, Clone, Serialize, Deserialize)]
struct S {}
#[typetag::serde(name = "small-siren-cost")]
impl Inr for S {
    fn layout(&self, d: usize, c: usize) -> Result<Layout> {
        let h = Hidden { width: 32, activation: Activation::Sine { omega: 30.0 } };
        Ok(Layout::dense(Axis::Coordinates(d), &[h; 2], c))
    }
    fn initialise(&self, l: &Layout, rng: &mut Rng) -> Vec<f32> { seed::uniform(rng, l.parameters(), -0.1, 0.1) }
    fn dense(&self, l: &Layout) -> Option<equigen_kernels::DenseStack> { Some(equigen_kernels::DenseStack::siren(&l.widths(), 30.0)) }
}
fn main() {
    let device = Device::flex().autodiff();
    let inr = S {};
    let layout = Arc::new(inr.layout(2, 1).unwrap());
    let rows: Vec<f32> = (0..64).flat_map(|i| inr.initialise(&layout, &mut Seed::new(i).stream(0))).collect();
    let context = EncoderContext { statistics: Statistics::of(&layout, rows.chunks(1185)), inr: Arc::new(inr), layout: layout.clone(), device: device.clone(), seed: Seed::new(1) };
    let weights = Weights::from_host(layout, rows, &device).unwrap();
    let one = host::tensor(vec![1.0], [1], &device.clone().inner());
    let options = Step { learning_rate: 1e-3, weight_decay: 1e-4, beta2: 0.999, average: 0.0 };
    let encoders: [(&str, Box<dyn Encoder>); 3] = [("probe", Box::new(Probe::default())), ("dws 32", Box::new(Dws::default())), ("dws 16", Box::new(Dws{width:16,..Dws::default()}))];
    let target: Tensor<2> = host::tensor(seed::normal(&mut Seed::new(2).stream(0), 64 * 64), [64, 64], &device);
    for (name, encoder) in encoders { if std::env::args().nth(1).is_some_and(|a| a != name) { continue; }
        let mut model = encoder.build(&context).unwrap();
        let mut ms = vec![];
        for _ in 0..9 {
            let t = Instant::now();
            let a = model.pooled(&weights); let b = model.pooled(&weights);
            let f = t.elapsed().as_secs_f64() * 1e3;
            let loss = ((a * target.clone()).sum_dim(1) + (b * target.clone()).sum_dim(1)).mean();
            let g = loss.backward();
            let bk = t.elapsed().as_secs_f64() * 1e3;
            model.learner().step(&g, one.clone(), &options);
            ms.push((t.elapsed().as_secs_f64() * 1e3, f, bk));
        }
        ms.sort_by(|a, b| a.0.total_cmp(&b.0));
        println!("{name}: (total, forward, forward+backward) ms min {:?} median {:?}", ms[0], ms[4]);
    }
}
