//! Sweeps: one pipeline under several settings, and one table of what became of each.
//!
//! The runs of a sweep lie beside each other and share a store, so that a stage on which two settings agree is done once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::stages::{EncoderQuality, Evaluation};
use crate::{Error, Result, files};

/// A sweep file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// The pipeline file, relative to this one's folder.
    pub pipeline: PathBuf,
    /// Seeds; figures are means over them. The pipeline's own by default.
    #[serde(default)]
    pub seeds: Vec<u64>,
    /// Settings of every run, as `key.path=value`.
    #[serde(default)]
    pub set: Vec<String>,
    /// The last stage to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What differs; several axes give every combination.
    pub axis: Vec<Axis>,
}

/// One thing that differs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Its name, a column of the table.
    pub name: String,
    /// What it may be.
    pub values: Vec<Choice>,
}

/// One choice on an axis.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its name.
    pub name: String,
    /// Its settings, as `key.path=value`.
    #[serde(default)]
    pub set: Vec<String>,
}

/// One run of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// The choice on each axis.
    pub choices: Vec<String>,
    /// Its seed, where the sweep names seeds.
    pub seed: Option<u64>,
    /// All its settings.
    pub set: Vec<String>,
}

impl Variant {
    /// The run's name: its choices, and its seed.
    pub fn name(&self) -> String {
        let seed = self.seed.map(|seed| format!("seed-{seed}"));
        self.choices.iter().cloned().chain(seed).collect::<Vec<_>>().join("--")
    }
}

impl Sweep {
    /// Reads a sweep file.
    ///
    /// # Errors
    /// If it is missing or wrong; the message names the file.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs_err::read_to_string(path).map_err(|error| Error::config(error.to_string()))?;
        let wrong = |message: String| Error::config(format!("`{}`: {message}", path.display()));
        let mut sweep: Self = toml::from_str(&text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
        sweep.pipeline = path.parent().unwrap_or(Path::new("")).join(&sweep.pipeline);
        for axis in &sweep.axis {
            if axis.values.is_empty() {
                return Err(wrong(format!("axis `{}`: values: at least one is needed", axis.name)));
            }
            let valid = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
            if let Some(choice) = axis.values.iter().find(|choice| !choice.name.chars().all(valid)) {
                let text = "a name is part of a folder's: use letters, digits and - _ . + only";
                return Err(wrong(format!("axis `{}`: `{}`: {text}", axis.name, choice.name)));
            }
        }
        let names: Vec<String> = sweep.variants().iter().map(Variant::name).collect();
        if let Some((i, name)) = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
            return Err(wrong(format!("run {i} and an earlier one are both named `{name}`; rename a choice")));
        }
        Ok(sweep)
    }

    /// Every combination of choices and seeds, the first axis outermost.
    pub fn variants(&self) -> Vec<Variant> {
        let seeds: Vec<Option<u64>> =
            if self.seeds.is_empty() { vec![None] } else { self.seeds.iter().copied().map(Some).collect() };
        let mut all = vec![Variant { choices: Vec::new(), seed: None, set: self.set.clone() }];
        for axis in &self.axis {
            let with = |variant: &Variant, choice: &Choice| Variant {
                choices: [&variant.choices[..], std::slice::from_ref(&choice.name)].concat(),
                seed: None,
                set: [&variant.set[..], &choice.set[..]].concat(),
            };
            all = all.iter().flat_map(|variant| axis.values.iter().map(move |choice| with(variant, choice))).collect();
        }
        let seeded = |variant: &Variant, seed: Option<u64>| Variant {
            seed,
            set: [&variant.set[..], &seed.map(|seed| format!("seed={seed}")).into_iter().collect::<Vec<_>>()].concat(),
            ..variant.clone()
        };
        all.iter().flat_map(|variant| seeds.iter().map(move |seed| seeded(variant, *seed))).collect()
    }
}

/// Figures of a finished run, or of one that ended with the encoder.
///
/// # Errors
/// If it has neither.
pub fn figures(run: &Path) -> Result<BTreeMap<String, f64>> {
    let mut figures = BTreeMap::new();
    let encoder: EncoderQuality = files::read_json(&run.join("pretrain/encoder.json"))?;
    figures.insert("linear-probe".to_owned(), encoder.probe_accuracy);
    figures.insert("linear-probe-of-weights".to_owned(), encoder.flat_accuracy);
    figures.insert("retrieval".to_owned(), encoder.retrieval);
    if run.join("evaluate").exists() {
        let evaluation = Evaluation::read(&run.join("evaluate"))?;
        if let Some(generated) = evaluation.rows.first() {
            figures.extend(generated.measures.clone());
        }
        figures.insert("one-condition".to_owned(), evaluation.one_condition_diversity);
        figures.extend(evaluation.speckle.map(|speckle| ("speckle".to_owned(), speckle)));
    }
    Ok(figures)
}

/// One row of a sweep's table: choices, and mean and spread of each figure over the seeds.
#[derive(Debug, Clone, Serialize)]
pub struct SweepRow {
    /// The choice on each axis.
    pub choices: Vec<String>,
    /// Runs that it is the mean of.
    pub runs: usize,
    /// Mean of each figure.
    pub mean: BTreeMap<String, f64>,
    /// Standard deviation over the seeds; absent for one.
    pub deviation: BTreeMap<String, f64>,
}

/// The rows of a table from the figures of each variant; runs that are not there are left out.
pub fn rows(variants: &[(Variant, BTreeMap<String, f64>)]) -> Vec<SweepRow> {
    let mut choices: Vec<&Vec<String>> = Vec::new();
    for (variant, _) in variants {
        if !choices.contains(&&variant.choices) {
            choices.push(&variant.choices);
        }
    }
    let row = |choices: &Vec<String>| {
        let group = variants.iter().filter(|(variant, _)| variant.choices == *choices);
        let group: Vec<&BTreeMap<String, f64>> = group.map(|(_, figures)| figures).collect();
        let mut row =
            SweepRow { choices: choices.clone(), runs: group.len(), mean: BTreeMap::new(), deviation: BTreeMap::new() };
        for name in group[0].keys() {
            let values: Vec<f64> = group.iter().filter_map(|figures| figures.get(name).copied()).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            row.mean.insert(name.clone(), mean);
            if values.len() > 1 {
                let square = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
                row.deviation.insert(name.clone(), (square / (values.len() - 1) as f64).sqrt());
            }
        }
        row
    };
    choices.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep() -> Sweep {
        toml::from_str(
            "pipeline = 'p.toml'\nseeds = [1, 2]\nset = ['a=1']\n[[axis]]\nname = 'x'\n\
             values = [{ name = 'p', set = ['b=1'] }, { name = 'q' }]\n[[axis]]\nname = 'y'\nvalues = [{ name = 'r', set = ['c=1'] }]",
        )
        .unwrap()
    }

    #[test]
    fn every_combination_once() {
        let variants = sweep().variants();
        let names: Vec<String> = variants.iter().map(Variant::name).collect();
        assert_eq!(names, ["p--r--seed-1", "p--r--seed-2", "q--r--seed-1", "q--r--seed-2"]);
        assert_eq!(variants[0].set, ["a=1", "b=1", "c=1", "seed=1"]);
    }

    #[test]
    fn rows_are_means_over_seeds() {
        let figures = |value: f64| BTreeMap::from([("f".to_owned(), value)]);
        let of: Vec<_> = sweep().variants().into_iter().zip([1.0, 3.0, 5.0, 5.0].map(figures)).collect();
        let rows = rows(&of);
        assert_eq!((rows.len(), rows[0].runs), (2, 2));
        assert_eq!((rows[0].mean["f"], rows[1].mean["f"]), (2.0, 5.0));
        assert!((rows[0].deviation["f"] - 2f64.sqrt()).abs() < 1e-12);
    }
}
