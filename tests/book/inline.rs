//! Commands in the running text, such as `equigen check --respects SYMMETRY`: verb and flags exist. Arguments are often
//! placeholders, and are not looked at.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::pages::{Page, all};
use crate::{Faults, none};

/// What verbs say of themselves, by verb; nothing where there is no such verb.
type Help = BTreeMap<Vec<String>, Option<String>>;

fn help(verb: &[String]) -> Option<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_equigen")).args(verb).arg("--help").output().expect("it starts");
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What is wrong with the commands in a page's text.
fn wrong(page: &Page, known: &mut Help) -> Faults {
    let mut faults = Vec::new();
    for (code, line) in &page.codes {
        let Some(command) = code.strip_prefix("equigen ") else { continue };
        let words: Vec<String> =
            command.split_whitespace().map(|word| word.trim_matches(['[', ']']).to_owned()).collect();
        // Two verbs have verbs of their own.
        let length = if ["plugin", "zoo"].contains(&&words[0][..]) { 2 } else { 1 };
        let verb = words[..length.min(words.len())].to_vec();
        match known.entry(verb.clone()).or_insert_with(|| help(&verb)) {
            None => faults.push(format!("{}: `{code}`: there is no such verb", page.at(*line))),
            Some(text) => {
                let known: Vec<&str> = text.split(|c: char| c.is_whitespace() || ",[]<>".contains(c)).collect();
                let flags = words.iter().filter(|word| word.len() > 1 && word.starts_with('-'));
                let missing = flags.filter(|flag| !known.contains(&&flag[..]));
                faults.extend(missing.map(|flag| format!("{}: `{code}`: there is no {flag}", page.at(*line))));
            }
        }
    }
    faults
}

#[test]
fn every_command_in_the_text_has_its_verb_and_flags() {
    let mut known = Help::new();
    none(all().iter().flat_map(|page| wrong(page, &mut known)).collect());
    assert!(known.len() > 8, "only {} verbs", known.len());
}

#[test]
fn a_wrong_verb_or_flag_in_the_text_is_found() {
    let faults = |text: &str| wrong(&Page::parse(Path::new("p.md"), text), &mut Help::new()).len();
    assert_eq!(
        faults("`equigen run FILE -s key=1 --until STAGE`, `equigen zoo join RUN`, `equigen bench [fit] [--json]`"),
        0
    );
    assert_eq!(faults("`equigen run FILE --untill STAGE`"), 1);
    assert_eq!(faults("| a |\n|---|\n| `equigen rum FILE` |"), 1);
    assert_eq!(faults("`equigen zoo split RUN`"), 1);
}
