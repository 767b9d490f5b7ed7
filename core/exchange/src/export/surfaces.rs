//! Surfaces of shape networks, a file each.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use equigen_core::surface::Surface;
use equigen_core::{Domain, Error, Result, Zoo};
use rayon::prelude::*;

/// Writes the surface of each network of a zoo of shapes to a new folder, in each of the surface's formats, `00000.obj`;
/// the folder is written whole or not at all. One without triangles has no file: gives the rows of those.
///
/// `at_once` surfaces are made at a time, each in [`Surface::bytes`] of memory; `progress` hears how many are done.
///
/// # Errors
/// If the networks are no shapes, no surface has a triangle, a setting is out of range, or `out` exists or cannot be
/// written.
pub fn surfaces(
    zoo: &Zoo,
    surface: &Surface,
    at_once: usize,
    out: &Path,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Vec<usize>> {
    if let Domain::Image { height, width, .. } = zoo.domain {
        let text = format!("these networks are images of {width} x {height} pixels, and only shapes have a surface");
        return Err(Error::config(format!("{text}; `--to png` draws them")));
    }
    surface.check()?;
    let parent = super::parent(out)?;
    super::folder(parent, out, |folder| {
        let done = AtomicUsize::new(0);
        let write = |row: &usize| -> Result<Option<usize>> {
            let mesh = surface.mesh(zoo, *row).map_err(|error| error.within(format!("network {row}")))?;
            surface.save(&mesh, folder, &format!("{row:05}"))?;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
            Ok(mesh.is_empty().then_some(*row))
        };
        let rows: Vec<usize> = (0..zoo.len()).collect();
        let mut empty = Vec::new();
        for rows in rows.chunks(at_once.max(1)) {
            empty.extend(rows.par_iter().map(write).collect::<Result<Vec<_>>>()?.into_iter().flatten());
        }
        if empty.len() == zoo.len() {
            let (level, count) = (surface.level, zoo.len());
            let text = format!("none of {count} networks passes the level {level}, so there is no surface to write");
            return Err(Error::failed(format!("{text}; try another --level")));
        }
        Ok(empty)
    })
}
