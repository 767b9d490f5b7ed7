//! End-to-end tests of the program.

mod bare;
mod common;
mod devices;
mod plugins;
mod refusals;
mod runs;
mod shapes;
mod shards;
