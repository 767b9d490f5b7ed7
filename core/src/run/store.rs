//! The store of stage outputs: each lives once, immutable, under its key.
//!
//! A key is a hash of the stage's settings, its seed and its inputs' keys, so the same work is never done twice, in this
//! run or another. A stage in the making lives in `KEY.partial`, with its checkpoints, and is renamed when it is whole.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{Error, Result, files};

/// Where the store of a run lies: beside its folder.
pub fn store_folder(run: &Path) -> PathBuf {
    run.parent().unwrap_or(Path::new(".")).join(".store")
}

/// A folder of stage outputs.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// A stage in the making, locked against other processes.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) folder: PathBuf,
    finished: PathBuf,
    _lock: File,
    lock_path: PathBuf,
}

impl Store {
    /// The store at a folder, made if it is missing.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(root: &Path) -> Result<Self> {
        fs_err::create_dir_all(root)?;
        Ok(Self { root: fs_err::canonicalize(root)? })
    }

    /// The key of a stage whose outputs are of this format.
    pub fn key(stage: &str, format: u32, settings: &Value, inputs: &[&str]) -> String {
        let text = serde_json::json!({
            "format": format, "version": env!("CARGO_PKG_VERSION"), "stage": stage, "settings": settings, "inputs": inputs,
        });
        let hash = blake3::hash(text.to_string().as_bytes()).to_hex();
        format!("{stage}-{}", &hash[..16])
    }

    /// Where the finished output of a key lives.
    pub fn folder(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    /// The note of how many seconds the making of a key took; beside its folder, whose bytes depend on the key alone.
    pub(super) fn seconds(&self, key: &str) -> PathBuf {
        self.root.join(format!("{key}.seconds"))
    }

    /// Whether a key is finished.
    pub fn holds(&self, key: &str) -> bool {
        self.folder(key).is_dir()
    }

    /// Forgets a key and its checkpoints.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self, key: &str) -> Result<()> {
        for folder in [self.folder(key), self.root.join(format!("{key}.partial"))] {
            if folder.is_dir() {
                fs_err::remove_dir_all(folder)?;
            }
        }
        Ok(())
    }

    /// Begins a stage, or goes on with it.
    ///
    /// # Errors
    /// If another process is making the same stage.
    pub(super) fn begin(&self, key: &str) -> Result<Partial> {
        let folder = self.root.join(format!("{key}.partial"));
        let lock_path = self.root.join(format!("{key}.lock"));
        fs_err::create_dir_all(&folder)?;
        let lock = File::create(&lock_path).map_err(|error| Error::from(error).within(lock_path.display()))?;
        if lock.try_lock().is_err() {
            return Err(Error::failed(format!(
                "another process is making `{key}`; wait for it, or stop it, and run the same command again"
            )));
        }
        files::remove_leftovers(&folder)?;
        Ok(Partial { folder, finished: self.folder(key), _lock: lock, lock_path })
    }
}

impl Partial {
    /// Makes the stage's output final.
    pub(super) fn finish(self) -> Result<()> {
        let checkpoint = self.folder.join("checkpoint.safetensors");
        if checkpoint.exists() {
            fs_err::remove_file(checkpoint)?;
        }
        if !self.finished.is_dir() {
            fs_err::rename(&self.folder, &self.finished)?;
        }
        fs_err::remove_file(&self.lock_path)?;
        Ok(())
    }
}
