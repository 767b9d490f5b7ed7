//! Pictures of signals. What a signal looks like depends on its domain: images are drawn as they are.

use std::path::Path;

use burn::tensor::Device;
use equigen_core::{Domain, Result, Zoo, picture};

/// Networks rendered at a time.
const BATCH: usize = 256;
/// Pictures in a row of the one of all.
const COLUMNS: usize = 16;

/// Writes a picture of each network's signal, `00000.png`, and one of all, `all.png`.
pub(super) fn write(zoo: &Zoo, folder: &Path) -> Result<()> {
    match zoo.domain {
        Domain::Image { .. } => images(zoo, folder),
    }
}

fn images(zoo: &Zoo, folder: &Path) -> Result<()> {
    let (grid, length) = (zoo.domain.grid(), zoo.domain.points() * zoo.domain.channels());
    let rows: Vec<usize> = (0..zoo.len()).collect();
    let mut all = Vec::new();
    for rows in rows.chunks(BATCH) {
        let signals = picture::render(zoo, rows, &grid, &Device::flex());
        for (row, signal) in rows.iter().zip(signals.chunks(length)) {
            picture::save(&zoo.domain, signal, 1, &folder.join(format!("{row:05}.png")))?;
        }
        all.extend(signals);
    }
    picture::save(&zoo.domain, &all, COLUMNS, &folder.join("all.png"))
}
