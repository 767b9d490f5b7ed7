//! Files, folders and archives of files, each recognised by its first bytes and read on all cores.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use equigen_core::{Error, Result};
use flate2::read::GzDecoder;
use rayon::prelude::*;

use crate::archive::Zip;
use crate::names::{Split, natural};
use crate::state::StateDict;
use crate::{npy, safetensors_file, torch};

/// Files that are in memory at a time.
const BATCH: usize = 256;
/// Bytes from which the kind of a file is told: a block of tar, whose name stands at 257.
const HEAD: usize = 512;
/// Names that promise networks: such a file is refused if its bytes do not keep it. Any other is left out.
const PROMISES: [&str; 8] = ["pth", "pt", "ckpt", "safetensors", "npz", "tar", "tgz", "zip"];

/// What a file holds.
pub(crate) enum Found {
    /// State dicts.
    States(Vec<StateDict>),
    /// Labels of other files.
    Split(Split),
    /// Nothing that is read here.
    Nothing,
}

/// A file's name and what it holds.
pub(crate) type Visited = (String, Result<Found>);

/// Kinds of files, told by their first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zip,
    Legacy,
    Safetensors,
    Tar,
    Gzip,
    Json,
    Unknown,
}

impl Kind {
    fn of(head: &[u8]) -> Self {
        let length = head.first_chunk::<8>().map(|length| u64::from_le_bytes(*length));
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            Self::Zip
        } else if head.starts_with(torch::LEGACY) {
            Self::Legacy
        } else if length.is_some_and(|length| length < 100_000_000) && head.get(8) == Some(&b'{') {
            Self::Safetensors
        } else if head.get(257..262) == Some(b"ustar") {
            Self::Tar
        } else if head.starts_with(&[0x1f, 0x8b]) {
            Self::Gzip
        } else if head.trim_ascii_start().starts_with(b"{") {
            Self::Json
        } else {
            Self::Unknown
        }
    }
}

/// Reads everything under a path and hands it over in batches.
///
/// # Errors
/// If a path is missing, an archive is damaged, or `take` refuses. A file that is wrong is handed over as such.
pub(crate) fn visit(path: &Path, take: &mut dyn FnMut(Vec<Visited>) -> Result<()>) -> Result<()> {
    let (mut files, named) = (Vec::new(), !path.is_dir());
    if named {
        files.push(path.to_owned())
    } else {
        list(path, &mut files)?
    }
    for batch in files.chunks(BATCH) {
        let read: Vec<Opened> = batch.par_iter().map(|file| open(file, named)).collect();
        let mut whole = Vec::new();
        for (file, opened) in batch.iter().zip(read) {
            match opened {
                Opened::Read(found) => whole.push((file.display().to_string(), found)),
                Opened::Archive(kind) => {
                    take(std::mem::take(&mut whole))?;
                    expand(file, kind, take).map_err(|error| error.within(format!("`{}`", file.display())))?;
                }
            }
        }
        take(whole)?;
    }
    Ok(())
}

/// All files below a folder.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        entries.push(entry?.path());
    }
    entries.sort_by(|a, b| natural(&a.to_string_lossy(), &b.to_string_lossy()));
    for path in entries {
        if path.is_dir() { list(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

/// A file after the first look.
enum Opened {
    Read(Result<Found>),
    /// An archive of files, to be read file by file.
    Archive(Kind),
}

fn open(path: &Path, named: bool) -> Opened {
    let opened = || -> Result<Opened> {
        let mut file = fs_err::File::open(path)?;
        let mut head = Vec::new();
        Read::by_ref(&mut file).take(HEAD as u64).read_to_end(&mut head)?;
        let kind = Kind::of(&head);
        if kind == Kind::Tar || (kind == Kind::Gzip && packs_tar(path)?) {
            return Ok(Opened::Archive(kind));
        }
        let promised = named || promises(&path.to_string_lossy());
        if matches!(kind, Kind::Unknown | Kind::Gzip) && !promised {
            return Ok(Opened::Read(Ok(Found::Nothing)));
        }
        let mut bytes = head;
        file.read_to_end(&mut bytes)?;
        if kind == Kind::Zip && is_of_files(&bytes)? {
            return Ok(Opened::Archive(kind));
        }
        Ok(Opened::Read(read(&bytes, promised)))
    };
    opened().unwrap_or_else(|error| Opened::Read(Err(error)))
}

/// Whether a gzipped file is a tar archive.
fn packs_tar(path: &Path) -> Result<bool> {
    let mut head = Vec::new();
    let unpacked = GzDecoder::new(fs_err::File::open(path)?);
    // What cannot be unpacked is no archive; it is refused by its name, if that promised one.
    Ok(unpacked.take(HEAD as u64).read_to_end(&mut head).is_ok() && Kind::of(&head) == Kind::Tar)
}

/// Whether a name promises networks.
fn promises(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| PROMISES.contains(&ending))
}

/// Whether a zip archive is one of files, and not a file of PyTorch or numpy.
fn is_of_files(bytes: &[u8]) -> Result<bool> {
    let zip = Zip::open(bytes)?;
    Ok(zip.find("data.pkl").is_none() && !zip.names().iter().any(|name| name.ends_with(".npy")))
}

/// Reads the bytes of one file that is no archive of files.
fn read(bytes: &[u8], promised: bool) -> Result<Found> {
    match Kind::of(bytes) {
        Kind::Zip => {
            let zip = Zip::open(bytes)?;
            if zip.find("data.pkl").is_some() {
                return Ok(Found::States(torch::read_zip(zip)?));
            }
            if is_of_files(bytes)? {
                return Err(Error::failed("an archive in an archive is not read; unpack it"));
            }
            Ok(Found::States(vec![npy::read_npz(zip)?]))
        }
        Kind::Legacy => Ok(Found::States(torch::read_legacy(bytes)?)),
        Kind::Safetensors => Ok(Found::States(vec![safetensors_file::read(bytes)?])),
        Kind::Json => Ok(Split::parse(bytes).map_or(Found::Nothing, Found::Split)),
        Kind::Tar => Err(Error::failed("an archive in an archive is not read; unpack it")),
        Kind::Unknown | Kind::Gzip if promised => Err(Error::failed(
            "neither a file of PyTorch, safetensors, npz, tar nor zip, by its first bytes; make it again or restore it",
        )),
        Kind::Unknown | Kind::Gzip => Ok(Found::Nothing),
    }
}

/// Hands over the files of an archive.
fn expand(path: &Path, kind: Kind, take: &mut dyn FnMut(Vec<Visited>) -> Result<()>) -> Result<()> {
    let mut batch: Vec<(String, Vec<u8>)> = Vec::new();
    let mut flush = |batch: &mut Vec<(String, Vec<u8>)>| {
        let read = std::mem::take(batch).into_par_iter().map(|(name, bytes)| {
            let found = read(&bytes, promises(&name));
            (format!("{}/{name}", path.display()), found)
        });
        take(read.collect())
    };
    let mut add = |name: String, bytes: Vec<u8>| {
        batch.push((name, bytes));
        if batch.len() == BATCH { flush(&mut batch) } else { Ok(()) }
    };
    match kind {
        Kind::Zip => {
            let bytes = fs_err::read(path)?;
            let mut zip = Zip::open(&bytes)?;
            let mut names = zip.names().to_vec();
            names.retain(|name| !name.ends_with('/'));
            names.sort_by(|a, b| natural(a, b));
            for name in names {
                let bytes = zip.read(&name)?;
                add(name, bytes)?;
            }
        }
        _ => {
            let file = BufReader::new(fs_err::File::open(path)?);
            let bytes: Box<dyn Read> = if kind == Kind::Gzip { Box::new(GzDecoder::new(file)) } else { Box::new(file) };
            let damaged = |error| Error::failed(format!("damaged archive ({error}); make it again or restore it"));
            for entry in tar::Archive::new(bytes).entries().map_err(damaged)? {
                let mut entry = entry.map_err(damaged)?;
                if entry.header().entry_type().is_file() {
                    let name = entry.path().map_err(damaged)?.to_string_lossy().into_owned();
                    let mut bytes = Vec::new();
                    entry.read_to_end(&mut bytes).map_err(damaged)?;
                    if (bytes.len() as u64) < entry.size() {
                        return Err(Error::failed(format!("it ends within `{name}`; make it again or restore it")));
                    }
                    add(name, bytes)?;
                }
            }
        }
    }
    flush(&mut batch)
}
