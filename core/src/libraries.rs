//! Which components came from libraries that were loaded at run time.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// Its address tells whether a library was linked against this very copy of core.
#[doc(hidden)]
pub static ANCHOR: u8 = 0;

/// Name of the section of a plugin's file that holds its seal.
pub const SEAL_SECTION: &str = ".equigen";

/// Bytes of that section.
pub const SEAL_BYTES: usize = 1 << 16;

/// First bytes of that section; the length of its text follows, as 8 bytes, little-endian, and the text.
pub const SEAL_MAGIC: &[u8; 8] = b"EQUIGEN1";

/// A loaded library; it stays loaded until the process ends.
#[derive(Debug, Clone)]
pub struct Library {
    /// Its file.
    pub path: PathBuf,
    /// Hash of its file, part of the key of every stage that uses it.
    pub checksum: String,
    /// Kind and name of each of its components.
    pub components: Vec<(String, String)>,
}

static LOADED: Mutex<Vec<Library>> = Mutex::new(Vec::new());

fn loaded() -> MutexGuard<'static, Vec<Library>> {
    LOADED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes that a library was loaded.
pub fn record(library: Library) {
    loaded().push(library);
}

/// The library of these bytes, if it is loaded.
pub fn with_checksum(checksum: &str) -> Option<Library> {
    loaded().iter().find(|library| library.checksum == checksum).cloned()
}

/// The file that a component was loaded from; `None` if it was linked.
pub fn of_component(kind: &str, name: &str) -> Option<PathBuf> {
    let holds = |library: &&Library| library.components.iter().any(|(k, n)| k == kind && n == name);
    loaded().iter().find(holds).map(|library| library.path.clone())
}

/// Checksums of the loaded libraries that settings name a component of, by its `type`: a library that was built anew must
/// not find the results of the old one.
pub fn named_in(settings: &Value) -> Vec<String> {
    let mut names = Vec::new();
    types(settings, &mut names);
    let libraries = loaded();
    let named = libraries.iter().filter(|library| library.components.iter().any(|(_, name)| names.contains(&&**name)));
    named.map(|library| library.checksum.clone()).collect()
}

fn types<'a>(value: &'a Value, names: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            names.extend(object.get("type").and_then(Value::as_str));
            object.values().for_each(|inner| types(inner, names));
        }
        Value::Array(elements) => elements.iter().for_each(|inner| types(inner, names)),
        _ => {}
    }
}
