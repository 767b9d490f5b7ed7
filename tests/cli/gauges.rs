//! Networks in one gauge: meta starts, and zoos that were decoded and fitted again. And figures that need files.

use std::path::Path;
use std::process::{Output, Stdio};

use super::common::{TINY, equigen, key, refuses, run, stage_bytes, succeeds, wait_for};

/// Three chunks, the last one short.
const SIGNALS: [&str; 2] = ["-s", "data.limit=1200"];

#[test]
fn a_meta_start_is_the_same_in_every_shard_and_depends_on_the_target() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    let fit = |run_folder: &str, more: &[&str]| {
        let meta = ["-s", "fit.init=meta", "--until", "fit"];
        succeeds(&run(TINY, &at(run_folder), &[&SIGNALS[..], &meta, more].concat()));
    };
    fit("one/run", &[]);
    fit("parts/run", &["--shard", "1/2"]);
    fit("parts/run", &["--shard", "2/2"]);
    succeeds(
        &equigen().args(["zoo", "join"]).arg(at("parts/run")).arg("--run").arg(at("joined/run")).output().unwrap(),
    );
    assert!(stage_bytes(&at("one/run")) == stage_bytes(&at("joined/run")), "the joined fit differs");

    let steps = |run: &str| fits(&at(run))[1];
    assert!(std::fs::read_to_string(at("one/run/fit/summary.json")).unwrap().contains("\"meta\""));
    succeeds(&run(TINY, &at("own/run"), &[&SIGNALS[..], &["--until", "fit"]].concat()));
    assert!(steps("one/run") < steps("own/run"), "{} and {}", steps("one/run"), steps("own/run"));

    // Nothing of the target is in the start, so another target has another.
    fit("one/other", &["-s", "data.target=4"]);
    assert_ne!(key(&at("one/run/fit")), key(&at("one/other/fit")));
    succeeds(&run(TINY, &at("own/other"), &[&SIGNALS[..], &["--until", "fit", "-s", "data.target=4"]].concat()));
    assert_eq!(key(&at("own/run/fit")), key(&at("own/other/fit")));
    let one = ["-s", "fit.init=meta", "--until", "fit", "-s", "data.limit=1", "-s", "data.target=1"];
    refuses(&run(TINY, &at("one/class"), &one), 2, &["fit.init", "class `1`", "shared"]);
}

/// The mean quality and steps of a run's fits.
fn fits(run: &Path) -> [f64; 2] {
    let text = std::fs::read_to_string(run.join("fit/summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    ["mean_psnr", "mean_steps"].map(|name| summary[name].as_f64().unwrap())
}

/// `autodiff` is the only fitter of most families, and takes the rounds of a meta start as any other fit.
#[test]
fn a_meta_start_is_made_by_any_fitter() {
    let folder = tempfile::tempdir().unwrap();
    let fitted = |init: &str| {
        let at = folder.path().join(init).join("run");
        let init = format!("fit.init={init}");
        let inr = r#"inr={type="fourier-features", hidden=[16, 12]}"#;
        let set = [&init, inr, r#"fit.fitter={type="autodiff"}"#, "fit.canonical=[]", "data.limit=60"];
        let set: Vec<&str> = set.into_iter().flat_map(|set| ["-s", set]).collect();
        succeeds(&run(TINY, &at, &[&set[..], &["--until", "fit"]].concat()));
        fits(&at)
    };
    let ([own, own_steps], [meta, steps]) = (fitted("independent"), fitted("meta"));
    assert!(own >= 24.0 && meta >= 24.0, "{own} and {meta} dB, where fits stop at 24");
    assert!(steps < own_steps, "{steps} steps from a meta start, {own_steps} from draws");
}

fn regauge(run: &Path, out: &Path) -> Output {
    equigen().args(["zoo", "regauge"]).arg(run).arg("--out").arg(out).output().expect("the program starts")
}

#[test]
fn a_zoo_in_one_gauge_is_made_once_goes_on_after_a_kill_and_serves_a_pipeline() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    let set = [&SIGNALS[..], &["-s", "fit.stop_psnr=90.0", "-s", "fit.max_steps=60"]].concat();
    for name in ["a/run", "b/run"] {
        succeeds(&run(TINY, &at(name), &[&set[..], &["--until", "train"]].concat()));
    }
    succeeds(&regauge(&at("a/run"), &at("zoo.safetensors")));

    let mut command = equigen();
    command.args(["zoo", "regauge"]).arg(at("b/run")).arg("--out").arg(at("killed.safetensors"));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let store = at("b/.store");
    let chunks = || {
        let entries = std::fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().path());
        let mut partial = entries.filter(|path| path.to_string_lossy().ends_with(".partial"));
        partial.find_map(|path| std::fs::read_dir(path.join("chunks")).ok()).map_or(0, Iterator::count)
    };
    wait_for("the first chunk", &mut child, || chunks() > 0);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!at("killed.safetensors").exists());
    succeeds(&regauge(&at("b/run"), &at("killed.safetensors")));
    let bytes = |name: &str| std::fs::read(at(name)).unwrap();
    assert!(bytes("zoo.safetensors") == bytes("killed.safetensors"), "a killed one differs");
    let again = regauge(&at("a/run"), &at("again.safetensors"));
    succeeds(&again);
    assert!(String::from_utf8_lossy(&again.stderr).contains("from the store"));

    // As it is, it is what a pipeline takes.
    let signals = format!("data.signals={{ type = \"zoo\", path = {:?} }}", at("zoo.safetensors"));
    let taken = [&set[..], &["-s", &signals, "-s", "fit.canonical=[]", "--until", "pretrain"]].concat();
    succeeds(&run(TINY, &at("taken/run"), &taken));
    assert!(std::fs::read(at("taken/run/fit/zoo.safetensors")).unwrap() == bytes("zoo.safetensors"));
}

#[test]
fn what_cannot_be_brought_into_one_gauge_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    let out = at("zoo.safetensors");
    refuses(&regauge(&at("none"), &out), 2, &["no folder of a run", "none"]);
    succeeds(&run(TINY, &at("run"), &["--until", "split"]));
    refuses(&regauge(&at("run"), &out), 2, &["no finished stage `pretrain`", "--until train"]);
    let none = ["-s", "train.condition={type=\"none\"}", "--until", "train"];
    succeeds(&run(TINY, &at("run"), &none));
    refuses(&regauge(&at("run"), &out), 2, &["train.condition", "decodes no features"]);
    std::fs::write(&out, "mine").unwrap();
    refuses(&regauge(&at("run"), &out), 2, &["exists already"]);
}

#[test]
fn figures_without_their_files_are_not_computed_and_the_report_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    let metrics = |fid: &str| {
        format!("evaluate.metrics=[{{type=\"class-consistency\"}},{{type=\"fid\"{fid}}},{{type=\"lpips\"}}]")
    };
    let output = run(TINY, &at("run"), &["-s", &metrics("")]);
    succeeds(&output);
    let page = std::fs::read_to_string(at("run/report.html")).unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    for text in ["fid: not computed: no weights", "lpips: not computed: no weights"] {
        assert!(page.contains(text) && printed.contains(text), "{printed}");
    }
    // A file that is not there is found missing before anything runs, and one of another network is named.
    let absent = metrics(&format!(", weights={:?}", at("none.pth")));
    refuses(&run(TINY, &at("absent"), &["-s", &absent]), 1, &["evaluate.metrics[1]", "none.pth", "no such file"]);
    assert!(!at("absent").exists());
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("core/exchange/tests/fixtures/dtypes/zip.pth");
    let other = metrics(&format!(", weights={other:?}"));
    refuses(
        &run(TINY, &at("run"), &["-s", &other]),
        1,
        &["evaluate.metrics[1]", "zip.pth", "Conv2d_1a_3x3.conv.weight"],
    );
}
