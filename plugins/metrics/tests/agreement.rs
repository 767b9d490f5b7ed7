//! `fid` and `lpips` against PyTorch, on networks of the same form with random weights (tests/fixtures/perception.py).

use std::path::{Path, PathBuf};
use std::process::Command;

use burn::tensor::Device;
use equigen_core::{Comparison, Domain, Field, Judgement, Metric, Sight};
use equigen_exchange::Weights;
use equigen_metrics::{Fid, Lpips};

/// A Python with PyTorch: `EQUIGEN_PYTHON`, or `python3`.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("EQUIGEN_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let output = Command::new(&python).args(["-c", "import torch"]).output().ok()?;
    output.status.success().then_some(python)
}

fn see(metric: &dyn Metric, domain: Domain, signals: &[f32]) -> Judgement {
    match metric.sight(domain, &Device::flex()).unwrap() {
        Sight::Own(judge) => judge.judge(signals).unwrap(),
        _ => panic!("there are weights"),
    }
}

fn refusal(metric: &dyn Metric, domain: Domain) -> String {
    metric.sight(domain, &Device::flex()).err().expect("a refusal").to_string()
}

/// Largest difference over the root mean square of what is expected.
fn off(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let scale = (expected.iter().map(|value| value * value).sum::<f32>() / expected.len() as f32).sqrt();
    assert!(scale > 1e-3, "what is expected is nearly nothing: {scale}");
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / scale
}

#[test]
fn both_agree_with_pytorch_and_refuse_other_files() {
    let Some(python) = python() else {
        eprintln!("skipped: no Python with torch; name one in EQUIGEN_PYTHON");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/perception.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let file = |name: &str| Some(folder.path().join(name));
    let mut expected = Weights::read(&file("expected.pth").unwrap()).unwrap();
    let mut take = |name: &str, shape: &[usize]| expected.take(&format!("{name}.weight"), shape).unwrap();

    let fid = Fid { weights: file("inception.pth") };
    let lpips = Lpips { weights: file("alex.pth"), alexnet: file("alexnet.pth") };
    let (grey, colour) = ([28, 28, 1], [70, 90, 3]);
    for (name, [height, width, channels]) in [("grey", grey), ("colour", colour)] {
        let domain = Domain::Image { height, width, channels };
        let signals = take(name, &[2, height * width * channels]);
        let seen = see(&fid, domain, &signals);
        assert_eq!((seen.len(), seen.dim), (2, 2048));
        let wrong = off(&seen.features, &take(&format!("{name}.inception"), &[2, 2048]));
        assert!(wrong < 1e-4, "Inception on {name}: {wrong}");

        let seen = see(&lpips, domain, &signals);
        let none = Comparison { reference: &seen, ceiling: &seen, shots: &seen, repeated_shots: &seen, target: 0 };
        let distance = lpips.measure(&seen, &none).unwrap()[0].value as f32;
        let wrong = off(&[distance], &take(&format!("{name}.lpips"), &[1]));
        assert!(wrong < 1e-4, "LPIPS on {name}: {distance} is off by {wrong}");
    }

    let domain = Domain::Image { height: 28, width: 28, channels: 1 };
    let text = refusal(&Fid { weights: file("cut.pth") }, domain);
    assert!(text.contains("cut.pth") && text.contains("`Mixed_6c.branch7x7_2.bn.running_var` is missing"), "{text}");
    let text = refusal(&Fid { weights: file("alexnet.pth") }, domain);
    assert!(text.contains("alexnet.pth") && text.contains("`Conv2d_1a_3x3.conv.weight` is missing"), "{text}");
    let text = refusal(&Lpips { weights: file("other-heads.pth"), alexnet: file("alexnet.pth") }, domain);
    assert!(text.contains("other-heads.pth") && text.contains("[1, 384, 1, 1], not [1, 256, 1, 1]"), "{text}");
    let shape = Domain::Shape { points: 8, tested: 4, field: Field::Occupancy };
    assert!(refusal(&fid, shape).contains("images only"));
}
