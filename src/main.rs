//! The command line of equigen.

mod cli;
mod progress;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

// Names the library, and with it every bundled plugin.
use equigen as _;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
