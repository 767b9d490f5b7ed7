//! What the end-to-end tests share: the program, the tiny pipeline, and the bytes of a run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

pub(crate) const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/tiny.toml");

pub(crate) fn equigen() -> Command {
    Command::new(env!("CARGO_BIN_EXE_equigen"))
}

/// Runs a pipeline to its end in `folder`.
pub(crate) fn run(pipeline: &str, folder: &Path, more: &[&str]) -> Output {
    equigen().args(["run", pipeline, "--run"]).arg(folder).args(more).output().expect("the program starts")
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
pub(crate) fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", stderr(output));
}

/// The program refuses with this exit code and one message that holds all of these.
#[track_caller]
pub(crate) fn refuses(output: &Output, code: i32, parts: &[&str]) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    assert_eq!(text.matches("error:").count(), 1, "{text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

/// Every file of every stage of a run, by name, except timings.
pub(crate) fn stage_bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders: Vec<PathBuf> =
        list(folder).into_iter().filter(|path| path.is_dir() && path.file_name().is_some()).collect();
    while let Some(next) = folders.pop() {
        for path in list(&next) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("listed below the folder").to_owned();
                files.insert(name, std::fs::read(&path).expect("a stage's file is readable"));
            }
        }
    }
    files
}

/// The folder of the store that a stage's link leads to, which is the stage's key.
pub(crate) fn key(link: &Path) -> PathBuf {
    std::fs::read_link(link).expect("a stage is a link").file_name().expect("to a folder").into()
}

/// Waits until a running program has come so far, which it must within two minutes and before it ends.
pub(crate) fn wait_for(what: &str, child: &mut Child, is_there: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !is_there() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before {what}");
        assert!(Instant::now() < deadline, "{what} does not come");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A Python that has these modules: `EQUIGEN_PYTHON`, or `python3`. Says so where there is none.
pub(crate) fn python(modules: &str) -> Option<PathBuf> {
    let python = std::env::var_os("EQUIGEN_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let output = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
    let there = output.is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("skipped: no Python with {modules}; name one in EQUIGEN_PYTHON");
    }
    there.then_some(python)
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("readable folder").path()).collect()
}

/// The float32 tensor of a safetensors file, and where its bytes lie.
pub(crate) fn tensor(file: &[u8], name: &str) -> (Vec<f32>, std::ops::Range<usize>) {
    let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&file[8..8 + length]).unwrap();
    let at = |i: usize| 8 + length + header[name]["data_offsets"][i].as_u64().unwrap() as usize;
    let range = at(0)..at(1);
    let number = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().unwrap());
    (file[range.clone()].chunks(4).map(number).collect(), range)
}
