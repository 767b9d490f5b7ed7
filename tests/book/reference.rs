//! The reference pages are those that this program writes.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::none;
use crate::pages::ROOT;

fn pages(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().expect("listed").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(&path).expect("a page is text"))
    };
    entries.map(read).collect()
}

#[test]
fn the_reference_pages_are_those_of_this_program() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("reference");
    let output = Command::new(env!("CARGO_BIN_EXE_equigen")).arg("reference").arg(&made).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (made, kept) = (pages(&made), pages(&Path::new(ROOT).join("docs/reference")));
    let names: std::collections::BTreeSet<&String> = made.keys().chain(kept.keys()).collect();
    let differs = |name: &&String| made.get(*name) != kept.get(*name);
    let remedy = "write it again with `equigen reference docs/reference`";
    none(names.into_iter().filter(differs).map(|name| format!("docs/reference/{name}: {remedy}")).collect());
    // Each component has a section: the pages cannot be equal by being empty.
    let registry = equigen_core::registry::Registry::collect().unwrap();
    for record in registry.records() {
        let page = &kept[&format!("{}.md", record.kind.name())];
        assert!(page.contains(&format!("\n## {}\n", record.name)), "{}", record.name);
    }
}
