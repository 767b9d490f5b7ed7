//! Whole runs on shapes: from a catalogue of furniture to figures, pictures and mesh files.

use std::process::Stdio;

use crate::common::{equigen, key, refuses, run, stage_bytes, stderr, succeeds, tensor, wait_for};

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/tiny-shapes.toml");

#[test]
fn a_run_on_shapes_reaches_its_report_and_gives_the_same_bytes_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("a/run"), folder.path().join("b/run"));
    let output = run(TINY, &first, &[]);
    succeeds(&output);
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    for figure in ["mmd-cd", "cov-cd", "1-nna-emd", "jsd", "nearest-shot", "empty"] {
        assert!(table.contains(figure), "{table}");
    }
    let one = equigen().args(["run", TINY, "--run"]).arg(&second).env("RAYON_NUM_THREADS", "1").output().unwrap();
    succeeds(&one);
    assert_eq!(stage_bytes(&first), stage_bytes(&second), "results depend on the number of threads");

    let summary = std::fs::read_to_string(first.join("fit/summary.json")).unwrap();
    assert!(summary.contains("mean_iou") && !summary.contains("psnr"), "{summary}");
    let page = std::fs::read_to_string(first.join("report.html")).unwrap();
    for part in ["data:image/png;base64,", "mean iou", "surfaces", "sofa 22"] {
        assert!(page.contains(part), "{part} is not in the report");
    }

    // Further samples, with their surfaces.
    let more = folder.path().join("more");
    let sample = equigen().arg("sample").arg(&first).args(["--count", "6", "--out"]).arg(&more).output().unwrap();
    succeeds(&sample);
    let kinds = |extension: &str| {
        let files = std::fs::read_dir(&more).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|found| found == extension)).count()
    };
    assert_eq!(kinds("png"), 7);
    assert!(kinds("glb") > 0 && kinds("glb") == kinds("obj") && kinds("glb") == kinds("ply"));
}

#[test]
fn augmentations_make_the_networks_to_learn_from_and_the_conditions_to_sample_at() {
    let folder = tempfile::tempdir().unwrap();
    let own = [
        "expand={}",
        r#"train.generator={ type = "decoder", hidden = 32, points = 64 }"#,
        "train.condition.type=own",
        "sample.count=6",
        "evaluate.metrics=[]",
    ];
    let tried = |augmentations: &[&str]| {
        let settings: Vec<&str> = own.iter().chain(augmentations).flat_map(|setting| ["-s", setting]).collect();
        run(TINY, &folder.path().join("runs/shapes"), &settings)
    };
    let samples = |augmentations: &[&str]| {
        succeeds(&tried(augmentations));
        let file = std::fs::read(folder.path().join("runs/shapes/sample/weights.safetensors")).unwrap();
        tensor(&file, "layers.1.weight").0
    };
    let zoom = r#"[{ type = "zoom", range = 0.2, each_axis = true }, { type = "shear", range = 0.1 }]"#;
    let [train, sample] = ["train", "sample"].map(|stage| format!("{stage}.augmentations={zoom}"));
    let (plain, trained) = (samples(&[]), samples(&[&train]));
    assert_ne!(plain, trained);
    // Of three shots and without noise: the second three samples are the first again, unless the shots are moved.
    let moved = samples(&[&train, &sample]);
    let twice = |samples: &[f32]| samples[..samples.len() / 2] == samples[samples.len() / 2..];
    assert_eq!([&plain, &trained, &moved].map(|samples| twice(samples)), [true, true, false]);

    for stage in ["train", "sample"] {
        let turn = format!("{stage}.augmentations=[{{ type = \"rotate\" }}]");
        refuses(&tried(&[&turn]), 2, &[&format!("{stage}.augmentations[0]"), "rotate turns two"]);
    }
}

#[test]
fn signed_distances_run_to_the_report_and_have_their_surface_at_zero() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let setting = "data.signals.sampling.signed_distance=0.2";
    let settings = ["-s", setting, "-s", "fit.max_steps=400", "-s", "sample.surface={ resolution = 24 }"];
    let output = run(TINY, &at("run"), &settings);
    succeeds(&output);
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(table.contains("mmd-cd") && table.contains("empty"), "{table}");
    let summary: serde_json::Value =
        serde_json::from_slice(&std::fs::read(at("run/fit/summary.json")).unwrap()).unwrap();
    assert!(summary["mean_iou"].as_f64().unwrap() > 0.4, "{summary}");
    let zoo = std::fs::read(at("run/fit/zoo.safetensors")).unwrap();
    let length = u64::from_le_bytes(zoo[..8].try_into().unwrap()) as usize;
    assert!(String::from_utf8_lossy(&zoo[..8 + length]).contains("signed-distance"));
    let export = |out: &str| {
        let export = ["--stage", "fit", "--to", "obj", "--resolution", "24"];
        equigen().arg("export").arg(at("run")).args(export).arg("--out").arg(at(out)).output().unwrap()
    };
    succeeds(&export("surfaces"));
    // By autodiff too.
    let autodiff = r#"fit.fitter={ type = "autodiff", chunk = 8 }"#;
    let few = ["-s", setting, "-s", autodiff, "-s", "data.limit=6", "-s", "fit.max_steps=5", "--until", "fit"];
    succeeds(&run(TINY, &at("autodiff"), &few));
}

#[test]
fn components_of_images_and_of_shapes_refuse_each_other() {
    let folder = tempfile::tempdir().unwrap();
    for (setting, text) in [
        ("judge={ type = \"cnn\" }", "looks at images only"),
        ("evaluate.metrics=[{ type = \"class-consistency\" }]", "names no classes"),
        ("evaluate.metrics=[{ type = \"frechet-distance\" }]", "sees clouds of points"),
    ] {
        let output = run(TINY, &folder.path().join("run"), &["-s", setting]);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(text), "{}", stderr(&output));
    }
}

#[test]
fn a_fit_of_shapes_that_was_killed_goes_on_with_the_next_piece_of_its_chunk() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // One chunk of the fit and one of the expansion, both of several pieces; networks see random points.
    let set = ["data.limit=140", "fit.max_steps=600", "fit.stop_iou=1.0", "expand.stop_iou=1.0"];
    let set: Vec<&str> = set.into_iter().flat_map(|set| ["-s", set]).chain(["--until", "expand"]).collect();
    succeeds(&run(TINY, &at("a/run"), &set));

    let start = || {
        let mut command = equigen();
        command.args(["run", TINY, "--run"]).arg(at("b/run")).args(&set).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the program starts")
    };
    let stage = |name: &str, file: &str| {
        let partial = key(&at("a/run").join(name)).with_extension("partial");
        at("b/.store").join(partial).join("chunks").join(file)
    };
    let mut kept = Vec::new();
    for first in
        [stage("fit", "zoo-00000000.pieces/000000.safetensors"), stage("expand", "000000-0.pieces/000000.safetensors")]
    {
        let mut child = start();
        wait_for("the first piece", &mut child, || first.exists());
        child.kill().unwrap();
        child.wait().unwrap();
        kept.push((
            first.clone(),
            std::fs::metadata(&first).and_then(|file| file.modified()).expect("a kill leaves it"),
        ));
    }
    let mut child = start();
    let (last, before) = &kept[1];
    while child.try_wait().unwrap().is_none() {
        let now = std::fs::metadata(last).and_then(|file| file.modified()).ok();
        assert!(now.is_none_or(|now| now == *before), "the first piece was made again");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(child.wait().unwrap().success());
    assert!(stage_bytes(&at("a/run")) == stage_bytes(&at("b/run")), "what was killed differs");

    // In one piece, as with more cores.
    let mut command = equigen();
    command.args(["run", TINY, "--run"]).arg(at("c/run")).args(&set).env("RAYON_NUM_THREADS", "80");
    succeeds(&command.output().unwrap());
    assert!(stage_bytes(&at("a/run")) == stage_bytes(&at("c/run")), "the size of pieces shows");
}
