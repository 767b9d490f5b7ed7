//! What the command line accepts.

use clap::{Parser, Subcommand};
use equigen_core::Result;

use crate::output::Output;
use crate::verbs;

/// What the program is called in scripts and pages, whichever of its two forms made them.
pub(crate) const NAME: &str = "equigen";

/// Learn on and generate the weights of implicit neural representations.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    output: Output,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Init(verbs::init::Init),
    Run(verbs::run::Run),
    List(verbs::list::List),
    Describe(verbs::describe::Describe),
    Schema(verbs::schema::Schema),
    Reference(verbs::reference::Reference),
    Check(verbs::check::Check),
    Sample(verbs::sample::Sample),
    Report(verbs::report::Report),
    Runs(verbs::runs::Runs),
    Compare(verbs::runs::Compare),
    Sweep(verbs::sweep::Sweep),
    Bench(verbs::bench::Bench),
    Devices(verbs::devices::Devices),
    Plugin(verbs::plugin::Plugin),
    Zoo(verbs::zoo::Zoo),
    Import(verbs::import::Import),
    Export(verbs::export::Export),
    Completions(verbs::completions::Completions),
    Man(verbs::man::Man),
}

impl Cli {
    pub(crate) fn run(self) -> Result<()> {
        self.output.set()?;
        match self.verb {
            Verb::Init(init) => init.run(),
            Verb::Run(run) => run.run(),
            Verb::List(list) => list.run(),
            Verb::Describe(describe) => describe.run(),
            Verb::Schema(schema) => schema.run(),
            Verb::Reference(reference) => reference.run(),
            Verb::Check(check) => check.run(),
            Verb::Sample(sample) => sample.run(),
            Verb::Report(report) => report.run(),
            Verb::Runs(runs) => runs.run(),
            Verb::Compare(compare) => compare.run(),
            Verb::Sweep(sweep) => sweep.run(),
            Verb::Bench(bench) => bench.run(),
            Verb::Devices(devices) => devices.run(),
            Verb::Plugin(plugin) => plugin.run(),
            Verb::Zoo(zoo) => zoo.run(),
            Verb::Import(import) => import.run(),
            Verb::Export(export) => export.run(),
            Verb::Completions(completions) => completions.run(),
            Verb::Man(man) => man.run(),
        }
    }
}
