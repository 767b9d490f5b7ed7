//! Core and burn as one shared library.
//!
//! Components register themselves in a list of core, and burn's autodiff keeps state of its process: a host and its
//! run-time plugins must share one copy of both. Host and plugin link this library.

pub use equigen_core as core;

/// What this build of core is, as `name\tvalue` separated by `\x1f`: rustc, core, burn, features, target, profile, lock.
pub const FACTS: &str = env!("EQUIGEN_FACTS");

use core::libraries::{SEAL_BYTES, SEAL_MAGIC};

/// A section that holds the facts of the build that a plugin was compiled against. `equigen plugin build` adds the rest.
pub const fn seal() -> [u8; SEAL_BYTES] {
    let mut bytes = [0; SEAL_BYTES];
    let length = (FACTS.len() as u64).to_le_bytes();
    let text = FACTS.as_bytes();
    let mut i = 0;
    while i < 8 {
        bytes[i] = SEAL_MAGIC[i];
        bytes[8 + i] = length[i];
        i += 1;
    }
    let mut i = 0;
    while i < text.len() {
        bytes[16 + i] = text[i];
        i += 1;
    }
    bytes
}

/// Makes a crate a run-time plugin. `equigen plugin build` writes the crate that calls it.
#[macro_export]
macro_rules! plugin {
    () => {
        #[used]
        #[unsafe(link_section = ".equigen")]
        static EQUIGEN_SEAL: [u8; $crate::core::libraries::SEAL_BYTES] = $crate::seal();

        /// Where the plugin sees the registry of core: a host that sees it elsewhere has another copy of core.
        #[unsafe(no_mangle)]
        extern "C" fn equigen_anchor() -> *const u8 {
            &raw const $crate::core::libraries::ANCHOR
        }
    };
}
