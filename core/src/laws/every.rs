//! Every law of a registered component, by its record.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Law, augmentation, deformation, disturbance, encoder, generator, inr, metric, objective, symmetry};
use crate::registry::{Claim, Kind, Record, Registry};
use crate::{Augmentation, Deformation, Disturbance, Encoder, Generator, Inr, Metric, Objective, Result, Symmetry};

/// How many cases are tried.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Cases of a law that only computes.
    pub cases: u32,
    /// Cases of a law that trains or differentiates.
    pub slow_cases: u32,
}

impl Default for Effort {
    fn default() -> Self {
        Self { cases: 256, slow_cases: 16 }
    }
}

/// What became of one law of one component.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// The law.
    pub law: String,
    /// Cases tried.
    pub cases: u32,
    /// The counter-example, if there is one.
    pub broken: Option<String>,
}

/// Tries every law of a component at its defaults; `asked` are symmetries that an encoder is held to beyond its claims.
/// Signals, fitters and judges have no laws here: they are tested on data.
///
/// # Errors
/// If an encoder is held to a symmetry that is not registered.
pub fn check(record: &Record, registry: &Registry, asked: &[String], effort: Effort) -> Result<Vec<Outcome>> {
    let outcomes = |laws: Vec<Law<'_>>| laws.iter().map(|law| tried(law, effort)).collect();
    Ok(match record.kind {
        Kind::Symmetry => outcomes(symmetry::laws(&*record.component::<Box<dyn Symmetry>>()?)),
        Kind::Augmentation => outcomes(augmentation::laws(&*record.component::<Box<dyn Augmentation>>()?)),
        Kind::Deformation => outcomes(deformation::laws(&*record.component::<Box<dyn Deformation>>()?)),
        Kind::Disturbance => outcomes(disturbance::laws(&*record.component::<Box<dyn Disturbance>>()?)),
        Kind::Generator => outcomes(generator::laws(&*record.component::<Box<dyn Generator>>()?)),
        Kind::Objective => outcomes(objective::laws(&*record.component::<Box<dyn Objective>>()?)),
        Kind::Metric => outcomes(metric::laws(&*record.component::<Box<dyn Metric>>()?)),
        Kind::Inr => outcomes(inr::laws(&*record.component::<Box<dyn Inr>>()?)),
        Kind::Encoder => {
            let symmetries = symmetries(record, registry, asked)?;
            outcomes(encoder::laws(&*record.component::<Box<dyn Encoder>>()?, &symmetries))
        }
        Kind::Signals | Kind::Fitter | Kind::Judge => Vec::new(),
    })
}

fn tried(law: &Law<'_>, effort: Effort) -> Outcome {
    let cases = if law.slow { effort.slow_cases } else { effort.cases };
    let broken = law.holds(cases, None).err().map(|example| example.to_string());
    Outcome { law: law.name.clone(), cases, broken }
}

/// The symmetries that an encoder claims to respect, and those that it is asked to.
fn symmetries(record: &Record, registry: &Registry, asked: &[String]) -> Result<Vec<(String, Box<dyn Symmetry>)>> {
    let claimed = record.claims.iter().filter_map(|claim| match claim {
        Claim::Respects(name) => Some(*name),
        _ => None,
    });
    let names: BTreeSet<&str> = claimed.chain(asked.iter().map(String::as_str)).collect();
    let symmetry = |name: &str| Ok((name.to_owned(), registry.get(Kind::Symmetry, name)?.component()?));
    names.into_iter().map(symmetry).collect()
}
