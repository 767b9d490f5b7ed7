//! Makes the program run from its folder: it finds core's shared library and Rust's own beside itself, and libtorch where it
//! was at build time.

#[path = "core/dylib/libtorch.rs"]
mod libtorch;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=EQUIGEN_SOURCE={}", variable("CARGO_MANIFEST_DIR"));
    if env::var_os("CARGO_FEATURE_LIBTORCH").is_some() {
        let libraries = libtorch::libraries();
        // The tests link core by itself, and so libtorch.
        println!("cargo::rustc-link-arg-bins=-Wl,-rpath,{}", libraries.display());
        println!("cargo::rustc-link-arg-tests=-Wl,-rpath,{}", libraries.display());
        let decided = libtorch::VARIABLES.iter().filter_map(|name| Some(format!("{name}={}", env::var(name).ok()?)));
        println!("cargo::rustc-env=EQUIGEN_BUILT_WITH={}", decided.collect::<Vec<_>>().join("\x1f"));
    }
    if env::var_os("CARGO_FEATURE_DYNAMIC").is_none() {
        return;
    }
    println!("cargo::rustc-link-arg-bins=-Wl,-rpath,$ORIGIN:$ORIGIN/deps:$ORIGIN/lib");
    // OUT_DIR is PROFILE/build/equigen-HASH/out.
    let out = PathBuf::from(variable("OUT_DIR"));
    let profile = out.ancestors().nth(3).expect("cargo's layout of the target folder");
    let rustc = Command::new(variable("RUSTC")).args(["--print", "target-libdir"]).output().expect("rustc runs");
    let libraries = String::from_utf8_lossy(&rustc.stdout).trim().to_owned();
    let entries = fs::read_dir(&libraries).unwrap_or_else(|error| panic!("{libraries}: {error}"));
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("libstd-") && name.ends_with(".so") {
            copy(&path, &profile.join(name));
        }
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}

/// By a rename: a running program may have the old file mapped.
fn copy(from: &Path, to: &Path) {
    let beside = to.with_extension("partial");
    fs::copy(from, &beside).unwrap_or_else(|error| panic!("{}: {error}", beside.display()));
    fs::rename(&beside, to).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
}
