//! What people expect of any program: completions, manual pages, a file to begin with, JSON, and quiet when they ask for it.

use std::path::Path;
use std::process::{Command, Output};

use super::common::{TINY, equigen, refuses, run, stderr, succeeds};

fn stdout(output: &Output) -> String {
    succeeds(output);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn called(arguments: &[&str]) -> Output {
    equigen().args(arguments).output().expect("the program starts")
}

/// Every verb that the help names, but `help`.
fn verbs() -> Vec<String> {
    let help = stdout(&called(&["--help"]));
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let verbs: Vec<String> = lines
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .filter(|verb| verb != "help")
        .collect();
    assert!(verbs.len() > 15, "{verbs:?}");
    verbs
}

#[test]
fn bash_takes_the_completions_and_completes_by_them() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("equigen.bash");
    std::fs::write(&script, stdout(&called(&["completions", "bash"]))).unwrap();
    let bash = |arguments: &[&str]| Command::new("bash").args(arguments).arg(&script).output().unwrap();
    succeeds(&bash(&["-n"]));
    let complete = |words: &str, current: &str, previous: &str| {
        let count = words.split(' ').count();
        let script = format!(
            "source \"$0\"; COMP_WORDS=({words} '{current}'); COMP_CWORD={count}; _equigen equigen '{current}' {previous}; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let output = stdout(&bash(&["-c", &script]));
        output.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let offered = complete("equigen", "", "equigen");
    for verb in verbs() {
        assert!(offered.contains(&verb), "{verb} is not in {offered:?}");
    }
    assert_eq!(complete("equigen", "comp", "equigen"), ["compare", "completions"]);
    assert_eq!(complete("equigen run", "--dry", "run"), ["--dry-run"]);
    assert_eq!(complete("equigen bench --quiet", "smo", "--quiet"), ["smooth"]);
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(stdout(&called(&["completions", shell])).contains("dry-run"), "{shell}");
    }
    refuses(&called(&["completions", "tcl"]), 2, &["tcl", "bash"]);
}

#[test]
fn the_manual_names_every_verb_and_has_a_page_for_each() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man/man1");
    stdout(&called(&["man", pages.to_str().unwrap()]));
    let page = |name: &str| std::fs::read_to_string(pages.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let main = page("equigen.1");
    assert_eq!(main.trim_end(), stdout(&called(&["man"])).trim_end());
    for verb in verbs() {
        assert!(main.contains(&format!("equigen\\-{verb}(1)")), "{verb} is not in:\n{main}");
        let text = page(&format!("equigen-{verb}.1"));
        assert!(text.starts_with(".ie") && text.contains(".SH DESCRIPTION") && text.contains("quiet"), "{text}");
    }
    // Verbs of verbs have theirs; what is for the program itself has none.
    assert!(page("equigen-plugin-new.1").contains("kind") && !pages.join("equigen-plugin-holds.1").exists());
}

/// The files that a template names, as the tests have them.
fn signals(template: &str, folder: &Path) {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data");
    let link = |from: &str, to: &str| std::os::unix::fs::symlink(examples.join(from), folder.join(to)).unwrap();
    match template {
        "digits" => {
            link("mnist-images.idx.gz", "images.idx.gz");
            link("mnist-labels.idx.gz", "labels.idx.gz");
        }
        "images" => link("emoji/emoji.zip", "images"),
        "shapes" => {
            for (class, count) in [("chair", 12), ("table", 6)] {
                std::fs::create_dir_all(folder.join("meshes").join(class)).unwrap();
                for i in 1..=count {
                    let tetrahedron =
                        format!("v 0 0 0\nv {i} 0 0\nv 0 9 0\nv 0 0 9\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n");
                    std::fs::write(folder.join(format!("meshes/{class}/{i}.obj")), tetrahedron).unwrap();
                }
            }
        }
        "zoo" => {
            let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("core/exchange/tests/fixtures/dwsnets");
            let output =
                equigen().arg("import").arg(fixtures).arg("--out").arg(folder.join("zoo.safetensors")).output();
            succeeds(&output.unwrap());
        }
        _ => panic!("no signals for {template}"),
    }
}

#[test]
fn every_template_is_a_pipeline_with_its_schema_beside_it() {
    let help = stdout(&called(&["init", "--help"]));
    for template in ["digits", "images", "shapes", "zoo"] {
        assert!(help.contains(&format!("- {template}:")), "{help}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new/mine.toml");
        let init = |more: &[&str]| {
            equigen().arg("init").arg(&file).args(["--template", template]).args(more).output().unwrap()
        };
        stdout(&init(&[]));
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("#:schema ./pipeline.schema.json\n"), "{text}");
        let beside = file.with_file_name("pipeline.schema.json");
        assert_eq!(std::fs::read_to_string(&beside).unwrap(), stdout(&called(&["schema"])));
        signals(template, file.parent().unwrap());
        let plan = stdout(&run(file.to_str().unwrap(), &folder.path().join("run"), &["--dry-run"]));
        assert_eq!(plan.matches("to do").count(), 9, "{plan}");

        // What is there stays.
        std::fs::write(&file, "mine").unwrap();
        refuses(&init(&[]), 2, &["mine.toml", "--force"]);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
        stdout(&init(&["--force"]));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        // A second pipeline in the folder takes the schema; a file that is none is not replaced.
        let second = file.with_file_name("second.toml");
        succeeds(&equigen().arg("init").arg(&second).output().unwrap());
        std::fs::remove_file(&second).unwrap();
        std::fs::write(&beside, "{}").unwrap();
        refuses(&equigen().arg("init").arg(&second).output().unwrap(), 2, &["pipeline.schema.json"]);
        assert!(!second.exists());
    }
}

/// Every template as it is but for the size of things, from its first stage to its page. The zoo has one class after the other, as
/// zoos have that were read from folders.
#[test]
fn every_template_runs_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let small = "data.shots=4 data.reference=3 fit.max_steps=10 expand.shots=1 expand.max_steps=10 pretrain.schedule.steps=10 \
                 train.schedule.steps=10 adapt.schedule.steps=6 sample.count=6";
    for (template, more) in [
        ("digits", "data.limit=300 judge.schedule.steps=10 train.generator.sampling_steps=4"),
        ("zoo", "data.signals.limit=12 judge.schedule.steps=10 train.generator.sampling_steps=4"),
        ("images", "data.limit=300 data.target=animals judge.schedule.steps=10 train.generator.sampling_steps=4"),
        (
            "shapes",
            "data.signals.sampling.points=2048 pretrain.encoder.side=8 sample.surface.resolution=16 judge.resolution=16 judge.points=64",
        ),
    ] {
        let own = folder.path().join(template);
        let file = own.join("mine.toml");
        succeeds(&equigen().arg("init").arg(&file).args(["--template", template]).output().unwrap());
        let set: Vec<&str> = small.split(' ').chain(more.split(' ')).flat_map(|set| ["-s", set]).collect();
        if template == "zoo" {
            let digits = folder.path().join("digits");
            let dwsnets = r#"inr={type="siren", variant="dwsnets"}"#;
            let set = [dwsnets, "data.limit=400", "fit.max_steps=10", "fit.canonical=[]"];
            let fit: Vec<&str> = set.into_iter().flat_map(|set| ["-s", set]).chain(["--until", "fit"]).collect();
            succeeds(&run(digits.join("mine.toml").to_str().unwrap(), &digits.join("zoo"), &fit));
            std::fs::copy(digits.join("zoo/fit/zoo.safetensors"), own.join("zoo.safetensors")).unwrap();
        } else {
            signals(template, &own);
        }
        succeeds(&run(file.to_str().unwrap(), &own.join("run"), &set));
        assert!(own.join("run/report.html").exists() && own.join("run/sample/0005.png").exists(), "{template}");
    }
}

#[test]
fn what_is_listed_is_listed_as_json_too_and_quiet_and_verbose_are_heard() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let json = |arguments: &[&str]| -> serde_json::Value {
        let output = called(arguments);
        serde_json::from_str(&stdout(&output)).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    };
    let (first, second) = (at("first"), at("second"));
    let plan = json(&["run", TINY, "--run", &first, "--dry-run", "--json", "--until", "split"]);
    assert_eq!((plan[0]["stage"].as_str(), plan[1]["state"].as_str()), (Some("fit"), Some("to do")), "{plan}");

    // Quiet: nothing on the way, and the result all the same.
    let quiet = called(&["--quiet", "run", TINY, "--run", &first, "--until", "pretrain", "--json"]);
    assert_eq!(stderr(&quiet), "");
    let made: serde_json::Value = serde_json::from_str(&stdout(&quiet)).unwrap();
    assert_eq!(made["run"]["stages"]["fit"]["reused"], false, "{made}");
    assert_eq!(made["run"]["stages"]["fit"]["key"], plan[0]["key"]);
    // Verbose: keys and losses, wherever the flag stands.
    let set = ["-s", "pretrain.encoder.dim=12", "--until", "pretrain"];
    let verbose = equigen().args(["run", "-v", TINY, "--run", &second]).args(set).output().unwrap();
    let said = stderr(&verbose);
    assert!(said.contains(plan[0]["key"].as_str().unwrap()) && said.contains("components are known"), "{said}");
    assert!(said.matches("learning rate").count() >= 40, "{said}");
    refuses(&called(&["-q", "list", "-v"]), 2, &["--quiet and --verbose"]);

    let runs = json(&["runs", folder.path().to_str().unwrap(), "--json"]);
    assert_eq!((runs[0]["name"].as_str(), runs[1]["name"].as_str()), (Some("first"), Some("second")), "{runs}");
    let compared = json(&["compare", &first, &second, "--json", "--out", &at("page.html")]);
    assert_eq!(compared["differing"]["pretrain.encoder.dim"], serde_json::json!([16, 12]), "{compared}");
    assert!(compared["runs"][1]["run"]["seed"] == 3 && Path::new(&at("page.html")).exists());
    let sweep = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/mnist-encoders.toml");
    assert_eq!(json(&["sweep", sweep, "--dry-run", "--json"]).as_array().unwrap().len(), 18);
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/core/exchange/tests/fixtures/dwsnets");
    let imported = json(&["import", fixture, "--out", &at("zoo.safetensors"), "--json"]);
    assert_eq!((imported["networks"].as_u64(), imported["told_by"].as_str()), (Some(3), Some("dwsnets")));
    assert!(json(&["list", "--json"]).as_array().unwrap().len() > 30);
    assert_eq!(json(&["describe", "inr/siren", "--json"])["name"], "siren");
    assert_eq!(json(&["devices", "--json"])[0]["name"], "flex");
    let checked = json(&["check", "deformation/dihedral", "--cases", "1", "--slow-cases", "1", "--json"]);
    assert_eq!(checked[0]["component"], "deformation/dihedral");
}
