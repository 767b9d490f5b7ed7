//! cost
use std::{sync::Arc, time::Instant};
use burn::tensor::{Device, Tensor};
use equigen_core::*;
use equigen_core::dense::Points;
use equigen_core::learner::Step;
use equigen_core::seed::Rng;
use equigen_core::statistics::Statistics;
use equigen_objectives::*;
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
    let context = ObjectiveContext { statistics: Statistics::of(&layout, rows.chunks(1185)), inr: Arc::new(inr), layout: layout.clone(), dim: 64, device: device.clone(), seed: Seed::new(1) };
    let weights = Weights::from_host(layout, rows, &device).unwrap();
    let domain = Domain::Image { height: 28, width: 28, channels: 1 };
    let grid = Points::Shared(host::tensor(domain.grid(), [784, 2], &device));
    let rendered = host::read(S {}.forward(&weights, &grid));
    let one = host::tensor(vec![1.0], [1], &device.clone().inner());
    let options = Step { learning_rate: 1e-3, weight_decay: 1e-4, beta2: 0.999, average: 0.0 };
    let all: [(&str, Box<dyn Objective>); 2] = [("nt-xent", Box::new(NtXent::default())), ("reconstruction", Box::new(Reconstruction::default()))];
    for (name, objective) in all {
        let mut model = objective.build(&context).unwrap();
        let mut ms = vec![];
        for i in 0..15 {
            let features: Tensor<2> = host::tensor(seed::normal(&mut Seed::new(2).stream(i), 128 * 64), [128, 64], &device).require_grad();
            let signals = TargetSignals::new(domain, rendered.clone(), AffineMaps::identity(64, 2));
            let mut maps = AffineMaps::identity(64, 2);
            maps.shift.iter_mut().for_each(|t| *t = 0.1);
            let t = Instant::now();
            let views = Views { original: weights.clone(), augmented: move_signal(&weights, &maps), augmented_signals: signals.moved(&maps), original_signals: signals,
                original_features: features.clone().slice([0..64]), augmented_features: features.clone().slice([64..128]) };
            let loss = model.loss(&views, &mut Seed::new(9).stream(i)).1;
            let f = t.elapsed().as_secs_f64() * 1e3;
            let g = loss.backward();
            let bk = t.elapsed().as_secs_f64() * 1e3;
            model.learner().step(&g, one.clone(), &options);
            ms.push((t.elapsed().as_secs_f64() * 1e3, f, bk));
        }
        ms.sort_by(|a, b| a.0.total_cmp(&b.0));
        println!("{name}: (total, forward, forward+backward) ms min {:?} median {:?}", ms[0], ms[7]);
    }
}
