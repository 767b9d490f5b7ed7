//! The program `equigen`, and what library users need of it.
//!
//! Links no plugin: a program that wants the bundled ones names the crate `equigen_plugins`.

pub use equigen_core as core;
#[cfg(feature = "dynamic")]
use equigen_dylib as _;

mod bench;
mod cli;
mod output;
mod plugins;
mod progress;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

pub mod prelude {
    //! What most programs that use equigen as a library name.
    pub use equigen_core::config::{LoadOptions, Pipeline, load};
    pub use equigen_core::registry::{Kind, Registry};
    pub use equigen_core::run::{Options, execute};
    pub use equigen_core::*;
}

// Training frees and asks for the same large buffers at every step; the system allocator gives them back to the kernel and
// spends a third of the time on page faults.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Number of mimalloc's option `purge_delay`, which has no constant in the crate.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// The command line.
pub fn main() -> ExitCode {
    // Never give freed pages back: the next step asks for them, and to clear them anew takes a tenth of its time.
    // SAFETY: no other thread runs yet.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) };
    // The main thread is one of the pool: a training step shares a hundred small pieces of work, and would sleep and be woken
    // for each of them. There is no pool before this line, so that it cannot fail.
    _ = rayon::ThreadPoolBuilder::new().use_current_thread().build_global();
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
