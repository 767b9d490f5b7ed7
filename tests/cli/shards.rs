//! A fit in parts: what is joined has the bytes of one run, and what does not belong together is refused.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use super::common::{TINY, equigen, key, refuses, run, stage_bytes, stderr, succeeds, wait_for};

/// Three chunks, the last one short.
const SIGNALS: [&str; 2] = ["-s", "data.limit=1200"];

fn fit(folder: &Path, more: &[&str]) -> Output {
    run(TINY, folder, &[&SIGNALS[..], &["--until", "fit"], more].concat())
}

fn shard(folder: &Path, shard: &str) -> Output {
    fit(folder, &["--shard", shard])
}

fn join(runs: &[&Path], folder: &Path) -> Output {
    equigen().args(["zoo", "join"]).args(runs).arg("--run").arg(folder).output().expect("the program starts")
}

#[test]
fn joined_shards_are_the_fit_of_one_run_and_a_run_goes_on_from_them() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    succeeds(&fit(&at("one/run"), &[]));

    // Two machines, each with a store of its own; one shard gets no chunk of the three.
    for (run, part) in [("a/run", "1/4"), ("a/run", "3/4"), ("b/run", "2/4"), ("b/run", "4/4")] {
        succeeds(&shard(&at(run), part));
    }
    succeeds(&Command::new("cp").arg("-rL").args([at("b/run"), at("copied")]).output().unwrap());
    let joined = at("c/run");
    succeeds(&join(&[&at("a/run"), &at("copied")], &joined));
    let (one, other) = (stage_bytes(&at("one/run")), stage_bytes(&joined));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    assert!(one.len() >= 2 && one == other, "the joined fit differs");
    assert_eq!(key(&at("one/run/fit")), key(&joined.join("fit")));

    let further = run(TINY, &joined, &[&SIGNALS[..], &["--until", "split"]].concat());
    succeeds(&further);
    assert!(stderr(&further).contains("fit: from the store"), "{}", stderr(&further));

    // Again, into a run with that fit: nothing to do. Into a run with another: nothing is overwritten.
    let again = join(&[&at("a/run"), &at("copied")], &joined);
    succeeds(&again);
    assert!(stderr(&again).contains("fit: from the store"), "{}", stderr(&again));
    let taken = at("d/run");
    succeeds(&run(TINY, &taken, &["--until", "fit"]));
    refuses(&join(&[&at("a/run"), &at("copied")], &taken), 2, &["d/run", "another fit", "--run"]);
}

#[test]
fn shards_that_make_no_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    let (runs, out) = (at("runs/first"), at("runs/out"));
    succeeds(&shard(&runs, "1/3"));
    refuses(
        &join(&[&runs], &out),
        2,
        &["shard 2/3 is missing (and 1 more)", "runs/first/config.toml --until fit --shard 2/3 --run"],
    );

    // The command of the message makes it.
    let config = runs.join("config.toml");
    succeeds(&run(config.to_str().unwrap(), &runs, &["--until", "fit", "--shard", "2/3"]));
    refuses(&join(&[&runs], &out), 2, &["shard 3/3 is missing;"]);

    let seeded = at("runs/seeded");
    succeeds(&fit(&seeded, &["--shard", "3/3", "-s", "seed=4"]));
    let parts = ["shard-1-of-3", "runs/seeded/shard-3-of-3", "no shards of one fit", "seed of one is 3", "other 4"];
    refuses(&join(&[&runs, &seeded], &out), 2, &parts);
    let otherwise = at("runs/otherwise");
    succeeds(&fit(&otherwise, &["--shard", "3/3", "-s", "fit.stop_psnr=20.0"]));
    refuses(&join(&[&runs, &otherwise], &out), 2, &["no shards of one fit", "pipelines"]);
    let halves = at("runs/halves");
    succeeds(&shard(&halves, "2/2"));
    refuses(&join(&[&runs, &halves], &out), 2, &["one of 3 shards", "one of 2"]);

    succeeds(&shard(&runs, "3/3"));
    let twice = at("runs/twice");
    succeeds(&shard(&twice, "2/3"));
    refuses(&join(&[&runs, &twice], &out), 2, &["shard 2/3 is there twice", "runs/twice"]);
    refuses(&join(&[&runs, folder.path()], &out), 2, &["holds no shard", "--until fit --shard"]);
    assert!(!out.exists());

    // A shard that was not copied whole.
    let copied = at("copied");
    succeeds(&Command::new("cp").arg("-rL").args([&runs, &copied]).output().unwrap());
    let zoo = copied.join("shard-2-of-3/zoo.safetensors");
    let bytes = std::fs::read(&zoo).unwrap();
    std::fs::write(&zoo, &bytes[..bytes.len() / 2]).unwrap();
    refuses(&join(&[&copied], &at("elsewhere/out")), 1, &["shard-2-of-3", "not a whole safetensors file"]);
    let links = at("links");
    succeeds(&Command::new("cp").arg("-r").args([&runs, &links]).output().unwrap());
    refuses(&join(&[&links], &out), 2, &["leads nowhere", "scp -r"]);
    succeeds(&join(&[&runs], &out));
}

#[test]
fn only_the_fit_is_made_in_parts_of_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let run = |more: &[&str]| run(TINY, &folder.path().join("run"), more);
    refuses(&run(&["--shard", "1/2"]), 2, &["--shard 1/2", "--until fit"]);
    refuses(&run(&["--shard", "1/2", "--until", "split"]), 2, &["--shard 1/2", "--until fit"]);
    for wrong in ["0/2", "3/2", "2", "a/b"] {
        refuses(&run(&["--shard", wrong, "--until", "fit"]), 2, &[wrong, "I/N"]);
    }
    assert!(!folder.path().join("run").exists());
}

#[test]
fn a_shard_that_was_killed_goes_on_with_the_next_chunk() {
    let folder = tempfile::tempdir().unwrap();
    // Six chunks, of which the shard has three; none of its networks stops early.
    let set = ["-s", "data.limit=3000", "-s", "fit.stop_psnr=90.0", "--until", "fit", "--shard", "2/2"];
    let (undisturbed, killed) = (folder.path().join("a/run"), folder.path().join("b/run"));
    succeeds(&run(TINY, &undisturbed, &set));

    let start = || {
        let mut command = equigen();
        command.args(["run", TINY, "--run"]).arg(&killed).args(set).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the program starts")
    };
    let mut child = start();
    let partial = key(&undisturbed.join("shard-2-of-2")).with_extension("partial");
    let first = folder.path().join("b/.store").join(partial).join("chunks/zoo-00001500.safetensors");
    wait_for("the first chunk", &mut child, || first.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!killed.join("shard-2-of-2").exists(), "the run ended before it was killed");

    let written = || std::fs::metadata(&first).and_then(|file| file.modified()).ok();
    let before = written().expect("a kill leaves finished chunks");
    let mut child = start();
    while child.try_wait().unwrap().is_none() {
        assert!(written().is_none_or(|now| now == before), "the first chunk was made again");
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(stage_bytes(&undisturbed), stage_bytes(&killed));
}
