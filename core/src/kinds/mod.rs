//! The kinds of component: one trait, one file each.
//!
//! A component's *configuration* is plain serde data that implements its kind's trait; where training is involved it
//! builds the live component. Every trait is object safe, serialisable by name (typetag) and has a JSON schema.

mod augmentation;
mod deformation;
mod disturbance;
mod encoder;
mod fitter;
mod generator;
mod inr;
mod judge;
mod metric;
mod objective;
mod signals;
mod symmetry;

pub use augmentation::{AffineMaps, Augmentation, Draws, move_signal};
pub use deformation::{CoordinateMap, Deformation};
pub use disturbance::{Disturbance, FeatureBank};
pub use encoder::{Encoder, EncoderContext, EncoderModel};
pub use fitter::{FitJob, Fitted, Fitter};
pub use generator::{Generator, GeneratorBatch, GeneratorContext, GeneratorModel};
pub use inr::Inr;
pub use judge::{Classifier, Judge, JudgeModel, Judgement, Labelled, Likeness};
pub use metric::{Comparison, Measure, Metric, Sight};
pub use objective::{Objective, ObjectiveContext, ObjectiveModel, Views};
pub use signals::{SignalReader, SignalSet, Signals};
pub use symmetry::Symmetry;

/// A named part of a loss, `[1]`, already weighted.
pub type Term = (&'static str, burn::tensor::Tensor<1>);

/// Gives `dyn Trait` a schema that names its kind, so that `Box<dyn Trait>` can stand anywhere in a configuration.
macro_rules! component_kind {
    ($kind:ident) => {
        impl schemars::JsonSchema for dyn $kind {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($kind).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                crate::registry::component_schema(crate::registry::Kind::$kind, generator)
            }
        }
    };
}
pub(crate) use component_kind;
