//! throw-away
use std::time::Instant;
use burn::tensor::Device;
use equigen_core::{*, learner::Step};
fn main() {
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for digit in 0..10usize {
        let text = std::fs::read_to_string(format!("/tmp/data/package/src/digits/{digit}.json")).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let data = json["data"].as_array().unwrap();
        values.extend(data.iter().map(|v| v.as_f64().unwrap() as f32));
        labels.extend(vec![digit; data.len() / 784]);
    }
    let top = values.iter().cloned().fold(0.0, f32::max);
    eprintln!("{} digits, max {top}", labels.len());
    let args: Vec<String> = std::env::args().skip(1).collect();
    let config: String = args.first().cloned().unwrap_or_else(|| "{}".into());
    let judge: Box<dyn Judge> = { let mut v: serde_json::Value = serde_json::from_str(&config).unwrap(); v["type"] = "cnn".into(); serde_json::from_value(v).unwrap() };
    let _ = equigen_judges::Cnn::default();
    for s in 0..args.get(1).map_or(1, |a| a.parse::<u64>().unwrap()) {
        let seed = Seed::new(s);
        let order = seed::permutation(&mut seed.stream(9), labels.len());
        let (train, test) = (&order[..8300], &order[8300..]);
        let pick = |rows: &[usize]| Labelled { signals: rows.iter().flat_map(|r| &values[r * 784..r * 784 + 784]).copied().collect(), classes: rows.iter().map(|r| labels[*r]).collect() };
        let domain = Domain::Image { height: 28, width: 28, channels: 1 };
        let mut model = judge.build(domain, 10, &Device::flex().autodiff(), seed.split("model")).unwrap();
        let sch = judge.schedule();
        let start = Instant::now(); let (mut fwd, mut bwd, mut opt) = (0.0, 0.0, 0.0);
        for step in 0..sch.steps {
            let mut rng = seed.split("steps").stream(step as u64);
            let rows: Vec<usize> = seed::indices(&mut rng, sch.batch, train.len()).iter().map(|i| train[*i]).collect();
            let t = Instant::now();
            let loss = model.loss(&pick(&rows), &mut rng); fwd += t.elapsed().as_secs_f64();
            let t = Instant::now(); let g = loss.backward(); bwd += t.elapsed().as_secs_f64();
            let t = Instant::now();
            let norm = model.learner().gradient_norm_squared(&g).unwrap();
            let scale = (norm.sqrt() + 1e-12).recip().mul_scalar(sch.clip).clamp_max(1.0);
            model.learner().step(&g, scale, &Step { learning_rate: sch.learning_rate_at(step), weight_decay: sch.weight_decay, beta2: sch.beta2, average: sch.average });
            opt += t.elapsed().as_secs_f64();
        }
        let took = start.elapsed().as_secs_f64();
        let mut plain = judge.build(domain, 10, &Device::flex(), seed).unwrap();
        plain.learner().set_parameters(&model.learner().parameters()).unwrap();
        let t = Instant::now(); let test = pick(test); let seen = plain.judge(&test.signals); let look = t.elapsed().as_secs_f64();
        let right = seen.classes.iter().zip(&test.classes).filter(|(a, b)| a == b).count();
        println!("seed {s}: accuracy {:.4} in {took:.1} s (fwd {fwd:.1} bwd {bwd:.1} opt {opt:.1}); judging {} in {look:.2} s", right as f64 / test.classes.len() as f64, test.classes.len());
    }
}
