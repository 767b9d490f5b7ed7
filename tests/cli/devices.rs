//! Devices: what is listed, what is refused before any work, and what to do about it.

use super::common::{TINY, equigen, refuses, run, succeeds};

#[test]
fn a_device_that_is_not_there_is_refused_with_the_remedy_of_the_list_and_before_any_work() {
    let json = equigen().args(["devices", "--json"]).output().unwrap();
    succeeds(&json);
    let offers: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).unwrap();
    let listed = equigen().arg("devices").output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(offers[0]["name"] == "flex" && offers[0]["missing"].is_null(), "{offers:?}");
    let folder = tempfile::tempdir().unwrap();
    for offer in &offers {
        let name = offer["name"].as_str().unwrap();
        assert!(listed.lines().any(|line| line.starts_with(name)), "{name} is not in: {listed}");
        let Some(missing) = offer["missing"].as_str() else { continue };
        assert!(missing.contains("scripts/libtorch.sh") || missing.contains("nvidia-smi"), "{missing}");
        let place = folder.path().join("run");
        let device = name.replace(":N", ":0");
        refuses(&run(TINY, &place, &["--device", &device]), 2, &[&device, missing]);
        assert!(!place.exists(), "{device}: work was begun");
    }
}

#[test]
fn a_wrong_name_or_precision_says_what_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |more: &[&str], parts: &[&str]| refuses(&run(TINY, &folder.path().join("run"), more), 2, parts);
    refused(&["--device", "cuda:1"], &["device `cuda:1`", "did you mean `libtorch:cuda:0`"]);
    refused(&["--device", "libtorch:cuda:first"], &["the number of a GPU"]);
    refused(&["-s", "precision=\"bf16\""], &["precision", "`flex` multiplies in f32 only"]);
    refused(&["-s", "precision=\"half\""], &["precision"]);
    refuses(&equigen().args(["check", "--device", "tpu"]).output().unwrap(), 2, &["device `tpu`"]);
    refuses(&equigen().args(["bench", "train", "--device", "tpu"]).output().unwrap(), 2, &["device `tpu`"]);
}
