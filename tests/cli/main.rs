//! End-to-end tests of the program.

mod bare;
mod colour;
mod common;
mod devices;
mod exchange;
mod gauges;
mod habits;
mod plugins;
mod refusals;
mod runs;
mod shapenet;
mod shapes;
mod shards;
mod surfaces;
mod tensorboard;
