//! The bundled generators: `decoder` maps a feature to one network, `diffusion` and `flow-matching` draw networks
//! around a feature, and `gaussian` draws networks whatever the feature.

mod decoder;
mod diffusion;
mod flow_matching;
mod gauge;
mod gauged;
mod gaussian;
mod scale;
#[cfg(test)]
mod tests;

pub use decoder::Decoder;
pub use diffusion::{Denoiser, Diffusion, Target, Tokens};
pub use flow_matching::FlowMatching;
pub use gauge::Gauge;
pub use gaussian::Gaussian;

use equigen_core::{Error, Result};

fn check_positive(settings: &[(&str, usize)]) -> Result<()> {
    match settings.iter().find(|(_, value)| *value == 0) {
        Some((key, _)) => Err(Error::config(format!("{key}: it must be at least 1"))),
        None => Ok(()),
    }
}

fn check_share(settings: &[(&str, f64)]) -> Result<()> {
    match settings.iter().find(|(_, value)| !(value.is_finite() && *value >= 0.0)) {
        Some((key, value)) => Err(Error::config(format!("{key}: {value} is negative or not finite"))),
        None => Ok(()),
    }
}
