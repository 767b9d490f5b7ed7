//! Fits in pieces, so that a kill loses little of a chunk whose networks take long.

use std::ops::Range;
use std::path::PathBuf;

use crate::run::StageContext;
use crate::{Domain, Result, Zoo, device};

/// Networks of a piece where each takes long, or a multiple of it on many cores. On two cores 64 SIRENs 3-64-64-64-1, fitted to
/// 2,048 points a step for 1,200 steps, take about a minute. Fewer would part what is computed together: `autodiff` fits 64 at a
/// time on a processor, and re-gauging decodes as many.
const PIECE: usize = 64;
/// Points of a piece's signals where networks take less: many images, or what a GPU fits at once.
const POINTS: usize = 1 << 22;

/// How a chunk is divided, and where finished pieces lie until the chunk is whole.
///
/// Unlike chunks, pieces leave no trace in what is fitted: all draws go by a network's place in its chunk. So their size may
/// follow the machine, and one that was begun elsewhere goes on.
pub(super) struct Pieces {
    folder: Option<PathBuf>,
    size: usize,
}

impl Pieces {
    /// Pieces that fit the signals and the machine.
    pub(super) fn new(context: &StageContext<'_>, domain: &Domain, folder: PathBuf) -> Self {
        let few = 2 * rayon::current_num_threads();
        let many = few.max(POINTS / domain.fitted_points().max(1));
        let long = domain.has_own_points() && !device::is_gpu(&context.device);
        Self { folder: Some(folder), size: (if long { few } else { many }).next_multiple_of(PIECE) }
    }

    /// All in one piece, which is not kept.
    pub(super) fn one() -> Self {
        Self { folder: None, size: usize::MAX }
    }

    /// Networks like those of `none` for `count` signals; `fit` makes those at some places of the chunk, and `progress` is told
    /// of those that were made before.
    ///
    /// # Errors
    /// As `fit`, and if a file cannot be written or read.
    pub(super) fn all(
        &self,
        none: &Zoo,
        count: usize,
        progress: &dyn Fn(usize),
        mut fit: impl FnMut(Range<usize>) -> Result<Zoo>,
    ) -> Result<Zoo> {
        let mut whole = none.with_networks(Vec::new(), Vec::new());
        while whole.len() < count {
            let places = whole.len()..whole.len().saturating_add(self.size).min(count);
            let piece = match &self.folder {
                Some(folder) if places.len() < count => {
                    let path = folder.join(format!("{:06}.safetensors", places.start));
                    if path.exists() {
                        let piece = Zoo::load(&path)?;
                        progress(piece.len());
                        piece
                    } else {
                        fs_err::create_dir_all(folder)?;
                        let piece = fit(places)?;
                        piece.save(&path)?;
                        piece
                    }
                }
                _ => fit(places)?,
            };
            whole.values.extend(piece.values);
            whole.items.extend(piece.items);
        }
        Ok(whole)
    }

    /// Forgets the pieces of a chunk that is kept as a whole.
    ///
    /// # Errors
    /// If they cannot be removed.
    pub(super) fn remove(self) -> Result<()> {
        match self.folder {
            Some(folder) if folder.exists() => Ok(fs_err::remove_dir_all(folder)?),
            _ => Ok(()),
        }
    }
}
