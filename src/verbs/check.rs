//! `equigen check`: the laws, on any component.

use std::time::Instant;

use clap::Args;
use equigen_core::laws::{self, Effort, Outcome, check};
use equigen_core::registry::{Record, Registry};
use equigen_core::{Error, Result, device};
use serde::Serialize;

use super::list::parse_kind;
use super::{Plugins, json, print};

/// Check that components keep their laws and claims; a law that is broken comes with the smallest case found
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Components as KIND/NAME, or kinds; all by default
    #[arg(value_name = "KIND/NAME")]
    components: Vec<String>,
    /// Hold encoders to this symmetry too, whether they claim it or not; may be repeated
    #[arg(long, value_name = "SYMMETRY")]
    respects: Vec<String>,
    /// Cases of each law that only computes
    #[arg(long, default_value_t = Effort::default().cases, value_parser = clap::value_parser!(u32).range(1..))]
    cases: u32,
    /// Cases of each law that trains or differentiates
    #[arg(long, default_value_t = Effort::default().slow_cases, value_parser = clap::value_parser!(u32).range(1..))]
    slow_cases: u32,
    /// Device on which the laws are tried: flex, libtorch, libtorch:cuda:N
    #[arg(long, default_value = "flex")]
    device: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    plugins: Plugins,
}

/// A component and what became of its laws.
#[derive(Serialize)]
struct Checked {
    component: String,
    seconds: f64,
    laws: Vec<Outcome>,
}

impl Check {
    pub(crate) fn run(self) -> Result<()> {
        laws::try_on(&device::open(&self.device)?);
        let registry = self.plugins.registry(&[])?;
        // A panic is a broken law, which is reported with its case; shrinking would print it a hundred times.
        std::panic::set_hook(Box::new(|_| ()));
        let effort = Effort { cases: self.cases, slow_cases: self.slow_cases };
        let mut all = Vec::new();
        for record in chosen(&registry, &self.components)? {
            let begun = Instant::now();
            let laws = check(record, &registry, &self.respects, effort)?;
            let component = format!("{}/{}", record.kind.name(), record.name);
            let checked = Checked { component, seconds: begun.elapsed().as_secs_f64(), laws };
            if !self.json {
                show(&checked)?;
            }
            all.push(checked);
        }
        if self.json {
            print(&json(&all)?)?;
        }
        let broken = all.iter().flat_map(|checked| &checked.laws).filter(|law| law.broken.is_some()).count();
        if broken == 0 {
            return Ok(());
        }
        Err(Error::failed(format!("{broken} laws are broken; the cases stand above")))
    }
}

/// The components that the command line names.
fn chosen<'a>(registry: &'a Registry, names: &[String]) -> Result<Vec<&'a Record>> {
    if names.is_empty() {
        return Ok(registry.records().collect());
    }
    let mut all = Vec::new();
    for name in names {
        match name.split_once('/') {
            Some((kind, name)) => all.push(registry.get(parse_kind(kind)?, name)?),
            None => all.extend(registry.of(parse_kind(name)?)),
        }
    }
    Ok(all)
}

fn show(checked: &Checked) -> Result<()> {
    if checked.laws.is_empty() {
        return print(&format!("{}: no laws, tested on data", checked.component));
    }
    print(&format!("{} ({:.1} s)", checked.component, checked.seconds))?;
    for Outcome { law, cases, broken } in &checked.laws {
        match broken {
            None => print(&format!("  holds   {law} ({cases} cases)"))?,
            Some(example) => print(&format!("  BROKEN  {law}: {example}"))?,
        }
    }
    Ok(())
}
