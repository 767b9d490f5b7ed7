//! Zip archives in memory, with limits: a small archive may unpack to terabytes.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use equigen_core::{Error, Result};
use zip::ZipArchive;

/// Bytes of one file in an archive when unpacked, unless told otherwise.
const MOST_BYTES: u64 = 4 << 30;

/// An open zip archive.
pub(crate) struct Zip<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    names: Vec<String>,
    most_bytes: u64,
}

impl<'a> Zip<'a> {
    /// Opens an archive.
    ///
    /// # Errors
    /// If it is damaged.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self> {
        Self::limited(bytes, MOST_BYTES)
    }

    /// Opens an archive, of which no entry may unpack to more than so many bytes.
    ///
    /// # Errors
    /// If it is damaged.
    pub(crate) fn limited(bytes: &'a [u8], most_bytes: u64) -> Result<Self> {
        let damaged = |error| Error::failed(format!("its archive is damaged ({error}); make it again or restore it"));
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
        let name = |index| archive.name_for_index(index).map(|name| name.map(Cow::into_owned));
        let names = (0..archive.len()).filter_map(name).collect::<std::result::Result<_, _>>().map_err(damaged)?;
        Ok(Self { archive, names, most_bytes })
    }

    /// Names of its entries, in their order.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The entry that is this file, in the uppermost folder or one below it.
    pub(crate) fn find(&self, file: &str) -> Option<String> {
        let is = |name: &&String| *name == file || name.split_once('/').is_some_and(|(_, rest)| rest == file);
        self.names.iter().find(is).cloned()
    }

    /// The bytes of an entry.
    ///
    /// # Errors
    /// If there is none, it is damaged, or larger than the limit.
    pub(crate) fn read(&mut self, name: &str) -> Result<Vec<u8>> {
        let bad = |error: &dyn std::fmt::Display| {
            Error::failed(format!("its entry `{name}` cannot be read ({error}); make it again or restore it"))
        };
        let entry = self.archive.by_name(name).map_err(|error| bad(&error))?;
        let mut bytes = Vec::new();
        entry.take(self.most_bytes + 1).read_to_end(&mut bytes).map_err(|error| bad(&error))?;
        if bytes.len() as u64 > self.most_bytes {
            let text = format!("its entry `{name}` unpacks to more than the limit of {} bytes", self.most_bytes);
            return Err(Error::failed(text));
        }
        Ok(bytes)
    }
}
