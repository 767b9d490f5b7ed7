//! Calls of `equigen run` and `equigen sweep`: the real file that they name is read with the settings that they give.

use std::path::Path;

use equigen_core::config::{LoadOptions, load};
use equigen_core::registry::Registry;

use crate::pages::ROOT;
use crate::pipelines::read_sweep;

/// Reads what a call names, as the program would.
pub(crate) fn check(call: &[String], registry: &Registry) -> Result<(), String> {
    let [verb, file, rest @ ..] = call else { return Ok(()) };
    // A plugin's components are not known here; the pages on plugins are followed by tests/cli/plugins.rs.
    if !["run", "sweep"].contains(&&verb[..]) || call.iter().any(|word| word == "--plugin" || word == "--help") {
        return Ok(());
    }
    if file.starts_with('-') {
        return Err(format!("equigen {}: write the file before the flags", call.join(" ")));
    }
    let pairs = rest.iter().zip(rest.iter().skip(1));
    let set: Vec<String> =
        pairs.filter(|(flag, _)| ["-s", "--set"].contains(&&flag[..])).map(|(_, setting)| setting.clone()).collect();
    let path = Path::new(ROOT).join(file);
    let read = if verb == "sweep" {
        read_sweep(&path, &set, registry)
    } else {
        load(&path, &LoadOptions { set }, registry).map(|_| ()).map_err(|error| error.to_string())
    };
    read.map_err(|error| format!("equigen {}: {error}", call.join(" ")))
}
