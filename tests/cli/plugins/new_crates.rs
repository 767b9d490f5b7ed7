//! `plugin new`: what it writes and what it refuses.

use std::path::{Path, PathBuf};
use std::process::Output;

use super::{equigen, refuses, stdout, succeeds};

/// The kinds of which it writes a crate.
pub(super) const KINDS: [&str; 8] =
    ["augmentation", "deformation", "disturbance", "encoder", "generator", "metric", "objective", "symmetry"];

fn new(folder: &Path, name: &str, kind: &str) -> Output {
    equigen().args(["plugin", "new", name, "--kind", kind]).current_dir(folder).output().unwrap()
}

/// All of them in one crate, a module each, so that there is one build.
pub(super) fn of_all_kinds(folder: &Path) -> PathBuf {
    // The encoder's crate has every dependency.
    let (code_of, all) = (|kind: &str| folder.join(format!("new-{kind}/src/lib.rs")), folder.join("new-encoder"));
    for kind in KINDS {
        succeeds(&new(folder, &format!("new-{kind}"), kind));
    }
    for kind in KINDS {
        std::fs::rename(code_of(kind), all.join(format!("src/{kind}.rs"))).unwrap();
    }
    let modules: String = KINDS.iter().map(|kind| format!("mod {kind};\n")).collect();
    std::fs::write(all.join("src/lib.rs"), modules).unwrap();
    all
}

#[test]
fn they_are_whole_short_and_without_placeholders() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        let (name, crate_folder) = (format!("my-{kind}"), folder.path().join(format!("my-{kind}")));
        let output = new(folder.path(), &name, kind);
        succeeds(&output);
        assert_eq!(Path::new(stdout(&output).trim()), crate_folder.canonicalize().unwrap());
        let read = |file: &str| std::fs::read_to_string(crate_folder.join(file)).unwrap();
        let (manifest, code, readme) = (read("Cargo.toml"), read("src/lib.rs"), read("README.md"));
        for placeholder in ["NAME", "TYPE", "KIND", "SOURCE", "DEPENDENCIES", "DEVELOPMENT"] {
            let (of_tree, texts) = (env!("CARGO_MANIFEST_DIR"), [&manifest, &code, &readme]);
            let left = texts.iter().any(|text| text.replace(of_tree, "").contains(placeholder));
            assert!(!left, "{placeholder} in {kind}");
        }
        let manifest: toml::Table = manifest.parse().unwrap();
        assert_eq!(manifest["package"]["name"].as_str(), Some(&name[..]));
        assert_eq!(manifest["dependencies"].get("burn").is_some(), code.contains("use burn::"));
        assert!(manifest["workspace"].is_table() && manifest["dev-dependencies"]["equigen-core"].is_table());
        let root = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
        let root: toml::Table = root.parse().unwrap();
        for (dependency, entry) in manifest["dependencies"].as_table().unwrap() {
            let same = &root["workspace"]["dependencies"][dependency];
            assert!(dependency == "equigen-core" || entry == same, "{dependency}");
        }
        assert!(code.contains(&format!("#[typetag::serde(name = \"{name}\")]")), "{kind}");
        assert!(readme.contains(&format!("equigen check {kind}/{name} --plugin")), "{readme}");
        assert!(crate_folder.join(".cargo/config.toml").is_file());
        assert!(kind != "augmentation" || code.lines().count() < 60);
    }
}

#[test]
fn mistakes_are_named_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("Skew", "augmentation", "lower-case letters, digits and dashes"),
        ("2d", "augmentation", "the first a letter"),
        ("a/b", "augmentation", "lower-case letters"),
        ("core", "augmentation", "means another crate"),
        ("equigen-skew", "augmentation", "means another crate"),
        ("permute", "augmentation", "is a bundled augmentation"),
        ("layout", "augmentation", "the type `Layout`"),
        ("skew", "augmentatoin", "did you mean `augmentation`"),
        ("skew", "signals", "plugins/signals/src/idx_images.rs"),
        ("skew", "inr", "plugins/inrs/src/siren.rs"),
        ("skew", "fitter", "plugins/fitters/src/autodiff.rs"),
        ("skew", "judge", "plugins/judges/src/cnn.rs"),
    ];
    for (name, kind, part) in cases {
        refuses(&new(folder.path(), name, kind), 2, &[part]);
    }
    let mut elsewhere = equigen();
    elsewhere.args(["plugin", "new", "skew", "--kind", "augmentation", "--source", "/nowhere"]);
    refuses(&elsewhere.current_dir(folder.path()).output().unwrap(), 1, &["/nowhere", "--source DIR"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    std::fs::create_dir(folder.path().join("skew")).unwrap();
    refuses(&new(folder.path(), "skew", "augmentation"), 2, &["skew` exists already"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
