//! Builds a plugin crate as a library for this program.
//!
//! A plugin is an ordinary crate. A second crate, written for the time of the build, links it to core's shared library. It
//! must be a member of the framework's own workspace, since a crate of another workspace would see another core. Program
//! and plugin are built in one call of cargo, so that both get the same features of what they share.

use std::path::{Path, PathBuf};
use std::process::Command;

use equigen_core::{Error, Result, files};
use serde_json::Value;

use super::seal::{Held, PluginFile};

/// Builds the crates in `folders`; gives the paths of their libraries.
///
/// # Errors
/// If a crate or the framework's source is not there, or the build fails.
pub(crate) fn build(folders: &[PathBuf], source: Option<&Path>) -> Result<Vec<PathBuf>> {
    let source = source_folder(source)?;
    let packages = folders.iter().map(|folder| Package::read(folder)).collect::<Result<Vec<_>>>()?;
    let target = target_folder(&source)?;
    // Wrapper crates and lock file are one build's at a time.
    fs_err::create_dir_all(&target)?;
    let lock = fs_err::File::create(target.join(".plugin-build.lock"))?;
    lock.file().lock()?;
    let built = {
        let wrappers = Wrappers::write(&source, &packages)?;
        run_cargo(&source, &wrappers.names)?
    };
    let program = target.join(if cfg!(debug_assertions) { "debug" } else { "release" }).join("equigen-bare");
    packages.iter().zip(&built).map(|(package, library)| sealed(package, library, &program)).collect()
}

/// Writes the sealed library beside the built one.
fn sealed(package: &Package, built: &Path, program: &Path) -> Result<PathBuf> {
    let out = built.with_file_name(format!("lib{}.so", package.name.replace('-', "_")));
    // What it holds is known only when it is loaded, in a fresh process, since a library stays in the one that loads it.
    let components = holds(program, built)?;
    if components.is_empty() {
        return Err(Error::failed(format!(
            "`{}` registers no component: call `equigen_core::register!(Kind, Type);`",
            package.folder.display()
        )));
    }
    PluginFile::read(built)?.write_sealed(&out, format!("{} {}", package.name, package.version), components)?;
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

/// What cargo says of a crate.
struct Package {
    folder: PathBuf,
    /// The root of its workspace.
    workspace: PathBuf,
    name: String,
    version: String,
}

impl Package {
    fn read(folder: &Path) -> Result<Self> {
        let folder = &fs_err::canonicalize(folder).map_err(|error| Error::config(error.to_string()))?;
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
        let workspace = PathBuf::from(metadata["workspace_root"].as_str().unwrap_or_default());
        Ok(Self { folder: folder.to_owned(), workspace, name: text("name"), version: text("version") })
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

/// The crates that link plugins to core's shared library; gone when this is dropped.
struct Wrappers {
    names: Vec<String>,
    folders: Vec<PathBuf>,
    lock: PathBuf,
    lock_text: Vec<u8>,
    /// Links to crates that lie inside the source.
    links: tempfile::TempDir,
}

impl Wrappers {
    fn write(source: &Path, packages: &[Package]) -> Result<Self> {
        let lock = source.join("Cargo.lock");
        let lock_text = fs_err::read(&lock)?;
        let links = tempfile::tempdir()?;
        let mut wrappers = Self { names: Vec::new(), folders: Vec::new(), lock, lock_text, links };
        for package in packages {
            let name = format!("{}-library", package.name);
            let folder = source.join("plugins").join(&name);
            wrappers.names.push(name.clone());
            wrappers.folders.push(folder.clone());
            fs_err::create_dir_all(folder.join("src"))?;
            let path = wrappers.path_outside(source, package)?;
            let manifest = format!(
                "[package]\nname = {name:?}\nversion = {:?}\nedition = \"2024\"\npublish = false\n\n\
                 [lib]\ncrate-type = [\"dylib\"]\n\n[dependencies]\nequigen-dylib = {{ path = {:?} }}\n\
                 plugin = {{ package = {:?}, path = {:?} }}\n",
                package.version,
                source.join("core/dylib"),
                package.name,
                path
            );
            files::write(&folder.join("Cargo.toml"), manifest.as_bytes())?;
            files::write(&folder.join("src/lib.rs"), b"use plugin as _;\n\nequigen_dylib::plugin!();\n")?;
        }
        Ok(wrappers)
    }

    /// The path by which a wrapper names a crate. Cargo takes what lies below a workspace for one of its members, so that a
    /// crate with a workspace of its own is named by a link from outside, unless the workspace excludes its folder.
    fn path_outside(&self, source: &Path, package: &Package) -> Result<PathBuf> {
        let folder = &package.folder;
        if !folder.starts_with(source) || package.workspace == source || is_excluded(source, folder)? {
            return Ok(folder.clone());
        }
        let link = self.links.path().join(&package.name);
        std::os::unix::fs::symlink(folder, &link)?;
        Ok(link)
    }
}

/// Whether the framework's workspace excludes a folder.
fn is_excluded(source: &Path, folder: &Path) -> Result<bool> {
    let text = fs_err::read_to_string(source.join("Cargo.toml"))?;
    let manifest: toml::Table = text.parse().map_err(|error: toml::de::Error| Error::failed(error.to_string()))?;
    let excluded = manifest.get("workspace").and_then(|workspace| workspace.get("exclude")?.as_array().cloned());
    let excluded = excluded.unwrap_or_default();
    Ok(excluded.iter().filter_map(toml::Value::as_str).any(|path| folder.starts_with(source.join(path))))
}

impl Drop for Wrappers {
    fn drop(&mut self) {
        // The lock file must not name crates that are gone: all go together, as far as they can.
        self.folders.iter().for_each(|folder| _ = fs_err::remove_dir_all(folder));
        let _ = files::write(&self.lock, &self.lock_text);
    }
}

/// Builds program and plugins; gives the paths of the plugins' libraries, in order.
fn run_cargo(source: &Path, wrappers: &[String]) -> Result<Vec<PathBuf>> {
    let mut command = Command::new("cargo");
    command.args(["build", "--package", "equigen", "--message-format=json-render-diagnostics"]);
    wrappers.iter().for_each(|name| _ = command.args(["--package", name]));
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    like_this_program(&mut command);
    command.current_dir(source).stderr(std::process::Stdio::inherit());
    let output = command.output().map_err(|error| Error::failed(format!("cannot run cargo: {error}")))?;
    if !output.status.success() {
        return Err(Error::failed("the plugin does not build; cargo's messages stand above"));
    }
    let messages: Vec<Value> =
        output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let library = |name: &String| {
        let target = name.replace('-', "_");
        let of = messages.iter().filter(|message| message["target"]["name"].as_str() == Some(&target));
        let mut files = of.filter_map(|message| message["filenames"].as_array()).flatten().filter_map(Value::as_str);
        let library = files.rfind(|file| file.ends_with(".so")).map(PathBuf::from);
        library.ok_or_else(|| Error::failed(format!("cargo built no library of `{name}`")))
    };
    wrappers.iter().map(library).collect()
}

/// The features of this program, and the libtorch that it was built with: a plugin of another build would be refused, and
/// the program would be replaced by one of that build.
#[cfg(feature = "libtorch")]
fn like_this_program(command: &mut Command) {
    command.args(["--features", "equigen/libtorch"]);
    command.envs(env!("EQUIGEN_BUILT_WITH").split('\x1f').filter_map(|variable| variable.split_once('=')));
}

#[cfg(not(feature = "libtorch"))]
fn like_this_program(_: &mut Command) {}

/// What a library holds, by the program that was built with it.
fn holds(program: &Path, library: &Path) -> Result<Vec<Held>> {
    let mut command = Command::new(program);
    command.args(["plugin", "holds"]).arg(library);
    let output = command.output().map_err(|error| Error::failed(format!("`{}`: {error}", program.display())))?;
    if !output.status.success() {
        return Err(Error::failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| Error::failed(format!("`plugin holds`: {error}")))
}
