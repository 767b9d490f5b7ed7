//! What happens in a run, as events: the command line draws them, a file keeps them as JSON lines.

use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::Result;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A stage begins, or goes on from a checkpoint.
    Started {
        /// The stage.
        stage: &'static str,
        /// Its key in the store.
        key: String,
    },
    /// A stage is taken from the store.
    Reused {
        /// The stage.
        stage: &'static str,
        /// Its key in the store.
        key: String,
    },
    /// So many units are done.
    Progress {
        /// The stage.
        stage: &'static str,
        /// Units done.
        done: usize,
        /// Units in all.
        total: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// The parts of the loss at a step.
    Loss {
        /// The stage.
        stage: &'static str,
        /// The step, from 0.
        step: usize,
        /// The learning rate of the step.
        learning_rate: f64,
        /// Weighted parts by name.
        terms: Vec<(String, f32)>,
    },
    /// A stage is done.
    Finished {
        /// The stage.
        stage: &'static str,
        /// Seconds of this process spent on it.
        seconds: f64,
    },
}

/// Who wants to know.
pub trait Observer: Sync {
    /// Called from any thread.
    fn event(&self, event: &Event);
}

/// Passes events on and appends them to `events.jsonl`.
pub(super) struct Journal<'a> {
    file: Mutex<std::fs::File>,
    next: &'a dyn Observer,
}

impl<'a> Journal<'a> {
    pub(super) fn open(path: &Path, next: &'a dyn Observer) -> Result<Self> {
        let file = fs_err::OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file: Mutex::new(file.into_parts().0), next })
    }
}

impl Observer for Journal<'_> {
    fn event(&self, event: &Event) {
        #[derive(Serialize)]
        struct Line<'a> {
            time: f64,
            #[serde(flatten)]
            event: &'a Event,
        }
        self.next.event(event);
        // Progress is for eyes; the journal keeps what a later reader wants.
        if !matches!(event, Event::Progress { .. }) {
            let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
            let line = serde_json::to_string(&Line { time, event }).expect("events serialise");
            // A full disk stops the stage's own writes with a clear error; the journal is no reason to stop.
            let _ = writeln!(self.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner()), "{line}");
        }
    }
}
