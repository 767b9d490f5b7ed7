//! `[data]`: signals, and which of them serve for what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Signals;

/// Signals, and which of them are the few shots.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Where signals come from.
    pub signals: Box<dyn Signals>,
    /// Label of the target class, a number or a text; every other class is source.
    pub target: Label,
    /// Number of target signals that training may see.
    #[serde(default = "default_shots")]
    pub shots: usize,
    /// Number of target signals in the reference part and in the ceiling part, and of generated signals compared.
    #[serde(default = "default_reference")]
    pub reference: usize,
    /// Share of each class on which the judge is tested.
    #[serde(default = "default_judge_test")]
    pub judge_test: f64,
    /// Which draw of the parts: another number draws other shots from the same fits; absent is the seed's own draw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draw: Option<u64>,
    /// Use only so many signals, the first ones; all by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

fn default_shots() -> usize {
    10
}

pub(super) fn default_reference() -> usize {
    256
}

fn default_judge_test() -> f64 {
    0.1
}

/// A class label: written as a number or as a text, kept as a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Label(pub String);

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(i64),
            Text(String),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Number(number) => Self(number.to_string()),
            Either::Text(text) => Self(text),
        })
    }
}

impl JsonSchema for Label {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Label".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["integer", "string"] })
    }
}
