//! Where pictures lie: a folder, or a zip archive of one.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use equigen_core::{Error, Result};
use zip::ZipArchive;

use crate::paths::{self, in_file};

/// What a file of pictures ends with, in small letters.
const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];
/// Bytes of one picture, unpacked. A zip archive can hold far more than its own size.
const MOST_BYTES: u64 = 256 << 20;
/// Folders within folders: links may go in a circle.
const DEEPEST: usize = 16;

pub(super) enum Source {
    Folder(PathBuf),
    Archive(PathBuf, Box<ZipArchive<BufReader<fs_err::File>>>),
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        let missing = || Error::failed("there is no such folder or zip archive; check the path");
        if !path.exists() {
            return Err(in_file(missing(), path));
        }
        let archive = ZipArchive::new(BufReader::new(paths::open(path)?)).map_err(|error| {
            let text = format!("it is neither a folder nor a zip archive, or a damaged one ({error}); copy it again");
            in_file(Error::failed(text), path)
        })?;
        Ok(Self::Archive(path.to_owned(), Box::new(archive)))
    }

    /// Paths of all pictures, with `/`, in no order.
    pub(super) fn names(&self) -> Result<Vec<String>> {
        let names = match self {
            Self::Folder(folder) => {
                let mut names = Vec::new();
                walk(folder, "", 0, &mut names)?;
                names
            }
            Self::Archive(path, archive) => {
                let named = |name: zip::result::ZipResult<std::borrow::Cow<'_, str>>| match name {
                    Ok(name) => Ok(name.into_owned()),
                    Err(error) => {
                        let text = format!("a name in it is no text ({error}); pack the archive again");
                        Err(in_file(Error::failed(text), path))
                    }
                };
                archive.file_names().map(named).collect::<Result<_>>()?
            }
        };
        Ok(names.into_iter().filter(|name| is_picture(name)).collect())
    }

    /// The bytes of a picture.
    pub(super) fn read(&mut self, name: &str) -> Result<Vec<u8>> {
        let path = self.path(name);
        match self {
            Self::Folder(_) => {
                let mut bytes = Vec::new();
                paths::open(&path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
                check_length(&bytes, &path)?;
                Ok(bytes)
            }
            Self::Archive(_, archive) => {
                let damaged = |error: &dyn std::fmt::Display| {
                    in_file(Error::failed(format!("it cannot be unpacked ({error}); copy the archive again")), &path)
                };
                let file = archive.by_name(name).map_err(|error| damaged(&error))?;
                let mut bytes = Vec::new();
                file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| damaged(&error))?;
                check_length(&bytes, &path)?;
                Ok(bytes)
            }
        }
    }

    /// Where a picture lies, for messages.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        match self {
            Self::Folder(path) | Self::Archive(path, _) => path.join(name),
        }
    }
}

fn check_length(bytes: &[u8], path: &Path) -> Result<()> {
    if bytes.len() as u64 <= MOST_BYTES {
        return Ok(());
    }
    let text = format!("it has more than {MOST_BYTES} bytes, too many for a picture; take it away");
    Err(in_file(Error::failed(text), path))
}

/// Whether a path is that of a picture, and not of what systems hide beside them (`.DS_Store`, `__MACOSX/._a.png`).
fn is_picture(name: &str) -> bool {
    let hidden = name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX");
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    !hidden && ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// Adds the paths of all files below a folder, from `prefix` on.
fn walk(folder: &Path, prefix: &str, depth: usize, names: &mut Vec<String>) -> Result<()> {
    if depth > DEEPEST {
        let text = format!("it lies more than {DEEPEST} folders deep; is there a link to a folder above it?");
        return Err(in_file(Error::failed(text), folder));
    }
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(in_file(Error::failed("its name is no Unicode text; rename it"), &path));
        };
        let name = format!("{prefix}{name}");
        if path.is_dir() {
            walk(&path, &format!("{name}/"), depth + 1, names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}
