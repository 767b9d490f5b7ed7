//! Pictures of signals: images as they are, of shapes the surface, shaded.

use std::path::Path;

use equigen_core::surface::Surface;
use equigen_core::{Result, Zoo, picture};

/// Networks rendered at a time.
const BATCH: usize = 256;
/// Pictures in a row of the one of all.
const COLUMNS: usize = 16;

/// Writes a picture of each network's signal, `00000.png`, and one of all, `all.png`.
pub(super) fn write(zoo: &Zoo, folder: &Path) -> Result<()> {
    let rows: Vec<usize> = (0..zoo.len()).collect();
    let (mut all, mut drawn) = (Vec::new(), None);
    for rows in rows.chunks(BATCH) {
        let (domain, pictures) = picture::look(zoo, rows, 1, &Surface::default())?;
        for (row, picture) in rows.iter().zip(pictures.chunks(domain.length())) {
            picture::save(&domain, picture, 1, &folder.join(format!("{row:05}.png")))?;
        }
        all.extend(pictures);
        drawn = Some(domain);
    }
    drawn.map_or(Ok(()), |domain| picture::save(&domain, &all, COLUMNS, &folder.join("all.png")))
}
