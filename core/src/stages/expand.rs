//! Multiplies what there is to learn from: networks of deformed signals, of the source and of the shots.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::Split;
use super::deform::deformed;
use crate::run::StageContext;
use crate::seed::{self, Rng};
use crate::{Result, Seed, Zoo, files};

/// Rows per file: what a kill loses at most.
const CHUNK: usize = 2000;

pub(super) fn run(context: &StageContext<'_>) -> Result<()> {
    let zoo = Zoo::load(&context.input("fit", "zoo.safetensors"))?;
    let split: Split = files::read_json(&context.input("split", "split.json"))?;
    let rows = kin(&split, context.pipeline.expand.source, context.pipeline.expand.shots);
    let chunks = context.folder.join("chunks");
    fs_err::create_dir_all(&chunks)?;
    let done = AtomicUsize::new(0);
    let mut out = Zoo { values: Vec::new(), items: Vec::new(), ..zoo.clone() };
    for (i, part) in rows.chunks(CHUNK).enumerate() {
        let path = chunks.join(format!("{i:06}.safetensors"));
        if !path.exists() {
            let seed: Seed = context.seed.split(&i.to_string());
            let progress = |count: usize| {
                context.progress(done.fetch_add(count, Ordering::Relaxed) + count, rows.len(), "networks");
            };
            deformed(context, &zoo, part, &context.pipeline.expand.deformations, seed, &progress)?.save(&path)?;
        }
        done.store(i * CHUNK + part.len(), Ordering::Relaxed);
        let chunk = Zoo::load(&path)?;
        out.values.extend(chunk.values);
        out.items.extend(chunk.items);
    }
    out.save(&context.folder.join("zoo.safetensors"))?;
    fs_err::remove_dir_all(&chunks)?;
    Ok(())
}

/// The row that each deformed network comes from: `source` times each source row, then `shots` times each shot.
fn kin(split: &Split, source: usize, shots: usize) -> Vec<usize> {
    let repeat = |rows: &[usize], times: usize| {
        rows.iter().flat_map(|row| std::iter::repeat_n(*row, times)).collect::<Vec<_>>()
    };
    [repeat(&split.source, source), repeat(&split.shots, shots)].concat()
}

/// Families of networks: each given one and its deformed kin, as rows of the zoo with the expansion appended, which
/// starts at row `first`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Families {
    pub(super) source: Vec<Vec<usize>>,
    pub(super) shots: Vec<Vec<usize>>,
}

impl Families {
    pub(super) fn new(split: &Split, first: usize, source: usize, shots: usize) -> Self {
        let family = |row: usize, start: usize, times: usize| std::iter::once(row).chain(start..start + times).collect();
        let families = |rows: &[usize], first: usize, times: usize| {
            rows.iter().enumerate().map(|(i, row)| family(*row, first + i * times, times)).collect::<Vec<_>>()
        };
        Self {
            source: families(&split.source, first, source),
            shots: families(&split.shots, first + split.source.len() * source, shots),
        }
    }
}

/// A random member of each of `n` random families.
pub(super) fn pick(families: &[Vec<usize>], n: usize, rng: &mut Rng) -> Vec<usize> {
    let picked = seed::indices(rng, n, families.len());
    picked.into_iter().map(|i| families[i][seed::indices(rng, 1, families[i].len())[0]]).collect()
}
