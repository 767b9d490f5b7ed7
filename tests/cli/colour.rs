//! Colour: the bundled pipelines of pictures in three channels, from files to samples, at a scale of seconds.

use std::path::{Path, PathBuf};

use super::common::{equigen, refuses, run, stderr, succeeds};

fn example(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name).to_str().expect("a plain path").to_owned()
}

/// Settings that make a pipeline small.
const SMALL: [&str; 16] = [
    "data.shots=3",
    "data.reference=3",
    "inr.hidden=[12, 10]",
    "fit.stop_psnr=12.0",
    "fit.max_steps=60",
    "expand.stop_psnr=12.0",
    "expand.shots=3",
    r#"judge={ type = "cnn", schedule = { steps = 30, batch = 16, learning_rate = 3e-3 } }"#,
    r#"pretrain.encoder={ type = "probe", hidden = 32, dim = 16, side = 8 }"#,
    r#"pretrain.objectives=[{ type = "nt-xent" }, { type = "reconstruction", hidden = 32, points = 32 }]"#,
    "pretrain.schedule={ steps = 10, batch = 8, learning_rate = 1e-3 }",
    r#"train.generator={ type = "diffusion", gauge = { type = "decoder", hidden = 32 }, denoiser = { type = "mlp", width = 32, blocks = 1 }, sampling_steps = 4, points = 32 }"#,
    "train.schedule={ steps = 10, batch = 8, learning_rate = 1e-3 }",
    "adapt={ source = 2, schedule = { steps = 10, batch = 8, learning_rate = 1e-3 } }",
    "sample.count=6",
    "sample.screen=0.0",
];

/// Runs a pipeline with [`SMALL`] and more settings.
fn small(pipeline: &str, folder: &Path, more: &[&str]) -> std::process::Output {
    let settings: Vec<&str> = SMALL.iter().chain(more).flat_map(|setting| ["-s", *setting]).collect();
    run(pipeline, folder, &settings)
}

/// A run that reached its report, with coloured samples of 32 x 32 pixels.
#[track_caller]
fn ends_in_colour(output: &std::process::Output, folder: &Path) {
    succeeds(output);
    assert!(std::fs::read_to_string(folder.join("report.html")).unwrap().contains("data:image/png;base64,"));
    let sample = std::fs::read(folder.join("sample/0005.png")).unwrap();
    // In a PNG's header: width, height, bits, and 2 for red, green and blue.
    assert_eq!(sample[16..26], [0, 0, 0, 32, 0, 0, 0, 32, 8, 2]);
}

/// Batches as CIFAR-10's binary version has them: stripes whose direction and colour depend on the class.
fn batches(folder: &Path) -> Vec<PathBuf> {
    let record = |image: usize| {
        let (label, phase) = (image % 10, image / 10);
        let value = move |channel: usize, x: usize, y: usize| {
            let along = (label % 4) * x + (label % 3 + 1) * y + 3 * phase;
            (((along / 8) % 2) * 150 + 30 * ((label + channel) % 3)) as u8
        };
        let plane =
            move |channel| (0..32).flat_map(move |y| (0..32).map(move |x| value(channel, x, y))).collect::<Vec<u8>>();
        [vec![label as u8], plane(0), plane(1), plane(2)].concat()
    };
    let write = |batch: usize| {
        let path = folder.join(format!("data_batch_{batch}.bin"));
        let records: Vec<u8> = (65 * (batch - 1)..65 * batch).flat_map(record).collect();
        std::fs::write(&path, records).unwrap();
        path
    };
    vec![write(1), write(2)]
}

#[test]
fn cifar10_runs_to_its_report_and_a_cut_batch_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let files = batches(folder.path());
    let setting = format!("data.signals.batches={files:?}");
    let runs = folder.path().join("runs/cifar10");
    let output = small(&example("cifar10.toml"), &runs, &[&setting]);
    ends_in_colour(&output, &runs);

    let bytes = std::fs::read(&files[1]).unwrap();
    std::fs::write(&files[1], &bytes[..bytes.len() - 1]).unwrap();
    refuses(&small(&example("cifar10.toml"), &runs, &[&setting]), 1, &["data_batch_2.bin", "cut short"]);
    // Without the data: what is missing, and where it was looked for.
    let missing = run(&example("cifar10.toml"), &folder.path().join("runs/none"), &[]);
    refuses(&missing, 1, &["examples/data/cifar-10-batches-bin/data_batch_1.bin", "no such file"]);
}

#[test]
fn emoji_of_the_repository_run_to_their_report() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs/emoji");
    ends_in_colour(&small(&example("emoji.toml"), &runs, &["data.limit=260"]), &runs);
}

#[test]
fn families_that_no_kernel_runs_are_refused_by_fused_and_fitted_by_autodiff() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs/emoji");
    for family in ["finer", "wire"] {
        let inr = format!(r#"inr={{ type = "{family}", hidden = [12, 10] }}"#);
        let fit = |fitter: &str| {
            let fitter = format!(r#"fit.fitter={{ type = "{fitter}" }}"#);
            let settings =
                ["-s", &inr, "-s", &fitter, "-s", "data.limit=20", "-s", "fit.max_steps=5", "--until", "fit"];
            run(&example("emoji.toml"), &runs, &settings)
        };
        refuses(&fit("fused"), 2, &["fitter `fused`", family, "`autodiff`"]);
        succeeds(&fit("autodiff"));
    }
}

#[test]
fn what_moves_no_signal_behind_an_encoding_is_refused_before_training() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs/emoji");
    for inr in
        [r#"inr={ type = "relu-pe", hidden = [10, 8] }"#, r#"inr={ type = "fourier-features", hidden = [10, 8] }"#]
    {
        let settings = [inr, "data.limit=260"];
        refuses(&small(&example("emoji.toml"), &runs, &settings), 2, &["translate", "encoded coordinates"]);
        // With what acts on ReLU layers it trains.
        let exact = r#"pretrain.augmentations=[{ type = "permute" }, { type = "positive-scale" }, { type = "noise" }, { type = "dropout" }]"#;
        let settings: Vec<&str> = SMALL.iter().chain(&settings).chain([&exact]).flat_map(|s| ["-s", *s]).collect();
        let output = run(&example("emoji.toml"), &runs, &[&settings[..], &["--until", "pretrain"]].concat());
        succeeds(&output);
        assert!(stderr(&output).contains("pretrain"));
    }
    let text = equigen().args(["list", "inr"]).output().unwrap();
    for name in ["finer", "fourier-features", "relu-pe", "siren", "wire"] {
        assert!(String::from_utf8_lossy(&text.stdout).contains(name), "{name}");
    }
}
