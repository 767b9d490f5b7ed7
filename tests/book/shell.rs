//! Runs scripts of the pages in bash, where `equigen` is this build's program, and notes with what it was called.

use std::path::Path;
use std::process::{Command, Stdio};

use toml::{Table, Value};

use crate::Faults;
use crate::pages::ROOT;

/// What is done with the commands of a script.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Mode {
    /// They run.
    Run,
    /// Their arguments are parsed, up to `--help` behind the last: what stands before is refused if it is wrong.
    Parse,
}

/// Ends an argument, and a call.
const UNIT: char = '\x1f';
const RECORD: char = '\x1e';

/// `equigen` as a function, so that calls inside `$(…)` are seen too; a failure there would not stop the script.
const PRELUDE: &str = r#"
set -euo pipefail
equigen() {
    printf '%s\x1f' "$@" >> "$CALLS"
    printf '\x1e' >> "$CALLS"
    if [ "$MODE" = Run ]; then
        "$PROGRAM" "$@" || { printf '%s\n' "equigen $*" >> "$FAILED"; return 1; }
    else
        "$PROGRAM" "$@" --help > /dev/null || { printf '%s\n' "equigen $*" >> "$FAILED"; return 1; }
        echo printed
    fi
}
"#;

/// Runs a script in a folder of its own beside short examples; answers with the calls of `equigen` and what went wrong.
pub(crate) fn play(script: &str, mode: Mode) -> (Vec<Vec<String>>, Faults) {
    let folder = tempfile::tempdir().expect("a folder for the script");
    let file = |name: &str| folder.path().join(name);
    stand_ins(folder.path());
    let work = file("work");
    let output = Command::new("bash")
        .args(["-c", &format!("{PRELUDE}{script}")])
        .current_dir(&work)
        .env("PROGRAM", env!("CARGO_BIN_EXE_equigen"))
        .env("MODE", format!("{mode:?}"))
        .env("CALLS", file("calls"))
        .env("FAILED", file("failed"))
        .stdin(Stdio::null())
        .output()
        .expect("bash starts");
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap_or_default();
    let calls = read("calls").split_terminator(RECORD).map(arguments).collect();
    let mut faults: Faults = read("failed").lines().map(str::to_owned).collect();
    if !output.status.success() || !faults.is_empty() {
        faults.push(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    (calls, faults)
}

fn arguments(call: &str) -> Vec<String> {
    call.split_terminator(UNIT).map(str::to_owned).collect()
}

/// The examples as the pages name them, with a few hundred signals and few steps; sweeps as they are.
fn stand_ins(folder: &Path) {
    let (from, to) = (Path::new(ROOT).join("examples"), folder.join("work/examples"));
    std::fs::create_dir_all(&to).expect("the folder is new");
    for entry in std::fs::read_dir(&from).expect("examples are there") {
        let name = entry.expect("examples can be read").file_name();
        let (source, target) = (from.join(&name), to.join(&name));
        if source.extension().is_none_or(|extension| extension != "toml") {
            std::os::unix::fs::symlink(&source, &target).expect("the folder is new");
        } else {
            let text = std::fs::read_to_string(&source).expect("an example is text");
            let mut table: Table = toml::from_str(&text).expect("an example is TOML");
            shorten(&mut table);
            std::fs::write(&target, table.to_string()).expect("the folder is writable");
        }
    }
}

/// Fewer signals, steps and samples of the same pipeline.
fn shorten(table: &mut Table) {
    const MOST: [(&str, i64); 7] = [
        ("steps", 20),
        ("max_steps", 60),
        ("count", 8),
        ("reference", 8),
        ("limit", 600),
        ("shots", 4),
        ("sampling_steps", 4),
    ];
    if let Some(Value::Table(data)) = table.get_mut("data") {
        data.entry("limit").or_insert(Value::Integer(i64::MAX));
        data.entry("reference").or_insert(Value::Integer(i64::MAX));
    }
    if let Some(Value::Table(fit)) = table.get_mut("fit") {
        fit.insert("stop_psnr".into(), Value::Float(24.0));
    }
    for (key, value) in table.iter_mut() {
        match value {
            Value::Table(inner) => shorten(inner),
            Value::Integer(number) => {
                let most = MOST.iter().find(|(name, _)| name == key).map(|(_, most)| *most);
                *number = most.map_or(*number, |most| most.min(*number));
            }
            _ => {}
        }
    }
}
