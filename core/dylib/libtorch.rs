//! Which libtorch the feature `libtorch` links: for the build scripts of what carries the path of its libraries.
//!
//! The crate `torch-sys` finds libtorch by the environment and says so to its own dependents only. This goes by the same
//! rules, and refuses what `torch-sys` would let through or fetch from the network by itself.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const VERSION: &str = "2.9.0";
/// What of the environment decides.
pub(crate) const VARIABLES: [&str; 4] = ["LIBTORCH", "LIBTORCH_LIB", "LIBTORCH_INCLUDE", "LIBTORCH_USE_PYTORCH"];
const REMEDY: &str = "bring it with `scripts/libtorch.sh`, or see docs/devices.md for the other ways";

/// The folder of libtorch's libraries. Ends the build with one message if there is none, or another version.
pub(crate) fn libraries() -> PathBuf {
    VARIABLES.iter().for_each(|name| println!("cargo::rerun-if-env-changed={name}"));
    let found = if env::var_os("LIBTORCH_USE_PYTORCH").is_some() { of_pytorch() } else { of_folders() };
    found.unwrap_or_else(|why| {
        println!("cargo::error=the feature `libtorch` needs libtorch {VERSION}: {why}; {REMEDY}");
        std::process::exit(1);
    })
}

fn of_folders() -> Result<PathBuf, String> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from);
    let system = || Path::new("/usr/lib/libtorch.so").exists().then(|| PathBuf::from("/usr"));
    let whole = folder("LIBTORCH").or_else(system).ok_or("the variable LIBTORCH names no folder")?;
    let libraries = folder("LIBTORCH_LIB").unwrap_or_else(|| whole.clone()).join("lib");
    println!("cargo::rerun-if-changed={}", libraries.join("libtorch_cpu.so").display());
    if !libraries.join("libtorch_cpu.so").exists() {
        return Err(format!("`{}` has no libtorch_cpu.so", libraries.display()));
    }
    let include = folder("LIBTORCH_INCLUDE").unwrap_or(whole).join("include");
    right(&version_of(&include)?, &include.display().to_string()).map(|()| libraries)
}

/// The version that the headers state; PyTorch's own folder holds no other mark of it that both kinds of libtorch share.
fn version_of(include: &Path) -> Result<String, String> {
    // Versions after 2.9 have the numbers in the second file, which the first includes.
    let files = ["torch/csrc/api/include/torch/version.h", "torch/headeronly/version.h"];
    let text = files.iter().find_map(|file| {
        let text = fs::read_to_string(include.join(file)).ok()?;
        text.contains("define TORCH_VERSION_MAJOR").then_some(text)
    });
    let text = text.ok_or_else(|| format!("`{}` has no torch/version.h", include.display()))?;
    let number = |part: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("#define TORCH_VERSION_{part} ")));
        line.unwrap_or("?").trim().to_owned()
    };
    Ok([number("MAJOR"), number("MINOR"), number("PATCH")].join("."))
}

fn right(version: &str, place: &str) -> Result<(), String> {
    if version == VERSION { Ok(()) } else { Err(format!("`{place}` is of version {version}")) }
}

/// By the interpreter that `torch-sys` asks.
fn of_pytorch() -> Result<PathBuf, String> {
    println!("cargo::rerun-if-env-changed=VIRTUAL_ENV");
    let python = if env::var_os("VIRTUAL_ENV").is_some() { "python" } else { "python3" };
    let script = "import torch, os; print(torch.__version__.split('+')[0]); print(os.path.dirname(torch.__file__))";
    let output = Command::new(python).args(["-c", script]).output().map_err(|error| format!("`{python}`: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match text.lines().collect::<Vec<_>>()[..] {
        [version, folder] => {
            right(version, &format!("the PyTorch of {python}")).map(|()| Path::new(folder).join("lib"))
        }
        _ => Err(format!("`{python}` has no PyTorch")),
    }
}
