//! A program with no plugin linked does, with all of them loaded, what the program with all of them linked does.

use std::path::Path;
use std::process::Command;

use crate::common::{TINY, equigen, run, stage_bytes, succeeds};

const FAMILIES: [&str; 12] = [
    "augmentations",
    "deformations",
    "disturbances",
    "encoders",
    "fitters",
    "generators",
    "inrs",
    "judges",
    "metrics",
    "objectives",
    "signals",
    "symmetries",
];

#[test]
fn loaded_plugins_give_what_linked_ones_give() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built = equigen()
        .args(["plugin", "build"])
        .args(FAMILIES.map(|family| root.join("plugins").join(family)))
        .output()
        .expect("the program starts");
    succeeds(&built);
    let paths = String::from_utf8_lossy(&built.stdout).into_owned();
    let plugins: Vec<&str> = paths.lines().flat_map(|path| ["--plugin", path]).collect();
    assert_eq!(plugins.len(), 2 * FAMILIES.len(), "{paths}");

    let bare = || Command::new(env!("CARGO_BIN_EXE_equigen-bare"));
    let folder = tempfile::tempdir().expect("a folder for the runs");
    let (linked, loaded) = (folder.path().join("a/linked"), folder.path().join("b/loaded"));
    succeeds(&run(TINY, &linked, &[]));
    let run = bare().args(["run", TINY, "--run"]).arg(&loaded).args(&plugins).output().expect("the program starts");
    succeeds(&run);
    assert_eq!(stage_bytes(&linked), stage_bytes(&loaded), "every stage, metrics.json included");

    // Nothing is linked but what was loaded.
    let list = bare().arg("list").output().expect("the program starts");
    assert_eq!(String::from_utf8_lossy(&list.stdout).lines().count(), 12, "kinds, and no component");
    // Gradients flow through components that were loaded: burn's autodiff has one state in the process.
    let check = bare().args(["check", "encoder", "--cases", "4"]).args(&plugins).output().expect("the program starts");
    succeeds(&check);
    assert!(String::from_utf8_lossy(&check.stdout).contains("holds   true gradients"));
}
