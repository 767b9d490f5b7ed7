//! Bad input: one clear message, the right exit code, no panic, and a run that is still usable.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::common::{TINY, equigen, refuses, run, succeeds};

/// The tiny pipeline with its data copied beside it, so that a test can damage it.
fn copy(folder: &Path) -> (PathBuf, PathBuf) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data");
    let images = folder.join("images.gz");
    std::fs::copy(data.join("mnist-images.idx.gz"), &images).unwrap();
    std::fs::copy(data.join("mnist-labels.idx.gz"), folder.join("labels.gz")).unwrap();
    let text = std::fs::read_to_string(TINY).unwrap();
    let text = text.replace("../../examples/data/mnist-images.idx.gz", "images.gz");
    let pipeline = folder.join("tiny.toml");
    std::fs::write(&pipeline, text.replace("../../examples/data/mnist-labels.idx.gz", "labels.gz")).unwrap();
    (pipeline, images)
}

#[test]
fn mistakes_in_the_pipeline_file_name_the_key_and_what_is_near() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&str, &[&str]); 7] = [
        ("pretrain.augmentations.0.rnge=0.1", &["tiny.toml", "pretrain.augmentations[0].rnge", "did you mean `range`"]),
        ("pretrain.encoder={type=\"prob\"}", &["pretrain.encoder.type", "unknown encoder `prob`", "`probe`"]),
        ("train.schedule.steps=\"many\"", &["train.schedule.steps", "expected integer"]),
        ("data.target=11", &["data.target", "data.limit", "has the label `11`"]),
        ("data.reference=900", &["data.reference", "lower data.reference"]),
        ("fit.canonical=[{type=\"rotate\"}]", &["fit.canonical[0]", "does not preserve the function"]),
        ("device=\"tpu\"", &["device `tpu`", "flex"]),
    ];
    for (setting, parts) in cases {
        refuses(&run(TINY, &folder.path().join("run"), &["-s", setting]), 2, parts);
    }
    refuses(&run("missing.toml", &folder.path().join("run"), &[]), 2, &["missing.toml"]);
    refuses(&run(TINY, &folder.path().join("run"), &["--until", "trian"]), 2, &["did you mean `train`"]);
    refuses(&equigen().args(["describe", "encoder/probb"]).output().unwrap(), 2, &["did you mean `probe`"]);
}

#[test]
fn damaged_data_is_named_and_mending_it_lets_the_run_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let (pipeline, images) = copy(folder.path());
    let (pipeline, runs) = (pipeline.to_str().unwrap(), folder.path().join("runs/tiny"));
    let whole = std::fs::read(&images).unwrap();

    std::fs::write(&images, &whole[..whole.len() / 2]).unwrap();
    refuses(&run(pipeline, &runs, &[]), 1, &["images.gz"]);

    // A header that promises more images than there are.
    let mut plain = vec![0, 0, 8, 3];
    for number in [50u32, 28, 28] {
        plain.extend(number.to_be_bytes());
    }
    plain.extend([0; 28 * 28 * 49]);
    std::fs::write(&images, &plain).unwrap();
    refuses(&run(pipeline, &runs, &[]), 1, &["images.gz"]);

    std::fs::remove_file(&images).unwrap();
    refuses(&run(pipeline, &runs, &[]), 1, &["images.gz"]);

    std::fs::write(&images, &whole).unwrap();
    succeeds(&run(pipeline, &runs, &["--until", "split"]));

    // A weight that is no number: the next stage that reads the zoo refuses it.
    let zoo = runs.join("fit/zoo.safetensors");
    let mut bytes = std::fs::read(&zoo).unwrap();
    let end = bytes.len();
    bytes[end - 4 * 3000..end - 4 * 2999].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::File::create(&zoo).unwrap().write_all(&bytes).unwrap();
    let output = run(pipeline, &runs, &[]);
    refuses(&output, 1, &["zoo.safetensors"]);
    succeeds(&run(pipeline, &runs, &["--until", "split", "--force"]));
    succeeds(&run(pipeline, &runs, &["--until", "expand"]));
}

#[test]
fn a_full_disk_is_one_message_and_the_run_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let small = folder.path().join("small");
    std::fs::create_dir(&small).unwrap();
    let mount = |options: &str| {
        let status =
            std::process::Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&small).status();
        status.is_ok_and(|status| status.success())
    };
    if !mount("size=300k") {
        eprintln!("skipped: mounting a tmpfs needs root");
        return;
    }
    let full = run(TINY, &small.join("run"), &[]);
    let grown = mount("remount,size=200m");
    let after = run(TINY, &small.join("run"), &["--until", "split"]);
    let unmounted = std::process::Command::new("umount").arg(&small).status();
    refuses(&full, 1, &["No space left", "free some space"]);
    assert!(grown && unmounted.is_ok_and(|status| status.success()));
    succeeds(&after);
}

#[test]
fn listings_show_every_component_with_a_line() {
    let output = equigen().arg("list").output().unwrap();
    succeeds(&output);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let json = equigen().args(["list", "--json"]).output().unwrap();
    let records: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).unwrap();
    assert!(records.len() >= 25);
    for record in &records {
        let (name, summary) = (record["name"].as_str().unwrap(), record["summary"].as_str().unwrap());
        assert!(!summary.is_empty(), "{name} has no summary");
        assert!(text.lines().any(|line| line.trim_start().starts_with(name) && line.contains(summary)), "{name}");
        assert_eq!(record["defaults"]["type"], name);
    }
    let schema = equigen().arg("schema").output().unwrap();
    succeeds(&schema);
    let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).unwrap();
    let encoders = records.iter().filter(|record| record["kind"] == "encoder").count();
    assert_eq!(schema["$defs"]["component-encoder"]["oneOf"].as_array().unwrap().len(), encoders);
}
