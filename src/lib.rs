//! The program `equigen`, and what library users need of it.
//!
//! Naming the plugin crates here keeps the linker from dropping them: their components register themselves.

use equigen_augmentations as _;
use equigen_deformations as _;
use equigen_disturbances as _;
use equigen_encoders as _;
use equigen_fitters as _;
use equigen_generators as _;
use equigen_inrs as _;
use equigen_judges as _;
use equigen_metrics as _;
use equigen_objectives as _;
use equigen_signals as _;
use equigen_symmetries as _;

pub use equigen_core as core;

pub mod prelude {
    //! What most programs that use equigen as a library name.
    pub use equigen_core::config::{LoadOptions, Pipeline, load};
    pub use equigen_core::registry::{Kind, Registry};
    pub use equigen_core::run::{Options, execute};
    pub use equigen_core::*;
}
