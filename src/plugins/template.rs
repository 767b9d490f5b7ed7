//! Writes a new plugin crate: one small, complete component of its kind, with its laws as tests.

use std::path::{Path, PathBuf};

use equigen_core::registry::{Kind, Registry};
use equigen_core::{Error, Result, files};

/// What a crate cannot be called, because its code or its dependencies mean something else by it.
const RESERVED: [&str; 11] =
    ["alloc", "burn", "core", "equigen", "proc-macro", "schemars", "self", "serde", "std", "test", "typetag"];

/// Makes the crate `name` in a new folder of that name in the current one; gives the folder.
///
/// # Errors
/// If the name is no crate's or is taken, the kind has no template, or the framework's source is not there. Then nothing is
/// left behind.
pub(crate) fn write_new(name: &str, kind: Kind, source: Option<&Path>) -> Result<PathBuf> {
    let code = template(kind)?;
    let type_name = type_name(name, kind, code)?;
    let source = super::build::source_folder(source)?;
    let here = std::env::current_dir()?;
    let folder = here.join(name);
    if fs_err::symlink_metadata(&folder).is_ok() {
        return Err(Error::config(format!("`{}` exists already: choose another name or folder", folder.display())));
    }
    // Whole or not at all: it is written beside, and renamed.
    let beside = tempfile::Builder::new().prefix(".equigen-new-").tempdir_in(&here)?;
    let write = |file: &str, text: &str| files::write(&beside.path().join(file), text.as_bytes());
    let readme = include_str!("templates/README.md").replace("NAME", name).replace("KIND", kind.name());
    fs_err::create_dir(beside.path().join("src"))?;
    write("Cargo.toml", &manifest(name, code, &source)?)?;
    write("src/lib.rs", &code.replace("NAME", name).replace("TYPE", &type_name))?;
    write("README.md", &readme.replace("SOURCE", &source.display().to_string()))?;
    // What equigen's own build has compiled of burn need not be compiled again.
    fs_err::create_dir(beside.path().join(".cargo"))?;
    write(".cargo/config.toml", &format!("[build]\ntarget-dir = {:?}\n", source.join("target")))?;
    let lock = source.join("Cargo.lock");
    if lock.is_file() {
        write("Cargo.lock", &fs_err::read_to_string(lock)?)?;
    }
    fs_err::rename(beside.path(), &folder)?;
    // There is nothing left to clean up.
    let _ = beside.keep();
    Ok(folder)
}

/// The code of a component of a kind: `NAME` stands for its name, `TYPE` for its type.
fn template(kind: Kind) -> Result<&'static str> {
    let file = match kind {
        Kind::Symmetry => return Ok(include_str!("templates/symmetry.rs")),
        Kind::Augmentation => return Ok(include_str!("templates/augmentation.rs")),
        Kind::Deformation => return Ok(include_str!("templates/deformation.rs")),
        Kind::Encoder => return Ok(include_str!("templates/encoder.rs")),
        Kind::Objective => return Ok(include_str!("templates/objective.rs")),
        Kind::Generator => return Ok(include_str!("templates/generator.rs")),
        Kind::Disturbance => return Ok(include_str!("templates/disturbance.rs")),
        Kind::Metric => return Ok(include_str!("templates/metric.rs")),
        Kind::Signals => "signals/src/idx_images.rs",
        Kind::Inr => "inrs/src/siren.rs",
        Kind::Fitter => "fitters/src/autodiff.rs",
        Kind::Judge => "judges/src/cnn.rs",
    };
    let remedy = format!("make a crate of another kind and put a component like `plugins/{file}` of equigen in it");
    Err(Error::config(format!("--kind {}: there is no small template of this kind; {remedy}", kind.name())))
}

/// `skew-flip` is the crate and component of the type `SkewFlip`.
///
/// # Errors
/// If a crate or type cannot be called that, or a component already is.
fn type_name(name: &str, kind: Kind, code: &str) -> Result<String> {
    let refused = |why: &str| Error::config(format!("`{name}` {why}; choose another name"));
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
        return Err(refused("is no name of a plugin: lower-case letters, digits and dashes, the first a letter"));
    }
    if RESERVED.contains(&name) || name.starts_with("equigen-") {
        return Err(refused("means another crate to a plugin"));
    }
    if Registry::collect()?.get(kind, name).is_ok() {
        return Err(refused(&format!("is a bundled {}", kind.name())));
    }
    let capital =
        |word: &str| word.chars().take(1).map(|c| c.to_ascii_uppercase()).chain(word.chars().skip(1)).collect();
    let type_name: String = name.split('-').map(|word| -> String { capital(word) }).collect();
    if code.split(|c: char| !c.is_alphanumeric()).any(|word| word == type_name) {
        return Err(refused(&format!("would be the type `{type_name}`, by which its code means something else")));
    }
    Ok(type_name)
}

/// The crate's `Cargo.toml`: what its code uses, in the framework's versions.
fn manifest(name: &str, code: &str, source: &Path) -> Result<String> {
    let path = source.join("Cargo.toml");
    let framework = fs_err::read_to_string(&path)?;
    let entry = |dependency: &str| {
        let missing = || Error::failed(format!("`{}` lacks the dependency `{dependency}`", path.display()));
        entry(&framework, dependency).ok_or_else(missing)
    };
    let mut dependencies = vec![format!("equigen-core = {{ path = {:?} }}", source.join("core"))];
    if code.contains("use burn::") {
        dependencies.insert(0, entry("burn")?.to_owned());
    }
    for dependency in ["schemars", "serde", "typetag"] {
        dependencies.push(entry(dependency)?.to_owned());
    }
    let mut development = vec![format!("equigen-core = {{ path = {:?}, features = [\"laws\"] }}", source.join("core"))];
    if code.contains("equigen_symmetries::") {
        development.push(format!("equigen-symmetries = {{ path = {:?} }}", source.join("plugins/symmetries")));
    }
    // Once each and the last first: a path may contain any word.
    let text = include_str!("templates/manifest.toml").replace("NAME", name);
    let text = text.replacen("DEVELOPMENT", &development.join("\n"), 1);
    Ok(text.replacen("DEPENDENCIES", &dependencies.join("\n"), 1))
}

/// A dependency of a manifest, `name = …`, up to the end of the line on which its brackets close.
fn entry<'a>(manifest: &'a str, dependency: &str) -> Option<&'a str> {
    let start = manifest.find(&format!("\n{dependency} = "))? + 1;
    let mut open = 0;
    let end = manifest[start..].find(|c: char| {
        match c {
            '{' | '[' => open += 1,
            '}' | ']' => open -= 1,
            _ => {}
        }
        c == '\n' && open == 0
    });
    Some(&manifest[start..start + end?])
}
