//! Paths of data: relative to the pipeline file, opened with a message that helps, named in errors.

use std::io;
use std::path::{Path, PathBuf};

use equigen_core::{Error, Result};

/// Makes a path absolute, which is relative to `folder`. An empty one stays empty: it is missing, not the folder.
pub(crate) fn resolve(path: &mut PathBuf, folder: &Path) {
    if !path.as_os_str().is_empty() {
        *path = std::path::absolute(folder.join(&*path)).unwrap_or_else(|_| folder.join(&*path));
    }
}

/// Opens a file as it lies on the disk.
pub(crate) fn open(path: &Path) -> Result<fs_err::File> {
    fs_err::File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Error::failed(format!("`{}`: there is no such file; check the path", path.display()))
        }
        _ => error.into(),
    })
}

/// The hash of a file's bytes.
pub(crate) fn hash(path: &Path) -> Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(open(path)?)?;
    Ok(hasher.finalize())
}

/// An error, with the file that it is about in front.
pub(crate) fn in_file(error: Error, path: &Path) -> Error {
    error.within(format!("`{}`", path.display()))
}
