//! `equigen completions`: what a shell needs to complete verbs and flags.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};
use equigen_core::{Error, Result};

use super::print;
use crate::cli::{Cli, NAME};

/// Print a script with which a shell completes verbs, flags and their values
///
/// For bash: `equigen completions bash > ~/.local/share/bash-completion/completions/equigen`. For zsh: into a file `_equigen` in
/// a folder of `$fpath`. For fish: into `~/.config/fish/completions/equigen.fish`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Result<()> {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), NAME, &mut script);
        let script = String::from_utf8(script).map_err(|error| Error::failed(error.to_string()))?;
        print(script.trim_end())
    }
}
