//! The command line of equigen.

mod cli;
mod progress;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

// Training frees and asks for the same large buffers at every step; the system allocator gives them back to the kernel and
// spends a third of the time on page faults.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
