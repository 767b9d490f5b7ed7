//! Draws the pictures of the book's component pages, from a finished run of `examples/mnist.toml`:
//!
//! `cargo run --release --example pictures -- runs/mnist docs/components/images [OTHER-RUN…]`
//!
//! Samples of the other runs stand below those of the first. It is also an example of core as a library: a run's networks,
//! its encoder and its generator are loaded and used without the command line.

mod charts;
mod run;
mod sheets;

use std::path::{Path, PathBuf};

use equigen_core::run::Curve;
use equigen_core::stages::Evaluation;
use equigen_core::{Error, Result};
// Links every bundled plugin, so that the run's components are known.
use equigen_plugins as _;
use run::Run;

fn main() -> Result<()> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [folder, out, others @ ..] = &paths[..] else {
        return Err(Error::config("usage: pictures RUN DIR [OTHER-RUN…]"));
    };
    fs_err::create_dir_all(out)?;
    let run = Run::open(folder)?;
    let file = |name: &str| out.join(name);
    sheets::signals(&run, &file("signals.png"))?;
    sheets::resolutions(&run, &file("inrs.png"))?;
    sheets::symmetries(&run, &file("symmetries.png"))?;
    sheets::augmentations(&run, &file("augmentations.png"))?;
    sheets::deformations(&run, &file("deformations.png"))?;
    sheets::neighbours(&run, &file("encoders.png"))?;
    sheets::disturbances(&run, &file("disturbances.png"))?;
    sheets::samples(folder, others, &file("generators.png"))?;

    let steps: Vec<f64> = run.zoo.items.iter().map(|item| f64::from(item.steps)).collect();
    charts::histogram("networks by the steps that they took", &steps, &file("fitters.svg"))?;
    curve(folder, "pretrain", &file("objectives.svg"))?;
    curve(folder, "judge", &file("judges.svg"))?;
    charts::bars(&Evaluation::read(&folder.join("evaluate"))?, &file("metrics.svg"))
}

fn curve(folder: &Path, stage: &str, path: &Path) -> Result<()> {
    charts::lines(&Curve::read(&folder.join(stage))?, path)
}
