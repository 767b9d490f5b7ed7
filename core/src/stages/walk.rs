//! Networks between shots: a small grid of each walk from one shot to the next, for the page of the report.
//!
//! Only the generator makes networks of features, so a page cannot. It stands with the samples because everything that it
//! needs is loaded there, and because the report is written from files alone.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::sample::{Draw, Sampler};
use crate::{Error, Result, Zoo, files};

/// Parameters of all networks of the walks together, at most: in half precision and base64 this is 1.3 MB of a page.
const MOST: usize = 500_000;
/// Steps of a walk and levels of variation, the finest grid first; large networks get a coarser one.
const GRIDS: [(usize, usize); 3] = [(7, 6), (5, 4), (3, 3)];
/// Walks, at most.
const PAIRS: usize = 12;

/// What the networks of `walk.safetensors` are: of each pair in turn, of each step in turn, one for each level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Walk {
    /// Where each walk begins and ends, as indices into the split's shots.
    pub pairs: Vec<[usize; 2]>,
    /// Networks on the way from the first shot's feature to the second's, both included, evenly spaced.
    pub steps: usize,
    /// Levels of variation at each step, evenly spaced from none to that of the samples.
    pub levels: usize,
}

impl Walk {
    /// Reads the walks of finished samples; `None` if there are none.
    ///
    /// # Errors
    /// If a file is damaged, or the two do not belong together.
    pub fn read(folder: &Path) -> Result<Option<(Self, Zoo)>> {
        let path = folder.join("walk.json");
        if !path.exists() {
            return Ok(None);
        }
        let walk: Self = files::read_json(&path)?;
        let networks = Zoo::load(&folder.join("walk.safetensors"))?;
        let count = walk.pairs.len() * walk.steps * walk.levels;
        if count == 0 || count != networks.len() {
            let text = format!(
                "`{}` tells of {count} networks, but there are {}; run the pipeline again with `--force`",
                path.display(),
                networks.len()
            );
            return Err(Error::failed(text));
        }
        Ok(Some((walk, networks)))
    }

    /// The walks that a run's samples deserve; `None` where shots are too few, networks too large, or the generator is
    /// not asked for any shot.
    fn plan(shots: usize, parameters: usize, moves: bool) -> Option<Self> {
        let shown = shots.min(PAIRS);
        if shown < 2 {
            return None;
        }
        // A ring: every shot is the end of one walk and the beginning of the next.
        let ring = if shown == 2 { 1 } else { shown };
        let (steps, levels) = GRIDS.into_iter().find(|(steps, levels)| steps * levels * parameters <= MOST)?;
        let levels = if moves { levels } else { 1 };
        let pairs = ring.min(MOST / (steps * levels * parameters));
        let pairs = (0..pairs).map(|i| [i, (i + 1) % shown]).collect();
        Some(Self { pairs, steps, levels })
    }
}

/// A number's share of the way from the first of `count` to the last.
fn share(i: usize, count: usize) -> f64 {
    if count > 1 { i as f64 / (count - 1) as f64 } else { 1.0 }
}

/// Writes `walk.safetensors` and `walk.json`, if there is something to walk between.
pub(super) fn write(sampler: &Sampler<'_>, draw: &Draw) -> Result<()> {
    let moves = draw.level > 0.0 || sampler.disturbs();
    let plan = Walk::plan(sampler.shots().len(), sampler.parameters(), moves);
    // The page draws walks between images only.
    let Some(walk) = plan.filter(|_| sampler.is_conditioned() && sampler.renders_images()) else { return Ok(()) };
    let ends = |end: usize| {
        let rows: Vec<usize> = walk.pairs.iter().map(|pair| sampler.shots()[pair[end]]).collect();
        sampler.encoded(&rows)
    };
    let (from, to) = (ends(0), ends(1));
    let seed = sampler.context().seed.split("walk");
    // A pair has the same place in every batch, and the batches the same stream: so a generator gives a pair the same
    // noise at every step and level, and its networks differ by feature and level only.
    let mut batches: Vec<Vec<f32>> = Vec::new();
    for step in 0..walk.steps {
        let way = share(step, walk.steps) as f32;
        let between: Vec<f32> = from.iter().zip(&to).map(|(from, to)| from + way * (to - from)).collect();
        for level in 0..walk.levels {
            let level = share(level, walk.levels);
            let features = sampler.disturbed(between.clone(), level, seed.split("condition"))?;
            let draw = Draw { level: level * draw.level, ..*draw };
            batches.push(sampler.generate(features, &draw, seed.split("generate"))?.values);
        }
    }
    let parameters = sampler.parameters();
    let of_pair =
        |pair: usize| batches.iter().flat_map(move |batch| &batch[pair * parameters..(pair + 1) * parameters]);
    let values = (0..walk.pairs.len()).flat_map(of_pair).copied().collect();
    let folder = sampler.context().folder;
    sampler.zoo(values).save(&folder.join("walk.safetensors"))?;
    files::write_json(&folder.join("walk.json"), &walk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_stay_within_their_budget_and_visit_every_shot() {
        for (shots, parameters, pairs, grid) in [
            (10, 1185, 10, (7, 6)),
            (2, 1185, 1, (7, 6)),
            (40, 337, 12, (7, 6)),
            (10, 36_737, 1, (3, 3)),
            (10, 20_000, 1, (5, 4)),
        ] {
            let walk = Walk::plan(shots, parameters, true).unwrap();
            assert_eq!((walk.pairs.len(), (walk.steps, walk.levels)), (pairs, grid), "{shots} shots of {parameters}");
            assert!(walk.pairs.len() * walk.steps * walk.levels * parameters <= MOST);
            assert!(walk.pairs.iter().flatten().all(|shot| *shot < shots));
            assert!(walk.pairs.windows(2).all(|two| two[0][1] == two[1][0]));
        }
        assert_eq!(Walk::plan(10, 1185, false).unwrap().levels, 1);
        assert_eq!(Walk::plan(1, 1185, true), None);
        assert_eq!(Walk::plan(10, 100_000, true), None);
    }
}
