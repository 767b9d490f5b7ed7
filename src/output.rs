//! How much the program says on the way. Results go to standard output whatever is asked; all that stands here goes to
//! standard error.

use std::sync::OnceLock;

use clap::Args;
use equigen_core::{Error, Result};

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Quiet,
    Normal,
    Verbose,
}

/// What every verb accepts.
#[derive(Debug, Args)]
pub(crate) struct Output {
    /// Say nothing on the way: print results and errors only
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more on the way: plugins, keys of stages, every loss that is logged
    #[arg(short, long, global = true)]
    verbose: bool,
}

/// Set once, before a verb runs.
static LEVEL: OnceLock<Level> = OnceLock::new();

impl Output {
    /// Holds for the rest of the process.
    ///
    /// # Errors
    /// If both are asked for.
    pub(crate) fn set(&self) -> Result<()> {
        let level = match (self.quiet, self.verbose) {
            (true, true) => return Err(Error::config("--quiet and --verbose: leave one of them out")),
            (true, false) => Level::Quiet,
            (false, true) => Level::Verbose,
            (false, false) => Level::Normal,
        };
        LEVEL.get_or_init(|| level);
        Ok(())
    }
}

/// How much is said in this process.
pub(crate) fn level() -> Level {
    *LEVEL.get().unwrap_or(&Level::Normal)
}

/// Says something, unless the program is to be quiet.
pub(crate) fn note(text: &str) {
    if level() > Level::Quiet {
        eprintln!("{text}");
    }
}

/// Says something to those who want to know more.
pub(crate) fn detail(text: impl FnOnce() -> String) {
    if level() == Level::Verbose {
        eprintln!("{}", text());
    }
}
