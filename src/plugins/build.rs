//! Builds a plugin crate as a library for this program.
//!
//! A plugin is an ordinary crate. A second crate, written for the time of the build, links it to core's shared library; it
//! must be a member of the framework's own workspace, since a crate of another workspace would see another core. Program
//! and plugin are built in one call of cargo, so that both get the same features of what they share.

use std::path::{Path, PathBuf};
use std::process::Command;

use equigen_core::{Error, Result, files};
use serde_json::Value;

use super::seal::{Held, PluginFile};

/// Builds the crate in `folder`; gives the library's path.
///
/// # Errors
/// If the crate or the framework's source is not there, or the build fails.
pub(crate) fn build(folder: &Path, source: Option<&Path>) -> Result<PathBuf> {
    let source = source_folder(source)?;
    let folder = fs_err::canonicalize(folder).map_err(|error| Error::config(error.to_string()))?;
    let package = Package::read(&folder)?;
    let target = target_folder(&source)?;
    let wrapper = Wrapper::write(&source, &package)?;
    let built = run_cargo(&source, &wrapper)?;
    drop(wrapper);
    let out = built.with_file_name(format!("lib{}.so", package.name.replace('-', "_")));
    let plugin = format!("{} {}", package.name, package.version);
    // What it holds is known only when it is loaded, in a fresh process, since a library stays in the one that loads it.
    let components = holds(&target, &built)?;
    if components.is_empty() {
        return Err(Error::failed(format!(
            "`{}` registers no component: call `equigen_core::register!(Kind, Type);`",
            folder.display()
        )));
    }
    PluginFile::read(&built)?.write_sealed(&out, plugin, components)?;
    Ok(out)
}

/// The framework's source: where this program was built from, unless told otherwise.
pub(crate) fn source_folder(given: Option<&Path>) -> Result<PathBuf> {
    let folder = given.unwrap_or(Path::new(env!("EQUIGEN_SOURCE")));
    if folder.join("core/dylib/Cargo.toml").is_file() {
        return Ok(fs_err::canonicalize(folder)?);
    }
    Err(Error::failed(format!(
        "equigen's source is not in `{}`; name the folder of its checkout with `--source DIR`",
        folder.display()
    )))
}

/// Name and version of a crate.
struct Package {
    folder: PathBuf,
    name: String,
    version: String,
}

impl Package {
    fn read(folder: &Path) -> Result<Self> {
        let manifest = folder.join("Cargo.toml");
        if !manifest.is_file() {
            let remedy = "name the folder of a crate, or make one with `equigen plugin new NAME --kind KIND`";
            return Err(Error::config(format!("`{}` has no Cargo.toml; {remedy}", folder.display())));
        }
        let metadata = json_of(
            Command::new("cargo").args(["metadata", "--no-deps", "--format-version=1"]).current_dir(folder),
            folder,
        )?;
        let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let here = |package: &&Value| package["manifest_path"].as_str() == manifest.to_str();
        let package = packages.iter().find(here);
        let package = package.ok_or_else(|| Error::config(format!("`{}` is no crate", folder.display())))?;
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        Ok(Self { folder: folder.to_owned(), name: text("name"), version: text("version") })
    }
}

fn json_of(command: &mut Command, folder: &Path) -> Result<Value> {
    let output = command.output().map_err(|error| Error::failed(format!("cannot run cargo: {error}")))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(Error::failed(format!("`{}`: {}", folder.display(), text.trim())));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| Error::failed(format!("cargo's answer: {error}")))
}

fn target_folder(source: &Path) -> Result<PathBuf> {
    let mut command = Command::new("cargo");
    command.args(["metadata", "--no-deps", "--format-version=1"]).current_dir(source);
    let metadata = json_of(&mut command, source)?;
    Ok(PathBuf::from(metadata["target_directory"].as_str().unwrap_or("target")))
}

/// The crate that links a plugin to core's shared library; gone when this is dropped.
struct Wrapper {
    name: String,
    folder: PathBuf,
    lock: PathBuf,
    lock_text: Vec<u8>,
}

impl Wrapper {
    fn write(source: &Path, package: &Package) -> Result<Self> {
        let lock = source.join("Cargo.lock");
        let name = format!("{}-library", package.name);
        let folder = source.join("plugins").join(&name);
        let wrapper = Self { folder, lock_text: fs_err::read(&lock)?, lock, name };
        fs_err::create_dir_all(wrapper.folder.join("src"))?;
        let manifest = format!(
            "[package]\nname = {:?}\nversion = {:?}\nedition = \"2024\"\npublish = false\n\n[lib]\ncrate-type = [\"dylib\"]\n\n\
             [dependencies]\nequigen-dylib = {{ path = {:?} }}\nplugin = {{ package = {:?}, path = {:?} }}\n",
            wrapper.name,
            package.version,
            source.join("core/dylib"),
            package.name,
            package.folder
        );
        files::write(&wrapper.folder.join("Cargo.toml"), manifest.as_bytes())?;
        let code = "use plugin as _;\n\nequigen_dylib::plugin!();\n";
        files::write(&wrapper.folder.join("src/lib.rs"), code.as_bytes())?;
        Ok(wrapper)
    }
}

impl Drop for Wrapper {
    fn drop(&mut self) {
        // A workspace that names a crate that is gone does not build: both go together, as far as they can.
        let _ = fs_err::remove_dir_all(&self.folder);
        let _ = files::write(&self.lock, &self.lock_text);
    }
}

/// Builds program and plugin; gives the path of the plugin's library.
fn run_cargo(source: &Path, wrapper: &Wrapper) -> Result<PathBuf> {
    let mut command = Command::new("cargo");
    command.args([
        "build",
        "--package",
        "equigen",
        "--package",
        &wrapper.name,
        "--message-format=json-render-diagnostics",
    ]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    command.current_dir(source).stderr(std::process::Stdio::inherit());
    let output = command.output().map_err(|error| Error::failed(format!("cannot run cargo: {error}")))?;
    if !output.status.success() {
        return Err(Error::failed("the plugin does not build; cargo's messages stand above"));
    }
    let library = output.stdout.split(|byte| *byte == b'\n').filter_map(|line| {
        let message: Value = serde_json::from_slice(line).ok()?;
        let is_wrapper = message["target"]["name"].as_str() == Some(&wrapper.name.replace('-', "_"));
        let files = message["filenames"].as_array().filter(|_| is_wrapper)?;
        files.iter().filter_map(Value::as_str).find(|file| file.ends_with(".so")).map(PathBuf::from)
    });
    library.last().ok_or_else(|| Error::failed("cargo built no library"))
}

/// What a library holds, by the program that was built with it.
fn holds(target: &Path, library: &Path) -> Result<Vec<Held>> {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let program = target.join(profile).join("equigen-bare");
    let mut command = Command::new(&program);
    command.args(["plugin", "holds"]).arg(library);
    let output = command.output().map_err(|error| Error::failed(format!("`{}`: {error}", program.display())))?;
    if !output.status.success() {
        return Err(Error::failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| Error::failed(format!("`plugin holds`: {error}")))
}
