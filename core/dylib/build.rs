//! Writes down what this build of core is: a plugin must have been built against the same. With the feature `libtorch` the
//! library carries the path of libtorch's.

mod libtorch;

use std::collections::{BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    if env::var_os("CARGO_FEATURE_LIBTORCH").is_some() {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{}", libtorch::libraries().display());
    }
    let root = Path::new(&variable("CARGO_MANIFEST_DIR")).join("../..");
    let sources = [
        root.join("core/src"),
        root.join("core/kernels/src"),
        root.join("core/geometry/src"),
        root.join("core/dylib/src"),
    ];
    let lock = root.join("Cargo.lock");
    for path in sources.iter().chain([&lock]) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    let lock: toml::Table = fs::read_to_string(&lock).expect("Cargo.lock").parse().expect("Cargo.lock is TOML");
    let packages = closure(&lock, "equigen-dylib");
    let burn = packages.iter().find(|package| package.starts_with("burn ")).expect("core depends on burn");
    let facts = [
        ("rustc", rustc()),
        ("core", format!("{} {}", variable("CARGO_PKG_VERSION"), hash_of(&contents(&sources)))),
        ("burn", burn.split(' ').nth(1).unwrap_or_default().to_owned()),
        ("features", features()),
        ("target", variable("TARGET")),
        ("profile", format!("{}, opt-level {}", variable("PROFILE"), variable("OPT_LEVEL"))),
        ("lock", hash_of(&packages)),
    ];
    let text: Vec<String> = facts.iter().map(|(name, value)| format!("{name}\t{value}")).collect();
    println!("cargo::rustc-env=EQUIGEN_FACTS={}", text.join("\x1f"));
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}

fn rustc() -> String {
    let output = std::process::Command::new(variable("RUSTC")).arg("--version").output().expect("rustc runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn features() -> String {
    let features = env::vars().filter_map(|(name, _)| Some(name.strip_prefix("CARGO_FEATURE_")?.to_lowercase()));
    let features: BTreeSet<String> = features.collect();
    if features.is_empty() { "none".to_owned() } else { features.into_iter().collect::<Vec<_>>().join(", ") }
}

fn hash_of(what: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Every file below the folders, in order of its path.
fn contents(folders: &[PathBuf]) -> Vec<Vec<u8>> {
    let mut files = BTreeSet::new();
    let mut left: VecDeque<PathBuf> = folders.iter().cloned().collect();
    while let Some(folder) = left.pop_front() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder can be listed").path();
            if path.is_dir() { left.push_back(path) } else { _ = files.insert(path) }
        }
    }
    files.iter().map(|path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).collect()
}

/// `name version checksum` of a package of the lock file and of all that it depends on.
fn closure(lock: &toml::Table, root: &str) -> BTreeSet<String> {
    let packages: Vec<&toml::Table> =
        lock["package"].as_array().expect("packages").iter().filter_map(toml::Value::as_table).collect();
    let text = |package: &toml::Table, key: &str| package.get(key).and_then(|v| v.as_str()).unwrap_or("").to_owned();
    let mut found = BTreeSet::new();
    let mut left = vec![root.to_owned()];
    while let Some(wanted) = left.pop() {
        // A dependency is named `name` or, where there are several, `name version`.
        let mut parts = wanted.split(' ');
        let (name, version) = (parts.next().unwrap_or_default(), parts.next());
        let named = packages.iter().filter(|package| text(package, "name") == name);
        for package in named.filter(|package| version.is_none_or(|version| text(package, "version") == version)) {
            let line = format!("{name} {} {}", text(package, "version"), text(package, "checksum"));
            if found.insert(line) {
                let dependencies = package.get("dependencies").and_then(|v| v.as_array());
                left.extend(dependencies.into_iter().flatten().filter_map(|v| Some(v.as_str()?.to_owned())));
            }
        }
    }
    found
}
