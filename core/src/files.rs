//! Files land whole or not at all: every write goes to a temporary neighbour and is renamed over the target.

use std::io::{BufWriter, Write};
use std::path::Path;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, Result};

/// Temporary files begin with this; a kill can leave one behind.
const LEFTOVER: &str = ".partial-";

/// Removes the temporary files that a killed process left in a folder.
///
/// # Errors
/// If the folder cannot be read or a file not removed.
pub fn remove_leftovers(folder: &Path) -> Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(LEFTOVER)) {
            fs_err::remove_file(path)?;
        }
    }
    Ok(())
}

/// Writes `bytes` to `path` atomically.
///
/// # Errors
/// If the folder is missing, not writable, or the disk is full; the old file, if any, is then untouched.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |out| Ok(out.write_all(bytes)?))
}

/// Writes to `path` atomically what `fill` writes, which need not be in memory at once.
///
/// # Errors
/// As [`write`], and as `fill`.
pub fn write_with(path: &Path, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let cannot = |error: Error| error.within(format!("cannot write `{}`", path.display()));
    let in_file = |error: std::io::Error| cannot(error.into());
    // Readable as any file is, as far as the user's mask allows; a temporary file alone would be private.
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    let mut builder = tempfile::Builder::new();
    let mut file = builder.prefix(LEFTOVER).permissions(permissions).tempfile_in(folder).map_err(in_file)?;
    let mut out = BufWriter::with_capacity(1 << 20, file.as_file_mut());
    fill(&mut out).map_err(cannot)?;
    out.flush().map_err(in_file)?;
    drop(out);
    file.as_file().sync_data().map_err(in_file)?;
    file.persist(path).map_err(|error| in_file(error.error))?;
    Ok(())
}

/// Writes a value as indented JSON, atomically.
///
/// # Errors
/// As [`write`].
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value).map_err(|error| Error::failed(error.to_string()))?;
    text.push('\n');
    write(path, text.as_bytes())
}

/// Reads a JSON file.
///
/// # Errors
/// If it is missing or does not hold what is expected; the message names the file.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs_err::read_to_string(path)?;
    serde_json::from_str(&text).map_err(|error| Error::failed(format!("`{}`: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_json(&path, &[1, 2]).unwrap();
        assert_eq!(read_json::<Vec<u32>>(&path).unwrap(), [1, 2]);
        assert!(write(&folder.path().join("missing/b"), b"x").unwrap_err().to_string().contains("missing"));
        assert!(read_json::<Vec<String>>(&path).unwrap_err().to_string().contains("a.json"));
    }
}
