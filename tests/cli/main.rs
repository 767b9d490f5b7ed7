//! End-to-end tests of the program.

mod common;
mod refusals;
mod runs;
