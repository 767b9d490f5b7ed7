//! Plugins at run time: built, listed, used, refused; and the book's page on them.

mod new_crates;

use std::path::{Path, PathBuf};
use std::process::Output;

use super::common::{TINY, equigen, refuses, run, stderr, succeeds};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Builds crates; gives their libraries.
fn built<const N: usize>(folders: [&Path; N]) -> [PathBuf; N] {
    let output = equigen().args(["plugin", "build"]).args(folders).output().unwrap();
    succeeds(&output);
    let libraries: Vec<PathBuf> = stdout(&output).lines().map(PathBuf::from).collect();
    assert!(libraries.iter().all(|library| library.is_file()), "{libraries:?}");
    libraries.try_into().expect("a library for each folder")
}

/// A verb with plugins loaded.
fn with(arguments: &[&str], plugins: &[&Path]) -> Output {
    let mut command = equigen();
    command.args(arguments);
    for plugin in plugins {
        command.arg("--plugin").arg(plugin);
    }
    command.output().unwrap()
}

/// What `plugin list` says of a library.
fn listed(library: &Path) -> Output {
    equigen().args(["plugin", "list"]).arg(library).output().unwrap()
}

/// One test, because all are built at once.
#[test]
fn plugins_are_built_listed_used_and_refused_where_they_do_not_fit() {
    let (folder, examples) = (tempfile::tempdir().unwrap(), Path::new(ROOT).join("examples/plugins"));
    let (again, all_kinds) = (mirror_of_another_name(folder.path()), new_crates::of_all_kinds(folder.path()));
    let [mirror, supplement, again, all_kinds] =
        built([&examples.join("mirror"), &examples.join("supplement"), &again, &all_kinds]);
    is_listed_without_being_loaded(&mirror);
    is_used_like_a_linked_one(&mirror);
    keeps_its_laws("symmetry/supplement", &supplement);
    new_crates::KINDS.iter().for_each(|kind| keeps_its_laws(&format!("{kind}/new-{kind}"), &all_kinds));
    other_files_are_refused(&mirror);
    let parts = ["augmentation `mirror` is defined twice", "mirror 0.1.0", "mirror-again 0.1.0", "rename one"];
    refuses(&with(&["list"], &[&mirror, &again]), 1, &parts);
    another_core_is_refused_with_both_columns(&mirror);
    corruptions_neither_crash_nor_load(&mirror);
}

/// A crate with the same component as an example, outside the repository.
fn mirror_of_another_name(folder: &Path) -> PathBuf {
    let (example, folder) = (Path::new(ROOT).join("examples/plugins/mirror"), folder.join("mirror-again"));
    std::fs::create_dir_all(folder.join("src")).unwrap();
    std::fs::copy(example.join("src/lib.rs"), folder.join("src/lib.rs")).unwrap();
    let manifest = std::fs::read_to_string(example.join("Cargo.toml")).unwrap();
    let manifest = manifest.replace("name = \"mirror\"", "name = \"mirror-again\"");
    std::fs::write(folder.join("Cargo.toml"), manifest.replace("../../../core", &format!("{ROOT}/core"))).unwrap();
    folder
}

fn is_listed_without_being_loaded(library: &Path) {
    let output = listed(library);
    succeeds(&output);
    let text = stdout(&output);
    assert!(text.contains("mirror 0.1.0") && text.contains("augmentation/mirror  Reflects the signal"), "{text}");
    // The dynamic loader names the files that it opens.
    let opened = |arguments: &[&str]| {
        let output = equigen().args(arguments).arg(library).env("LD_DEBUG", "files").output().unwrap();
        stderr(&output).contains(&library.file_name().unwrap().to_string_lossy()[..])
    };
    assert!(!opened(&["plugin", "list"]) && opened(&["list", "augmentation", "--plugin"]));
}

fn is_used_like_a_linked_one(library: &Path) {
    let list = with(&["list", "augmentation"], &[library]);
    succeeds(&list);
    assert!(stdout(&list).lines().any(|line| line.trim_start().starts_with("mirror  ")), "{}", stdout(&list));
    let described = stdout(&with(&["describe", "augmentation/mirror"], &[library]));
    for part in ["mirror 0.1.0", "moves: signal", "probability = 0.5", "Probability that an axis is reflected"] {
        assert!(described.contains(part), "`{part}` is not in: {described}");
    }
    keeps_its_laws("augmentation/mirror", library);

    let folder = tempfile::tempdir().unwrap();
    let chosen = r#"pretrain.augmentations=[{ type = "mirror", probability = 0.4 }]"#;
    let run_to_pretrain = |more: &[&str]| {
        let arguments = [&["-s", chosen, "--until", "pretrain"][..], more].concat();
        run(TINY, &folder.path().join("run"), &arguments)
    };
    refuses(&run_to_pretrain(&[]), 2, &["pretrain.augmentations[0].type", "unknown augmentation `mirror`"]);
    let named = format!("plugins=[{:?}]", library.to_str().unwrap());
    succeeds(&run_to_pretrain(&["-s", &named]));
    assert!(folder.path().join("run/pretrain/encoder.json").is_file());
    // However it is loaded, it is the same plugin: everything comes from the store.
    let again = run_to_pretrain(&["--plugin", library.to_str().unwrap()]);
    succeeds(&again);
    assert_eq!(stderr(&again).matches("from the store").count(), 5, "{}", stderr(&again));
}

fn keeps_its_laws(component: &str, library: &Path) {
    let output = with(&["check", component, "--cases", "48", "--slow-cases", "3"], &[library]);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("  holds   "), "{}", stdout(&output));
}

fn other_files_are_refused(library: &Path) {
    refuses(&with(&["list"], &[library, library]), 1, &["is loaded already", "name it once"]);
    refuses(&with(&["list"], &[Path::new("missing.so")]), 1, &["missing.so"]);
    let folder = tempfile::tempdir().unwrap();
    let (file, whole) = (folder.path().join("libmirror.so"), std::fs::read(library).unwrap());
    for length in [0, 1, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&file, &whole[..length]).unwrap();
        refuses(&with(&["list"], &[&file]), 1, &["is no plugin of equigen", "equigen plugin build"]);
        refuses(&listed(&file), 1, &["is no plugin of equigen", "equigen plugin build"]);
    }
    refuses(&with(&["list"], &[Path::new(TINY)]), 1, &["is no plugin of equigen", "no library"]);
    let program = Path::new(env!("CARGO_BIN_EXE_equigen"));
    refuses(&with(&["list"], &[program]), 1, &["is no plugin of equigen", "lacks the section `.equigen`"]);
}

fn another_core_is_refused_with_both_columns(library: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let (file, mut bytes) = (folder.path().join("libmirror.so"), std::fs::read(library).unwrap());
    let fact = b"rustc 1.";
    let places: Vec<usize> = (0..bytes.len() - fact.len()).filter(|at| bytes[*at..].starts_with(fact)).collect();
    assert!(!places.is_empty());
    places.iter().for_each(|at| bytes[at + fact.len() - 2] = b'0');
    std::fs::write(&file, bytes).unwrap();
    let columns = ["was built against something else", "this program", "the plugin", "* rustc", "rustc 1.", "rustc 0."];
    let output = with(&["run", TINY, "--run", "never"], &[&file]);
    refuses(&output, 1, &columns);
    refuses(&output, 1, &["equigen plugin build"]);
    refuses(&listed(&file), 1, &["its bytes are not those that were built"]);
}

fn corruptions_neither_crash_nor_load(library: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let (file, whole) = (folder.path().join("libmirror.so"), std::fs::read(library).unwrap());
    std::fs::write(&file, &whole).unwrap();
    let both = || [listed(&file), with(&["list", "augmentation"], &[&file])];
    let intact = both().map(|output| stdout(&output));
    assert!(intact.iter().all(|text| text.contains("mirror")));
    // Knuth's generator: the same places in each run of the test.
    let mut state = 4_u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    for _ in 0..1_000 {
        let (at, change) = (draw(whole.len()), 1 + draw(255) as u8);
        let mut bytes = whole.clone();
        bytes[at] ^= change;
        std::fs::write(&file, bytes).unwrap();
        for (output, intact) in both().iter().zip(&intact) {
            match output.status.code() {
                Some(0) => assert_eq!(&stdout(output), intact, "byte {at} ^ {change}"),
                _ => refuses(output, 1, &["equigen plugin build"]),
            }
        }
    }
}

#[test]
fn the_book_quotes_the_examples_as_they_are() {
    let read = |file: &str| std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
    let mut quoted = Vec::new();
    for part in read("docs/plugins.md").split("\n<!-- ").skip(1) {
        let (file, fence) = part.split_once(" -->\n```").expect("a fence follows the file's name");
        let (_, rest) = fence.split_once('\n').expect("the fence's line ends");
        let (code, _) = rest.split_once("\n```\n").expect("the fence is closed");
        assert_eq!(format!("{code}\n"), read(file), "{file}");
        quoted.push(file.to_owned());
    }
    let example = |file: &str| format!("examples/plugins/{file}");
    assert_eq!(quoted, ["mirror/Cargo.toml", "mirror/src/lib.rs", "supplement/src/lib.rs"].map(example));
}
