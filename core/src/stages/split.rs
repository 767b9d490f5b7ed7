//! Which signal serves for what. The items of each class are split once, by seed and draw, into disjoint parts.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::run::StageContext;
use crate::{Error, Result, Zoo, files, seed};

/// Row numbers of each part. Nothing that is trained sees `reference` or `ceiling`; of the target class, encoder and
/// generator see `shots` only, and the judge sees `judge_target` but no shot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// The target class.
    pub target: String,
    /// All classes; a class number is an index into this list.
    pub labels: Vec<String>,
    /// The few target networks that training may see.
    pub shots: Vec<usize>,
    /// Networks of the other classes.
    pub source: Vec<usize>,
    /// Further target signals, for training the judge only.
    pub judge_target: Vec<usize>,
    /// Signals of all classes on which the judge is tested.
    pub judge_test: Vec<usize>,
    /// Target signals that generated ones are compared with.
    pub reference: Vec<usize>,
    /// Target networks that stand in for generated ones: the best that can be asked for.
    pub ceiling: Vec<usize>,
}

impl Split {
    /// Reads a finished stage's split.
    ///
    /// # Errors
    /// If the file is missing or damaged.
    pub fn read(folder: &Path) -> Result<Self> {
        files::read_json(&folder.join("split.json"))
    }

    /// Class number of the target.
    pub fn target_class(&self) -> usize {
        self.class(&self.target)
    }

    /// Class number of a label of the split.
    pub fn class(&self, label: &str) -> usize {
        self.labels.binary_search_by(|known| known.as_str().cmp(label)).expect("labels of the zoo are in the split")
    }
}

pub(super) fn run(context: &StageContext<'_>) -> Result<()> {
    let data = &context.pipeline.data;
    let zoo = Zoo::load(&context.input("fit", "zoo.safetensors"))?;
    let mut classes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, item) in zoo.items.iter().enumerate() {
        classes.entry(&item.label).or_default().push(row);
    }
    let target = data.target.0.as_str();
    let Some(count) = classes.get(target).map(Vec::len) else {
        let hint = crate::registry::suggest(target, classes.keys().copied());
        let cut = match data.limit {
            Some(limit) if limit == zoo.len() => format!(" of the first {limit}, which `data.limit` takes,"),
            _ => String::new(),
        };
        return Err(Error::config(format!("data.target: no signal{cut} has the label `{target}`; {hint}")));
    };
    let needed = data.shots + 2 * data.reference + 1;
    let tested = |count: usize| (count as f64 * data.judge_test).round() as usize;
    if count < needed + tested(count) {
        return Err(Error::config(format!(
            "data.reference: class `{target}` has {count} signals; {} shots, twice {} for reference and ceiling, {} for the \
             judge's test and at least 1 for its training are more: lower data.reference",
            data.shots,
            data.reference,
            tested(count)
        )));
    }
    if classes.len() < 2 {
        return Err(Error::config("data.signals: there is only one class, and nothing to learn from"));
    }
    let mut split = Split {
        target: target.to_owned(),
        labels: classes.keys().map(|label| (*label).to_owned()).collect(),
        shots: Vec::new(),
        source: Vec::new(),
        judge_target: Vec::new(),
        judge_test: Vec::new(),
        reference: Vec::new(),
        ceiling: Vec::new(),
    };
    let draws = match data.draw {
        Some(draw) => context.seed.split(&format!("draw {draw}")),
        None => context.seed,
    };
    for (class, (label, rows)) in classes.into_iter().enumerate() {
        let order = seed::permutation(&mut draws.stream(class as u64), rows.len());
        let mut left = order.into_iter().map(|i| rows[i]);
        split.judge_test.extend(left.by_ref().take(tested(rows.len())));
        if label == target {
            split.shots.extend(left.by_ref().take(data.shots));
            split.reference.extend(left.by_ref().take(data.reference));
            split.ceiling.extend(left.by_ref().take(data.reference));
            split.judge_target.extend(left);
        } else {
            split.source.extend(left);
        }
    }
    files::write_json(&context.folder.join("split.json"), &split)
}
