//! End-to-end tests of the program.

mod bare;
mod common;
mod plugins;
mod refusals;
mod runs;
