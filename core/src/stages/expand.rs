//! Multiplies what there is to learn from: networks of deformed signals, of the source and of the shots.

use std::sync::atomic::{AtomicUsize, Ordering};

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::Split;
use super::deform::{Deformed, Deforming};
use super::pieces::Pieces;
use crate::run::StageContext;
use crate::seed::{self, Rng};
use crate::{Result, Zoo, files};

/// Networks per file. What a kill loses at most is a piece of it.
const CHUNK: usize = 2000;

/// A network and its kin: networks of the same signal, deformed. Rows count the zoo's networks and then the expansion's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Family {
    /// The network itself.
    pub(super) root: usize,
    /// Row and level of deformation of each of its kin.
    pub(super) kin: Vec<(usize, f32)>,
}

/// All families.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Families {
    /// Of source networks, and of the new classes that were made of them.
    pub(super) source: Vec<Family>,
    /// Of the shots.
    pub(super) shots: Vec<Family>,
}

impl Family {
    /// A random member, the root or one of its kin, with its level.
    pub(super) fn member(&self, rng: &mut Rng) -> (usize, f32) {
        match rng.random_range(0..=self.kin.len()) {
            0 => (self.root, 0.0),
            k => self.kin[k - 1],
        }
    }
}

/// `n` random families.
pub(super) fn pick<'a>(families: &'a [Family], n: usize, rng: &mut Rng) -> Vec<&'a Family> {
    seed::indices(rng, n, families.len()).into_iter().map(|i| &families[i]).collect()
}

pub(super) fn run(context: &StageContext<'_>) -> Result<()> {
    let zoo = Zoo::load(&context.input("fit", "zoo.safetensors"))?;
    let split: Split = files::read_json(&context.input("split", "split.json"))?;
    let expand = &context.pipeline.expand;
    let mut plan =
        Plan { zoo: &zoo, jobs: Vec::new(), rng: context.seed.split("levels").stream(0), level: expand.level };
    let mut source: Vec<Family> = Vec::new();
    for row in &split.source {
        source.push(plan.family(*row, *row, expand.source, false));
        if !expand.classes.is_empty() {
            let turned = plan.add(Deformed { row: *row, level: 0.0, new_class: true, class: plan.jobs.len() as u64 });
            source.push(plan.family(*row, turned, expand.source, true));
        }
    }
    let shots = split.shots.iter().map(|row| plan.family(*row, *row, expand.shots, false)).collect();
    let jobs = plan.jobs;
    fit(context, &zoo, &jobs)?.save(&context.folder.join("zoo.safetensors"))?;
    files::write_json(&context.folder.join("families.json"), &Families { source, shots })
}

/// Which deformed networks to make.
struct Plan<'a> {
    zoo: &'a Zoo,
    jobs: Vec<Deformed>,
    rng: Rng,
    level: f64,
}

impl Plan<'_> {
    /// Adds a network; its row.
    fn add(&mut self, job: Deformed) -> usize {
        self.jobs.push(job);
        self.zoo.len() + self.jobs.len() - 1
    }

    /// A family of `count` kin of the network that is `root`, made of the given network `row`.
    fn family(&mut self, row: usize, root: usize, count: usize, new_class: bool) -> Family {
        // The kin of a new class share the class's own deformation, which its number names.
        let class = if new_class { (root - self.zoo.len()) as u64 } else { 0 };
        let kin = (0..count).map(|_| {
            let level = (self.rng.random::<f64>() * self.level) as f32;
            (self.add(Deformed { row, level, new_class, class }), level)
        });
        Family { root, kin: kin.collect() }
    }
}

fn fit(context: &StageContext<'_>, zoo: &Zoo, jobs: &[Deformed]) -> Result<Zoo> {
    let expand = &context.pipeline.expand;
    let chunks = context.folder.join("chunks");
    fs_err::create_dir_all(&chunks)?;
    let done = AtomicUsize::new(0);
    let mut out = zoo.with_networks(Vec::new(), Vec::new());
    for (i, part) in jobs.chunks(CHUNK).enumerate() {
        let path = chunks.join(format!("{i:06}.safetensors"));
        if !path.exists() {
            let progress = |count: usize| {
                context.progress(done.fetch_add(count, Ordering::Relaxed) + count, jobs.len(), "networks");
            };
            let deforming = Deforming {
                context,
                zoo,
                classes: &expand.classes,
                kin: &expand.deformations,
                seed: context.seed.split(&i.to_string()),
                progress: &progress,
            };
            let folder = |chunk: usize| chunks.join(format!("{i:06}-{chunk}.pieces"));
            deforming.all(part, &|chunk| Pieces::new(context, &zoo.domain, folder(chunk)))?.save(&path)?;
        }
        done.store(i * CHUNK + part.len(), Ordering::Relaxed);
        let chunk = Zoo::load(&path)?;
        out.values.extend(chunk.values);
        out.items.extend(chunk.items);
    }
    fs_err::remove_dir_all(&chunks)?;
    Ok(out)
}
