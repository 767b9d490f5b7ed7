//! Networks in and out: import, export, a run without signals, and the Python of docs/exchange.md.

use std::path::Path;
use std::process::{Command, Output};

use super::common::{TINY, equigen, python, refuses, run, succeeds, tensor};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/core/exchange/tests/fixtures");
const FORMATS: &str = include_str!("../../docs/exchange.md");

fn with(verb: &str, what: &[&Path], more: &[&str], out: &Path) -> Output {
    equigen().arg(verb).args(what).args(more).arg("--out").arg(out).output().expect("the program starts")
}

#[test]
fn a_zoo_leaves_comes_back_and_runs_without_its_signals() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    succeeds(&run(TINY, &at("fitted"), &["--until", "fit"]));
    let fitted = at("fitted/fit/zoo.safetensors");
    succeeds(&with("export", &[&at("fitted")], &["--stage", "fit", "--to", "pytorch"], &at("networks")));
    assert!(at("networks/00399.pth").exists() && !at("networks/00400.pth").exists());
    succeeds(&with("import", &[&at("networks")], &[], &at("zoo.safetensors")));
    let bytes = std::fs::read(&fitted).unwrap();
    assert_eq!(std::fs::read(at("zoo.safetensors")).unwrap(), bytes, "export and import are no round trip");

    // PSNR as the fitter found it, against the signals themselves.
    succeeds(&with("import", &[&at("networks")], &["--signals", TINY], &at("compared.safetensors")));
    let compared = std::fs::read(at("compared.safetensors")).unwrap();
    let (found, known) = (tensor(&compared, "psnr").0, tensor(&bytes, "psnr").0);
    let worst = found.iter().zip(&known).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(found.len() == 400 && worst < 0.01, "PSNR differs by {worst} dB");

    // The same networks with unknown PSNR, as foreign ones have.
    let mut unknown = bytes.clone();
    let range = tensor(&bytes, "psnr").1;
    unknown[range].chunks_mut(4).for_each(|number| number.copy_from_slice(&f32::NAN.to_le_bytes()));
    std::fs::write(at("unknown.safetensors"), unknown).unwrap();
    let signals = format!("data.signals={{ type = \"zoo\", path = {:?} }}", at("unknown.safetensors"));
    let arguments = ["-s", &signals, "-s", "fit.canonical=[]"];
    succeeds(&run(TINY, &at("run"), &arguments));
    let page = std::fs::read_to_string(at("run/report.html")).unwrap();
    assert!(page.contains("quality unknown") && page.contains("taken as they are"));
    let taken = std::fs::read(at("run/fit/zoo.safetensors")).unwrap();
    for name in ["layers.0.weight", "layers.1.bias", "layers.2.weight"] {
        assert_eq!(tensor(&taken, name).0, tensor(&bytes, name).0);
    }

    // The plan of the same run, the list of runs, and two of them beside each other.
    let text = |output: Output| {
        succeeds(&output);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let plan = text(run(TINY, &at("run"), &[&arguments[..], &["--dry-run"]].concat()));
    assert_eq!((plan.lines().count(), plan.matches("from the store").count()), (9, 9), "{plan}");
    let plan = text(run(TINY, &at("none"), &["-s", "seed=5", "--dry-run", "--until", "split"]));
    assert_eq!((plan.matches("to do").count(), at("none").exists()), (2, false), "{plan}");
    let listed = text(equigen().arg("runs").arg(folder.path()).output().unwrap());
    assert!(listed.contains("| fitted |") && listed.contains("class-consistency"), "{listed}");
    let compared = with("compare", &[&at("fitted"), &at("run")], &[], &at("page.html"));
    let compared = text(compared);
    assert!(compared.contains("data.signals.type") && !compared.contains("data.target"), "{compared}");
    assert!(std::fs::read_to_string(at("page.html")).unwrap().contains("All samples of run"));

    // A pipeline for other networks is refused, unless they are fitted anew.
    let other = ["-s", &signals, "-s", "inr.omega=20.0", "--until", "fit"];
    refuses(&run(TINY, &at("other"), &other), 2, &["omega\":20.0", "omega\":30.0"]);
    let refit = signals.replace(" }", ", refit = true }");
    let arguments = ["-s", &refit, "-s", "inr.hidden=[8]", "-s", "data.limit=20", "--until", "fit"];
    succeeds(&run(TINY, &at("refitted"), &arguments));

    // Pictures of the run's samples.
    succeeds(&with("export", &[&at("run")], &["--to", "png"], &at("pictures")));
    assert!(at("pictures/00007.png").exists() && at("pictures/all.png").exists());
}

#[test]
fn what_cannot_be_done_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("zoo.safetensors");
    let fixture = |name: &str| Path::new(FIXTURES).join(name);
    let bad = fixture("bad/system.pth");
    refuses(&with("import", &[&bad], &[], &out), 1, &["system.pth", "posix.system", "nothing of it was executed"]);
    assert!(!out.exists());
    let network = fixture("dtypes/zip.pth");
    refuses(&with("import", &[&network], &["--inr", "sirne"], &out), 2, &["did you mean `siren`"]);
    refuses(&with("import", &[&network], &["--inr", "{ type = "], &out), 2, &["--inr"]);
    refuses(&with("import", &[&network], &["--size", "28"], &out), 2, &["such as 28x28"]);
    succeeds(&with("import", &[&network], &[], &out));
    refuses(&with("import", &[&network], &[], &out), 2, &["exists already"]);
    let run = folder.path().join("run");
    refuses(&with("export", &[&run], &["--to", "npz"], &folder.path().join("x")), 1, &["no finished stage `sample`"]);
}

/// The blocks of Python in docs/exchange.md, run on what equigen exports: they render what PyTorch rendered of the fixtures.
#[test]
fn the_python_of_the_documentation_reads_what_is_exported() {
    let Some(python) = python("numpy, torch") else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    succeeds(&with("import", &[&Path::new(FIXTURES).join("dwsnets")], &[], &at("zoo.safetensors")));
    succeeds(&with("export", &[&at("zoo.safetensors")], &["--to", "npz"], &at("zoo.npz")));
    succeeds(&with("export", &[&at("zoo.safetensors")], &["--to", "pytorch"], &at("networks")));
    let mut blocks = FORMATS.split("```python\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let (of_numpy, of_torch) = (blocks.next().unwrap(), blocks.next().unwrap());
    let script = format!(
        "{of_numpy}\n{of_torch}\n\
         expected = np.load({:?})[[1, 2, 0]]\n\
         axis = np.linspace(-1, 1, 28, dtype=np.float32)\n\
         grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)\n\
         render, labels = load_npz('zoo.npz')\n\
         assert labels == ['0', '4', '5'], labels\n\
         assert np.abs(render(grid) - expected).max() < 1e-5\n\
         for i, label in enumerate(labels):\n\
         \x20   render, said = load_pth(f'networks/{{i:05}}.pth')\n\
         \x20   assert said == label, said\n\
         \x20   assert np.abs(render(torch.from_numpy(grid)).numpy() - expected[i]).max() < 1e-5\n\
         print('read')\n",
        Path::new(FIXTURES).join("expected/dwsnets.npy")
    );
    let output = Command::new(python).arg("-c").arg(script).current_dir(folder.path()).output().unwrap();
    succeeds(&output);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "read");
}
