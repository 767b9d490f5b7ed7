//! The laws, tried on every registered component, and on components with a planted fault, which they must catch.
//!
//! Core is linked by itself here: the program's own library links core's shared library, and no test harness can.

mod every;
mod violators;

// Links every bundled plugin, so that its components are registered.
use equigen_plugins as _;
