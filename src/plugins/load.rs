//! Loads plugins, after a handshake that reads their files only.

use std::path::{Path, PathBuf};

use equigen_core::registry::Registry;
use equigen_core::{Error, Result, libraries};

use super::seal::{Facts, PluginFile, Seal};

/// Loads libraries in order, before anything is parsed.
///
/// # Errors
/// If one is refused; the message says why and what to do, and nothing of it is registered.
pub(crate) fn load_all(paths: &[PathBuf]) -> Result<()> {
    paths.iter().try_for_each(|path| load(path))
}

/// The facts of this program's own core.
#[cfg(feature = "dynamic")]
fn own_facts() -> Result<Facts> {
    Ok(super::seal::facts(equigen_dylib::FACTS))
}

#[cfg(not(feature = "dynamic"))]
fn own_facts() -> Result<Facts> {
    Err(Error::failed("this program was built without the feature `dynamic` and loads no plugins; build it with it"))
}

fn load(path: &Path) -> Result<()> {
    let own = own_facts()?;
    let file = PluginFile::read(path)?;
    agree(path, &own, &file.facts())?;
    let seal = file.seal().map_err(|why| {
        Error::failed(format!("`{}` is refused: {why}; build it again with `equigen plugin build DIR`", path.display()))
    })?;
    if let Some(other) = libraries::with_checksum(&seal.checksum) {
        let twice = format!("`{}` is loaded already, as `{}`; name it once", path.display(), other.path.display());
        return Err(Error::failed(twice));
    }
    check_names(path, &seal)?;
    open(path)?;
    let components = seal.components.into_iter().map(|held| (held.kind, held.name)).collect();
    libraries::record(libraries::Library { path: path.to_owned(), checksum: seal.checksum, components });
    Ok(())
}

/// Loads a library that is being built: it has no seal yet.
///
/// # Errors
/// If it was built against another core or cannot be loaded.
pub(crate) fn load_unsealed(path: &Path) -> Result<()> {
    agree(path, &own_facts()?, &PluginFile::read(path)?.facts())?;
    open(path)
}

/// Refuses a plugin that was built against something else, with both columns.
fn agree(path: &Path, own: &Facts, other: &Facts) -> Result<()> {
    let theirs =
        |name: &str| other.iter().find(|(known, _)| known == name).map_or("missing", |(_, value)| value.as_str());
    if own.iter().all(|(name, value)| theirs(name) == value) {
        return Ok(());
    }
    let width = own.iter().map(|(_, value)| value.len()).max().unwrap_or(0).max("this program".len());
    let mut text = format!("`{}` was built against something else:\n", path.display());
    text.push_str(&format!("    {:9} {:width$}  {}\n", "", "this program", "the plugin"));
    for (name, value) in own {
        let mark = if theirs(name) == value { ' ' } else { '*' };
        text.push_str(&format!("  {mark} {name:9} {value:width$}  {}\n", theirs(name)));
    }
    text.push_str("build it for this program with `equigen plugin build DIR`");
    Err(Error::failed(text))
}

/// Refuses a plugin that defines a component that is there already.
fn check_names(path: &Path, seal: &Seal) -> Result<()> {
    let registry = Registry::collect()?;
    let twice = |record: &&equigen_core::registry::Record| {
        seal.components.iter().any(|held| held.kind == record.kind.name() && held.name == record.name)
    };
    match registry.records().find(twice) {
        None => Ok(()),
        Some(record) => Err(Error::failed(format!(
            "{} `{}` is defined twice: by {} and by {} (`{}`); rename one or leave one out",
            record.kind.name(),
            record.name,
            record.origin,
            seal.plugin,
            path.display()
        ))),
    }
}

#[cfg(feature = "dynamic")]
#[allow(unsafe_code, reason = "the one place that loads foreign code, after the handshake")]
fn open(path: &Path) -> Result<()> {
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    let absolute = fs_err::canonicalize(path)?;
    let refused = |error: libloading::Error| {
        let remedy = "build it again with `equigen plugin build DIR`";
        Error::failed(format!("`{}` cannot be loaded: {error}; {remedy}", path.display()))
    };
    // Every symbol is resolved before the first constructor runs, so that what fails here has registered nothing.
    // SAFETY: the file is a plugin that was built against this very core, and is whole.
    let library = unsafe { Library::open(Some(&absolute), RTLD_NOW | RTLD_LOCAL) }.map_err(refused)?;
    // SAFETY: the export macro gives the symbol this type.
    let anchor = unsafe { library.get::<extern "C" fn() -> *const u8>(b"equigen_anchor\0") }.map_err(refused)?;
    if !std::ptr::eq(anchor(), &raw const libraries::ANCHOR) {
        // Its components are registered with another copy of core: nothing of this process can be trusted.
        eprintln!("error: `{}` brought its own copy of core; build it with `equigen plugin build DIR`", path.display());
        std::process::exit(1);
    }
    // Never unloaded: the registry points into it.
    std::mem::forget(library);
    Ok(())
}

#[cfg(not(feature = "dynamic"))]
fn open(_: &Path) -> Result<()> {
    own_facts().map(|_| ())
}
