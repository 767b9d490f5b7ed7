//! Every command of the pages exists, and those that take seconds run.

use std::path::Path;

use equigen_core::registry::Registry;

use crate::invocations::check;
use crate::pages::{Page, ROOT, all};
use crate::shell::{Mode, play};
use crate::{Faults, none};

/// Folders of the repository whose files commands name.
const FOLDERS: [&str; 5] = ["benches/", "docs/", "examples/", "scripts/", "plugins/"];

/// What is wrong with the commands of a page, and how many calls of `equigen` it has.
fn commands(page: &Page, registry: &Registry) -> (Faults, usize) {
    let (mut faults, mut count) = (Vec::new(), 0);
    let mut follow = |script: &str, mode: Mode, place: String| {
        let (calls, wrong) = play(script, mode);
        count += calls.len();
        // What a script makes itself is read where it is run, and is not in the repository.
        let is_init = |call: &&Vec<String>| call.first().is_some_and(|verb| verb == "init");
        let is_made = |call: &&Vec<String>| calls.iter().filter(is_init).any(|init| init.get(1) == call.get(1));
        let unread = calls.iter().filter(|call| !is_made(call)).filter_map(|call| check(call, registry).err());
        faults.extend(wrong.into_iter().chain(unread).map(|fault| format!("{place}: {fault}")));
    };
    let shell = || page.fences.iter().filter(|fence| fence.is("sh"));
    let script: String = shell().filter(|fence| !fence.slow()).map(|fence| &fence.text[..]).collect();
    if !script.is_empty() {
        follow(&script, Mode::Run, page.path.display().to_string());
    }
    for fence in shell().filter(|fence| fence.slow()) {
        // Line by line, so that each that is wrong is named.
        for line in fence.text.replace("\\\n", " ").lines() {
            let command = as_equigen(line);
            if command.starts_with("equigen") || command.contains("$(equigen") {
                follow(&format!("plugin=printed\n{command}\n"), Mode::Parse, page.at(fence.line));
            }
        }
    }
    for fence in &page.fences {
        let is_command =
            |line: &&str| ["equigen ", "cargo ", "scripts/", "python "].iter().any(|word| line.starts_with(word));
        if !fence.is("sh") && !fence.is("toml") && !fence.is("rust") && fence.text.lines().any(|line| is_command(&line))
        {
            faults.push(format!("{}: commands in a fence that is not marked `sh` or `sh,slow`", page.at(fence.line)));
        }
        if fence.is("sh") {
            faults.extend(missing(&fence.text).into_iter().map(|file| format!("{}: no `{file}`", page.at(fence.line))));
        }
    }
    (faults, count)
}

/// A line that calls the program in another way, as it would be called by name.
fn as_equigen(line: &str) -> String {
    let prefixes = [("cargo run --release -- ", "equigen "), ("time equigen ", "equigen ")];
    let called = prefixes.iter().find_map(|(way, name)| Some(format!("{name}{}", line.strip_prefix(way)?)));
    called.unwrap_or_else(|| line.to_owned())
}

/// Files of the repository that a script names and that are not there.
fn missing(script: &str) -> Vec<String> {
    let words = script.split(|c: char| c.is_whitespace() || "\"'()=;".contains(c));
    let named = words.filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)));
    named.filter(|word| !Path::new(ROOT).join(word).exists()).map(str::to_owned).collect()
}

#[test]
fn every_command_of_the_pages_runs_or_is_at_least_understood() {
    let registry = Registry::collect().unwrap();
    let (mut faults, mut count) = (Vec::new(), 0);
    for page in all() {
        let (wrong, calls) = commands(&page, &registry);
        println!("{}: {calls} calls", page.path.display());
        faults.extend(wrong);
        count += calls;
    }
    none(faults);
    assert!(count > 40, "only {count} calls of equigen");
}

#[test]
fn a_flag_setting_or_file_that_does_not_exist_is_found() {
    let registry = Registry::collect().unwrap();
    let faults = |fence: &str, command: &str| {
        let page = Page::parse(Path::new("p.md"), &format!("```{fence}\n{command}\n```\n"));
        commands(&page, &registry).0.join("\n")
    };
    let quick = "equigen run examples/mnist-quick.toml";
    for fence in ["sh", "sh,slow"] {
        assert_eq!(faults(fence, "equigen list encoder  # all"), "", "{fence}");
        assert!(faults(fence, "equigen list --jsn").contains("--jsn"), "{fence}");
        assert!(faults(fence, "equigen lst").contains("lst"), "{fence}");
        assert!(faults(fence, &format!("{quick} --until split -s sample.counts=3")).contains("counts"), "{fence}");
        assert!(faults(fence, "x=$(equigen list --jsn)").contains("--jsn"), "{fence}");
        assert!(faults(fence, "echo \"$(equigen list --jsn)\"").contains("--jsn"), "{fence}");
    }
    assert_eq!(faults("sh,slow", &format!("{quick} -s data.target=4")), "");
    assert!(faults("sh,slow", "cargo run --release -- list --jsn").contains("--jsn"));
    assert!(faults("sh,slow", "equigen run examples/mnist-quik.toml").contains("mnist-quik"));
    assert!(faults("sh,slow", "equigen sweep examples/mnist-encoders.toml -s sample.counts=3").contains("counts"));
    assert!(faults("sh,slow", "python3 benches/no-such.py").contains("no-such.py"));
    assert!(faults("", "equigen list").contains("not marked"));
    assert!(faults("sh", "equigen describe encoder/nothing").contains("nothing"), "what runs must succeed");
}
