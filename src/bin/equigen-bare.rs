//! `equigen` with no plugin linked: every component comes from a library that is loaded.

use std::process::ExitCode;

fn main() -> ExitCode {
    equigen::main()
}
