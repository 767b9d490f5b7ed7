//! `equigen`, with every bundled plugin.

use std::process::ExitCode;

use equigen_plugins as _;

fn main() -> ExitCode {
    equigen::main()
}
