//! TOML of the pages: whole pipelines, sections of one, and sweeps are read as the program reads them.

use std::path::Path;

use equigen_core::config::{LoadOptions, load, parse};
use equigen_core::registry::Registry;
use equigen_core::sweep::Sweep;
use toml::{Table, Value};

use crate::pages::{Page, ROOT, all};
use crate::{Faults, none};

/// The file of which a page's sections are settings.
const BASE: &str = "examples/mnist-quick.toml";

/// Reads a block of TOML as what it is.
fn checked(text: &str, registry: &Registry) -> Result<(), String> {
    let table: Table = toml::from_str(text).map_err(|error| error.to_string())?;
    let whole = |text: &str| parse(text, &LoadOptions::default(), registry).map(|_| ()).map_err(|e| e.to_string());
    if table.contains_key("package") {
        // The file of a crate; equal to one that is built, which `quoted` sees to.
        return Ok(());
    }
    if table.contains_key("axis") {
        return sweep(text, registry);
    }
    if table.contains_key("seed") && table.contains_key("evaluate") {
        return whole(text);
    }
    let base = std::fs::read_to_string(Path::new(ROOT).join(BASE)).map_err(|error| error.to_string())?;
    let mut merged: Table = toml::from_str(&base).map_err(|error| error.to_string())?;
    merge(&mut merged, table);
    whole(&merged.to_string())
}

/// Puts a page's keys into a pipeline: a section's keys one by one, a component whole.
fn merge(into: &mut Table, from: Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) if !new.contains_key("type") => merge(old, new),
            (_, value) => _ = into.insert(key, value),
        }
    }
}

/// Reads a sweep that stands in `examples/`, and every pipeline that it makes.
fn sweep(text: &str, registry: &Registry) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    std::os::unix::fs::symlink(Path::new(ROOT).join("examples"), folder.path().join("examples"))
        .map_err(|e| e.to_string())?;
    let path = folder.path().join("examples-sweep.toml");
    std::fs::write(&path, text.replace("pipeline = \"", "pipeline = \"examples/"))
        .map_err(|error| error.to_string())?;
    read_sweep(&path, &[], registry)
}

/// Reads a sweep's file and every pipeline that it makes.
pub(crate) fn read_sweep(path: &Path, set: &[String], registry: &Registry) -> Result<(), String> {
    let sweep = Sweep::load(path).map_err(|error| error.to_string())?;
    for variant in sweep.variants() {
        let set = [&variant.set[..], set].concat();
        load(&sweep.pipeline, &LoadOptions { set }, registry)
            .map_err(|error| format!("{}: {error}", variant.name()))?;
    }
    Ok(())
}

/// A block of Rust or Python, or of a crate's file, equals the file that the comment above it names.
fn quoted(page: &Page) -> Faults {
    let wrong = |fence: &&crate::pages::Fence| {
        let must = ["rust", "python"].iter().any(|word| fence.is(word)) || fence.text.contains("[package]");
        let file = fence.file.as_ref().map(|file| std::fs::read_to_string(Path::new(ROOT).join(file)));
        must && !matches!(file, Some(Ok(text)) if text == fence.text)
    };
    let message = |line| format!("{}: not equal to a file that a comment above it names", page.at(line));
    page.fences.iter().filter(wrong).map(|fence| message(fence.line)).collect()
}

#[test]
fn every_pipeline_of_the_pages_loads() {
    let registry = Registry::collect().unwrap();
    let (mut faults, mut read) = (Vec::new(), 0);
    for page in all() {
        faults.extend(quoted(&page));
        for fence in page.fences.iter().filter(|fence| fence.is("toml")) {
            read += 1;
            if let Err(error) = checked(&fence.text, &registry) {
                faults.push(format!("{}: {error}", page.at(fence.line)));
            }
        }
    }
    none(faults);
    assert!(read >= 10, "only {read} blocks of TOML");
}

#[test]
fn a_wrong_key_name_or_sweep_is_found() {
    let registry = Registry::collect().unwrap();
    let fault = |text: &str| checked(text, &registry).unwrap_err();
    assert!(checked("[sample]\ncount = 8\n", &registry).is_ok());
    assert!(fault("[sample]\ncounts = 8\n").contains("counts"));
    assert!(fault("[pretrain]\nencoder = { type = \"dsw\" }\n").contains("dws"));
    let sweep = "pipeline = \"mnist-quick.toml\"\n[[axis]]\nname = \"a\"\nvalues = [{ name = \"b\", set = [\"sample.x=1\"] }]\n";
    assert!(fault(sweep).contains("sample"));
    assert!(checked(&sweep.replace("sample.x", "sample.count"), &registry).is_ok());
    let page = Page::parse(Path::new("p.md"), "```rust\nfn main() {}\n```\n");
    assert_eq!(quoted(&page).len(), 1);
}
