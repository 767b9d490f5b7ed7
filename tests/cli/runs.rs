//! Whole runs: the store, resumption after kills, and determinism.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use super::common::{TINY, equigen, key, run, stage_bytes, stderr, succeeds, wait_for};

const STAGES: [&str; 9] = ["fit", "split", "expand", "judge", "pretrain", "train", "adapt", "sample", "evaluate"];

#[test]
fn a_run_reaches_its_report_and_the_store_serves_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("first");
    let output = run(TINY, &first, &[]);
    succeeds(&output);
    assert!(String::from_utf8_lossy(&output.stdout).contains("class-consistency"));
    let page = std::fs::read_to_string(first.join("report.html")).unwrap();
    assert!(page.contains("data:image/png;base64,") && page.contains("held-out items"));
    for reference in ["http://", "https://", "src=\"/"] {
        assert!(!page.contains(reference), "the report is not self-contained: {reference}");
    }

    // The same again: everything from the store.
    let again = run(TINY, &folder.path().join("second"), &[]);
    succeeds(&again);
    assert_eq!(stderr(&again).matches("from the store").count(), STAGES.len(), "{}", stderr(&again));
    assert_eq!(stage_bytes(&first), stage_bytes(&folder.path().join("second")));

    // Another encoder: only from there on is work redone, and the first result is still there.
    let before = stage_bytes(&first);
    let other = run(TINY, &folder.path().join("third"), &["-s", "pretrain.encoder.dim=12"]);
    succeeds(&other);
    assert_eq!(stderr(&other).matches("from the store").count(), 4, "{}", stderr(&other));
    assert_eq!(before, stage_bytes(&first));

    // Another seed shares nothing.
    let seeded = run(TINY, &folder.path().join("fourth"), &["-s", "seed=4"]);
    succeeds(&seeded);
    assert!(!stderr(&seeded).contains("from the store"), "{}", stderr(&seeded));

    // Further samples, and the report again.
    let more = folder.path().join("more");
    let sampled =
        equigen().arg("sample").arg(&first).args(["--count", "5", "--seed", "1", "--out"]).arg(&more).output().unwrap();
    succeeds(&sampled);
    assert!(more.join("0004.png").exists() && !more.join("0005.png").exists());
    std::fs::remove_file(first.join("report.html")).unwrap();
    succeeds(&equigen().arg("report").arg(&first).output().unwrap());
    assert!(first.join("report.html").exists());
}

#[test]
fn killed_in_every_stage_it_ends_with_the_bytes_of_an_undisturbed_run() {
    let folder = tempfile::tempdir().unwrap();
    let undisturbed = folder.path().join("a/run");
    succeeds(&run(TINY, &undisturbed, &[]));

    let killed = folder.path().join("b/run");
    let mut kills = 0;
    for stage in STAGES {
        // A checkpoint after every step, so that a kill nearly always leaves one to go on from.
        let mut child = equigen()
            .args(["run", TINY, "--checkpoint-seconds", "0", "--run"])
            .arg(&killed)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = format!("\"event\":\"started\",\"stage\":\"{stage}\"");
        let journal = killed.join("events.jsonl");
        let has_started = || std::fs::read_to_string(&journal).is_ok_and(|text| text.contains(&started));
        wait_for(&format!("stage {stage}"), &mut child, has_started);
        std::thread::sleep(Duration::from_millis(60));
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            kills += 1;
        }
        child.wait().unwrap();
    }
    assert!(kills >= 7, "only {kills} of the runs were caught alive");
    let last = run(TINY, &killed, &["--checkpoint-seconds", "0"]);
    succeeds(&last);
    let (a, b) = (stage_bytes(&undisturbed), stage_bytes(&killed));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (name, bytes) in &a {
        assert!(b[name] == *bytes, "{} differs", name.display());
    }
}

#[test]
fn another_draw_has_other_shots_of_the_same_fits() {
    let folder = tempfile::tempdir().unwrap();
    let drawn = |name: &str, draw: Option<u64>| -> (PathBuf, Value) {
        let run_folder = folder.path().join(name);
        let set = draw.map(|draw| format!("data.draw={draw}"));
        let more = set.iter().flat_map(|set| ["-s", set]).chain(["--until", "split"]);
        succeeds(&run(TINY, &run_folder, &more.collect::<Vec<_>>()));
        let split = std::fs::read(run_folder.join("split/split.json")).unwrap();
        (run_folder, serde_json::from_slice(&split).unwrap())
    };
    let (own, split) = drawn("own", None);
    assert!(!std::fs::read_to_string(own.join("config.toml")).unwrap().contains("draw"));
    let mut shots = vec![split["shots"].to_string()];
    for draw in [0, 1] {
        let (other, split) = drawn(&format!("draw-{draw}"), Some(draw));
        assert_eq!(key(&own.join("fit")), key(&other.join("fit")));
        assert_ne!(key(&own.join("split")), key(&other.join("split")));
        let parts = ["shots", "source", "judge_target", "judge_test", "reference", "ceiling"];
        let mut rows: Vec<u64> =
            parts.iter().flat_map(|part| split[*part].as_array().unwrap()).filter_map(Value::as_u64).collect();
        rows.sort_unstable();
        assert_eq!(rows, (0..400).collect::<Vec<_>>(), "each signal lies in one part");
        shots.push(split["shots"].to_string());
    }
    shots.sort();
    shots.dedup();
    assert_eq!(shots.len(), 3, "three draws: {shots:?}");
}
