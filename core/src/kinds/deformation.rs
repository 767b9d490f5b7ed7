//! Random coordinate maps that make new signals of old ones.

use std::fmt::Debug;

use super::component_kind;
use crate::registry::Claim;
use crate::{Result, seed::Rng};

/// A drawn coordinate map `φ`: moves a point in place.
pub type CoordinateMap = Box<dyn Fn(&mut [f32]) + Send + Sync>;

/// A distribution over coordinate maps. The networks of a deformed signal `f ∘ φ` are fitted anew, so a map need not be
/// affine, and a deformed network is as good a fit as any. (An [`Augmentation`](super::Augmentation) acts on the weights,
/// at once and exactly, but leaves the fitted coordinates.)
#[typetag::serde(tag = "type")]
pub trait Deformation: Debug + Send + Sync {
    /// Draws one map of coordinates in `[-1, 1]^dimensions`, at a level: 1 is as configured, 0 nothing, and a deformation that
    /// knows no degrees does not answer to it.
    ///
    /// # Errors
    /// If a setting is out of range, or the deformation has no meaning in so many dimensions.
    fn draw(&self, dimensions: usize, level: f64, rng: &mut Rng) -> Result<CoordinateMap>;

    /// What the component promises.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

component_kind!(Deformation);
