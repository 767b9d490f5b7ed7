use burn::tensor::Device;
use equigen_core::learner::Step;
use equigen_core::{Seed, host};

use super::*;

const IMAGE: Domain = Domain::Image { height: 12, width: 14, channels: 3 };
const LENGTH: usize = 12 * 14 * 3;

fn small() -> Cnn {
    Cnn { channels: [4, 6], features: 10, ..Cnn::default() }
}

/// `n` images: class 0 is bright on the left, class 1 on the right, with a little noise.
fn sides(n: usize, seed: u64) -> Labelled {
    let mut signals = equigen_core::seed::uniform(&mut Seed::new(seed).stream(0), n * LENGTH, 0.0, 0.3);
    let classes: Vec<usize> = (0..n).map(|i| i % 2).collect();
    for (i, value) in signals.iter_mut().enumerate() {
        let (class, column) = (classes[i / LENGTH], i % LENGTH / 3 % 14);
        *value += if (column >= 7) == (class == 1) { 0.7 } else { 0.0 };
    }
    Labelled { signals, classes }
}

fn learning(model: &mut dyn JudgeModel) -> &mut dyn Classifier {
    model.classifier().unwrap()
}

fn train(config: &Cnn, steps: u64) -> (Box<dyn JudgeModel>, Vec<f32>) {
    let seed = Seed::new(5);
    let mut model = config.build(IMAGE, 2, &Device::flex().autodiff(), seed).unwrap();
    let batch = sides(32, 1);
    let options = Step { learning_rate: 3e-3, weight_decay: 0.0, beta2: 0.999, average: 0.0 };
    let mut losses = Vec::new();
    for step in 0..steps {
        let loss = learning(&mut *model).loss(&batch, &mut seed.split("steps").stream(step));
        let one = host::tensor(vec![1.0], [1], &Device::flex());
        learning(&mut *model).learner().step(&mut loss.backward(), one, &options);
        losses.push(host::scalar(loss.inner()));
    }
    (model, losses)
}

#[test]
fn learns_and_gives_the_same_bits_again_elsewhere() {
    let (mut model, losses) = train(&small(), 60);
    assert!(losses[59] < 0.3 * losses[0], "{losses:?}");
    assert_eq!(losses, train(&small(), 60).1, "the same seed gives the same bits");

    let test = sides(20, 2);
    let seen = model.judge(&test.signals).unwrap();
    assert_eq!(seen.classes, test.classes);
    let mut copy = small().build(IMAGE, 2, &Device::flex(), Seed::new(0)).unwrap();
    assert_ne!(copy.judge(&test.signals).unwrap(), seen);
    learning(&mut *copy).learner().set_parameters(&learning(&mut *model).learner().parameters()).unwrap();
    assert_eq!(copy.judge(&test.signals).unwrap(), seen);
}

#[test]
fn shapes_do_not_depend_on_the_batch_and_values_are_clamped() {
    let model = small().build(IMAGE, 5, &Device::flex(), Seed::new(1)).unwrap();
    let signals = sides(LOOK + 3, 1).signals;
    let all = model.judge(&signals).unwrap();
    assert_eq!((all.dim, all.len(), all.features.len()), (10, LOOK + 3, 10 * (LOOK + 3)));
    assert!(all.features.iter().all(|value| *value >= 0.0));
    let last = model.judge(&signals[(LOOK + 2) * LENGTH..]).unwrap();
    let same = last.features.iter().zip(all.feature(LOOK + 2));
    assert!(same.into_iter().all(|(a, b)| (a - b).abs() < 1e-5));
    assert!(model.judge(&[]).unwrap().is_empty());

    let (mut wild, mut tame) = (signals[..LENGTH].to_vec(), signals[..LENGTH].to_vec());
    for (i, (value, seen)) in [(-3.0, 0.0), (1e9, 1.0), (f32::NAN, 0.0), (f32::INFINITY, 1.0)].iter().enumerate() {
        (wild[i], tame[i]) = (*value, *seen);
    }
    assert_eq!(model.judge(&wild).unwrap(), model.judge(&tame).unwrap());
}

#[test]
fn bad_settings_name_their_key() {
    let refused = |config: Cnn, domain, classes, word: &str| {
        let error = config.build(domain, classes, &Device::flex(), Seed::new(1)).err();
        let text = error.expect("refused").to_string();
        assert!(text.starts_with("judge: ") && text.contains(word), "{text}");
    };
    let image = |height, width, channels| Domain::Image { height, width, channels };
    refused(small(), image(28, 11, 1), 2, "11 x 28");
    refused(small(), image(28, 28, 2), 2, "channels");
    refused(small(), IMAGE, 1, "classes");
    refused(Cnn { dropout: 1.0, ..small() }, IMAGE, 2, "dropout");
    refused(Cnn { shift: -1.0, ..small() }, IMAGE, 2, "shift");
    refused(Cnn { degrees: f64::NAN, ..small() }, IMAGE, 2, "degrees");
    refused(Cnn { channels: [0, 4], ..small() }, IMAGE, 2, "channels");
    refused(Cnn { features: 0, ..small() }, IMAGE, 2, "features");
}

#[test]
fn parameters_bear_stable_names() {
    let mut model = small().build(IMAGE, 2, &Device::flex(), Seed::new(1)).unwrap();
    let names: Vec<String> = learning(&mut *model).learner().parameters().tensors.keys().cloned().collect();
    let layers = ["dense", "first", "out", "second"];
    let expected: Vec<String> =
        layers.iter().flat_map(|layer| ["bias", "weight"].map(|part| format!("{layer}.{part}"))).collect();
    assert_eq!(names, expected);
}
