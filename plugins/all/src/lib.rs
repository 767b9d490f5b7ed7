//! Every bundled plugin.
//!
//! Naming the crates keeps the linker from dropping them: their components register themselves. A program that names this
//! crate has them all; one that does not (`equigen-bare`) has those that it loads.

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
