//! `equigen man`: manual pages, made of what the command line says of itself.

use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man as Page;
use equigen_core::{Error, Result, files};

use super::print;
use crate::cli::{Cli, NAME};

/// Print the manual page, or write one page a verb into a folder
///
/// `equigen man | man -l -` shows it. `equigen man ~/.local/share/man/man1` writes all pages where `man equigen` and
/// `man equigen-run` find them.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write `equigen.1`, and `equigen-VERB.1` for each verb, into this folder
    folder: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(self) -> Result<()> {
        let mut program = Cli::command().name(NAME).disable_help_subcommand(true);
        // Gives every verb its full name, and the flags that all verbs have.
        program.build();
        let Some(folder) = self.folder else {
            let text =
                String::from_utf8(text(&Page::new(program))?).map_err(|error| Error::failed(error.to_string()))?;
            return print(text.trim_end());
        };
        fs_err::create_dir_all(&folder)?;
        write(program, &folder)?;
        print(&format!("{}", folder.display()))
    }
}

/// Writes the page of a verb and those of the verbs below it.
fn write(verb: Command, folder: &Path) -> Result<()> {
    for below in verb.get_subcommands().filter(|below| !below.is_hide_set()) {
        write(below.clone(), folder)?;
    }
    let page = Page::new(verb);
    files::write(&folder.join(page.get_filename()), &text(&page)?)
}

fn text(page: &Page) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    page.render(&mut text)?;
    Ok(text)
}
