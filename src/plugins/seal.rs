//! The seal of a plugin: a section of its file that says what it was built against, what it holds and whether its bytes
//! are whole. It is read from the file, without loading it.

use std::path::Path;

use equigen_core::libraries::{SEAL_MAGIC, SEAL_SECTION};
use equigen_core::registry::{Record, Registry};
use equigen_core::{Error, Result, files};
use object::{Object, ObjectSection};
use serde::{Deserialize, Serialize};

const HEAD: usize = SEAL_MAGIC.len() + 8;

/// What a plugin was built against: names and values.
pub(crate) type Facts = Vec<(String, String)>;

/// The text of a sealed section.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Seal {
    /// Hash of the file without its section, and of this seal without its hash.
    pub(crate) checksum: String,
    /// What it was built against.
    pub(crate) facts: Facts,
    /// The crate, with version.
    pub(crate) plugin: String,
    /// What it holds.
    pub(crate) components: Vec<Held>,
}

/// A component of a plugin.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) claims: Vec<String>,
}

impl Held {
    fn of(record: &Record) -> Self {
        Self {
            kind: record.kind.name().to_owned(),
            name: record.name.to_owned(),
            summary: record.summary.clone(),
            claims: record.claims.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Facts as `core/dylib` writes them.
pub(crate) fn facts(text: &str) -> Facts {
    let pair = |line: &str| line.split_once('\t').map(|(name, value)| (name.to_owned(), value.to_owned()));
    text.split('\x1f').filter_map(pair).collect()
}

/// A plugin's file.
pub(crate) struct PluginFile {
    bytes: Vec<u8>,
    /// Where its section lies.
    section: std::ops::Range<usize>,
    /// The section's text.
    text: String,
}

impl PluginFile {
    /// Reads a file and finds its section.
    ///
    /// # Errors
    /// If it cannot be read or is no plugin.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = fs_err::read(path)?;
        let not = |why: String| {
            let remedy = "a plugin is made by `equigen plugin build DIR`";
            Error::failed(format!("`{}` is no plugin of equigen: {why}; {remedy}", path.display()))
        };
        let section = section(&bytes).map_err(not)?;
        let text = text(&bytes[section.clone()]).map_err(not)?;
        Ok(Self { bytes, section, text })
    }

    /// What it was built against, sealed or not.
    pub(crate) fn facts(&self) -> Facts {
        self.parsed().map_or_else(|| facts(&self.text), |seal| seal.facts)
    }

    fn parsed(&self) -> Option<Seal> {
        serde_json::from_str(&self.text).ok()
    }

    /// The seal, if the file is whole.
    ///
    /// # Errors
    /// If it is not sealed, or its bytes are not those that were sealed.
    pub(crate) fn seal(&self) -> std::result::Result<Seal, String> {
        let seal = self.parsed().ok_or("it was not sealed")?;
        if self.checksum(&seal) == seal.checksum {
            Ok(seal)
        } else {
            Err("its bytes are not those that were built".into())
        }
    }

    /// Hash of everything but the checksum itself.
    fn checksum(&self, seal: &Seal) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.bytes[..self.section.start]);
        hasher.update(&self.bytes[self.section.end..]);
        let bare = Seal { checksum: String::new(), ..seal.clone() };
        hasher.update(serde_json::to_string(&bare).expect("a seal serialises").as_bytes());
        hasher.finalize().to_hex()[..32].to_owned()
    }

    /// Seals a built plugin that holds these components.
    ///
    /// # Errors
    /// If they do not fit, or the file cannot be written.
    pub(crate) fn write_sealed(mut self, path: &Path, plugin: String, components: Vec<Held>) -> Result<()> {
        let mut seal = Seal { checksum: String::new(), facts: self.facts(), plugin, components };
        seal.checksum = self.checksum(&seal);
        let text = serde_json::to_string(&seal).expect("a seal serialises");
        if HEAD + text.len() > self.section.len() {
            return Err(Error::failed(format!("`{}`: its components are too many to be listed", path.display())));
        }
        let section = &mut self.bytes[self.section.clone()];
        section.fill(0);
        section[..SEAL_MAGIC.len()].copy_from_slice(SEAL_MAGIC);
        section[SEAL_MAGIC.len()..HEAD].copy_from_slice(&(text.len() as u64).to_le_bytes());
        section[HEAD..HEAD + text.len()].copy_from_slice(text.as_bytes());
        files::write(path, &self.bytes)
    }
}

/// The components of the registry.
pub(crate) fn held(registry: &Registry) -> Vec<Held> {
    registry.records().map(Held::of).collect()
}

fn section(bytes: &[u8]) -> std::result::Result<std::ops::Range<usize>, String> {
    let file = object::File::parse(bytes).map_err(|error| format!("it is no library ({error})"))?;
    let section = file.section_by_name(SEAL_SECTION).ok_or("it lacks the section `.equigen`")?;
    let (start, length) = section.file_range().ok_or("its section `.equigen` is empty")?;
    let end = start.checked_add(length).and_then(|end| usize::try_from(end).ok());
    let range = end.filter(|end| *end <= bytes.len()).map(|end| start as usize..end);
    range.ok_or_else(|| "it is cut off".to_owned())
}

fn text(section: &[u8]) -> std::result::Result<String, String> {
    let broken = || "its section `.equigen` is damaged".to_owned();
    let head = section.get(..HEAD).filter(|head| head.starts_with(SEAL_MAGIC)).ok_or_else(broken)?;
    let length = u64::from_le_bytes(head[SEAL_MAGIC.len()..].try_into().expect("eight bytes"));
    let end = usize::try_from(length).ok().and_then(|length| HEAD.checked_add(length)).ok_or_else(broken)?;
    let text = section.get(HEAD..end).ok_or_else(broken)?;
    String::from_utf8(text.to_vec()).map_err(|_| broken())
}
