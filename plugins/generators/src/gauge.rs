//! Which of the many weights of one and the same function are generated.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which of the many weights of one and the same function are generated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Gauge {
    /// The fitted weights themselves: the paper's setting.
    Fitted {
        /// Normalise every weight by its own mean and deviation over the source networks, and not by those of its tensor: for
        /// networks in one gauge, whose first layers differ by a twentieth of what the weights of one of them do.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        each: bool,
    },
    /// Weights from a decoder that is trained along, `decode(encode(w))`: one gauge for all networks (docs/method.md,
    /// section 11, finding 8). The denoiser's answer is a feature, decoded.
    Decoder {
        /// Width of the decoder's hidden layers.
        #[serde(default = "decoder_hidden")]
        hidden: usize,
        /// Number of the decoder's hidden layers.
        #[serde(default = "decoder_depth")]
        depth: usize,
        /// Share of the training in which only the decoder learns.
        #[serde(default = "decoder_first")]
        first: f64,
    },
}

fn decoder_hidden() -> usize {
    1024
}

fn decoder_depth() -> usize {
    2
}

fn decoder_first() -> f64 {
    0.5
}

impl Default for Gauge {
    fn default() -> Self {
        Self::Decoder { hidden: decoder_hidden(), depth: decoder_depth(), first: decoder_first() }
    }
}
