//! End-to-end tests of the program.

mod bare;
mod colour;
mod common;
mod devices;
mod exchange;
mod gauges;
mod plugins;
mod refusals;
mod runs;
mod shapes;
mod shards;
