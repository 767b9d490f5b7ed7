//! Event files for TensorBoard, read back by a reader that shares nothing with the writer, and by TensorBoard itself where
//! `EQUIGEN_PYTHON` has it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::common::{TINY, equigen, python, run, stderr, succeeds, wait_for};

const ON: [&str; 4] = ["-s", "report.tensorboard=true", "-s", "train.schedule.steps=150"];

/// A point of an event file.
#[derive(Debug, Clone, PartialEq)]
struct Point {
    step: u64,
    tag: String,
    value: f32,
}

/// The event file of a stage, the only one.
fn file(run: &Path, stage: &str) -> PathBuf {
    let folder = run.join("tensorboard").join(stage);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

/// All points of a file. Checksums are left to TensorBoard and to core's own tests.
fn points(file: &Path) -> Vec<Point> {
    let bytes = std::fs::read(file).unwrap();
    let (mut at, mut all) = (0, Vec::new());
    while at < bytes.len() {
        let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
        let event = fields(&bytes[at + 12..at + 12 + length]);
        at += length + 16;
        let text = |of: &[u8]| String::from_utf8(of.to_vec()).unwrap();
        let find = |number| event.iter().find(move |(field, _)| *field == number).map(|(_, value)| value);
        if let Some(version) = find(3) {
            assert!(all.is_empty() && text(version) == "brain.Event:2");
            continue;
        }
        let step = find(2).map_or(0, |value| u64::from_le_bytes(value[..].try_into().unwrap()));
        for (_, value) in fields(find(5).unwrap()) {
            let parts = fields(&value);
            let number = f32::from_le_bytes(parts[1].1[..].try_into().unwrap());
            all.push(Point { step, tag: text(&parts[0].1), value: number });
        }
    }
    all
}

/// The fields of a message of protocol buffers: number, and bytes; a varint as eight.
fn fields(mut message: &[u8]) -> Vec<(u64, Vec<u8>)> {
    fn varint(message: &mut &[u8]) -> u64 {
        let mut value = 0;
        for i in 0.. {
            let byte = message[0];
            *message = &message[1..];
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                break;
            }
        }
        value
    }
    let mut all = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let length = match key & 7 {
            0 => {
                all.push((key >> 3, varint(&mut message).to_le_bytes().to_vec()));
                continue;
            }
            1 => 8,
            5 => 4,
            2 => varint(&mut message) as usize,
            form => panic!("form {form}"),
        };
        all.push((key >> 3, message[..length].to_vec()));
        message = &message[length..];
    }
    all
}

/// The points of a stage's loss curve, as the stage itself keeps it.
fn curve(run: &Path, stage: &str) -> Vec<Point> {
    let text = std::fs::read_to_string(run.join(stage).join("losses.json")).unwrap();
    let curve: serde_json::Value = serde_json::from_str(&text).unwrap();
    let list = |name: &str| curve[name].as_array().unwrap().clone();
    let mut all = Vec::new();
    for (step, values) in list("steps").iter().zip(list("values")) {
        for (term, value) in list("terms").iter().zip(values.as_array().unwrap()) {
            let tag = format!("loss/{}", term.as_str().unwrap());
            all.extend(value.as_f64().map(|value| Point { step: step.as_u64().unwrap(), tag, value: value as f32 }));
        }
    }
    all
}

/// The losses of a stage's event file, which must be in order.
fn losses(run: &Path, stage: &str) -> Vec<Point> {
    points(&file(run, stage)).into_iter().filter(|point| point.tag.starts_with("loss/")).collect()
}

/// Kills a run as soon as `train` has logged this step.
fn kill_at(step: usize, folder: &Path, seconds_of_checkpoints: &str) {
    let mut child = equigen()
        .args(["run", TINY, "--checkpoint-seconds", seconds_of_checkpoints, "--run"])
        .arg(folder)
        .args(ON)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let logged = format!("\"event\":\"loss\",\"stage\":\"train\",\"step\":{step},");
    let journal = folder.join("events.jsonl");
    let has_logged = || std::fs::read_to_string(&journal).is_ok_and(|text| text.contains(&logged));
    wait_for(&format!("step {step}"), &mut child, has_logged);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_killed_run_has_each_point_once_and_the_key_changes_no_result() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let first = at("first");
    // Without a checkpoint training begins anew, so that steps come a second time; with one after each step it goes on.
    kill_at(20, &first, "1000");
    let before = losses(&first, "train");
    assert!(before.len() > 20, "nothing was written on the way");
    kill_at(40, &first, "0");
    let output = run(TINY, &first, &ON);
    succeeds(&output);
    for stage in ["judge", "pretrain", "train", "adapt"] {
        assert_eq!(losses(&first, stage), curve(&first, stage), "{stage}");
        let rates: Vec<Point> =
            points(&file(&first, stage)).into_iter().filter(|point| point.tag == "learning_rate").collect();
        let steps: Vec<u64> = rates.iter().map(|point| point.step).collect();
        let mut logged: Vec<u64> = curve(&first, stage).iter().map(|point| point.step).collect();
        logged.dedup();
        assert_eq!(steps, logged, "{stage}");
        assert!(rates.iter().all(|point| (0.0..=3e-3).contains(&point.value)), "{rates:?}");
    }
    let tags: Vec<String> = ["fit", "judge", "pretrain", "evaluate"]
        .iter()
        .flat_map(|stage| points(&file(&first, stage)))
        .map(|point| point.tag)
        .collect();
    for tag in ["figures/mean_psnr", "figures/accuracy", "figures/retrieval", "generated/frechet-distance"] {
        assert!(tags.iter().any(|found| found == tag), "{tag} is not in {tags:?}");
    }

    // The same without the key: all is in the store already. And with it elsewhere: files are made of what is there.
    let plain = run(TINY, &at("plain"), &ON[2..]);
    succeeds(&plain);
    assert_eq!(stderr(&plain).matches("from the store").count(), 9, "{}", stderr(&plain));
    assert!(!at("plain/tensorboard").exists());
    succeeds(&run(TINY, &at("second"), &ON));
    assert_eq!(losses(&at("second"), "train"), losses(&first, "train"));
    let bytes = |stage: &str| std::fs::read(file(&first, stage)).unwrap();
    let whole = ["train", "evaluate"].map(bytes);
    succeeds(&run(TINY, &first, &ON));
    assert_eq!(["train", "evaluate"].map(bytes), whole, "a run that found everything wrote again");

    // Other settings in the same folder: their points, and no others.
    succeeds(&run(TINY, &first, &[&ON[..2], &["--until", "train"]].concat()));
    assert_eq!(losses(&first, "train"), curve(&first, "train"));
    assert_eq!(losses(&first, "train").last().unwrap().step, 59);
    tensorboard_reads(&first, "train");
}

/// TensorBoard's own reader finds the same losses, where there is one.
fn tensorboard_reads(run: &Path, stage: &str) {
    let Some(python) = python("tensorboard") else { return };
    let script = "import sys\n\
                  from tensorboard.backend.event_processing.event_file_loader import EventFileLoader\n\
                  for event in EventFileLoader(sys.argv[1]).Load():\n\
                  \x20   for value in event.summary.value:\n\
                  \x20       print(event.step, value.tag, value.tensor.float_val[0])\n";
    let output = Command::new(python).args(["-c", script]).arg(file(run, stage)).output().unwrap();
    succeeds(&output);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let parsed = text.lines().map(|line| {
        let parts: Vec<&str> = line.split(' ').collect();
        Point { step: parts[0].parse().unwrap(), tag: parts[1].to_owned(), value: parts[2].parse().unwrap() }
    });
    assert_eq!(parsed.collect::<Vec<_>>(), points(&file(run, stage)));
}
