//! The book, README and the other pages hold what they say: links lead somewhere, commands exist and run, pipelines load,
//! reference pages are those of this program.
//!
//! Fences of the pages say what is done with them:
//! - `sh`: all such blocks of a page are run as one script, as they stand, beside examples with few steps;
//! - `sh,slow`: each `equigen` command is parsed, the pipeline that it names is loaded with its settings, and the files that
//!   other commands name must be there;
//! - `toml`: a whole pipeline is loaded; sections are loaded as settings of `examples/mnist-quick.toml`;
//! - `rust`, `python`: below a comment that names a file, and equal to that file, which is compiled or run elsewhere;
//! - anything else, or nothing: what programs print.
//!
//! Commands in the running text must have verbs and flags that exist.

mod commands;
mod inline;
mod invocations;
mod links;
mod pages;
mod pipelines;
mod reference;
mod shell;

// Links every bundled plugin, so that pipelines can be read here.
use equigen_plugins as _;

/// What is wrong, each with its place.
type Faults = Vec<String>;

#[track_caller]
fn none(faults: Faults) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
