//! What components are built for, and learn from, with the networks of a case.

use std::sync::Arc;

use burn::tensor::Device;

use super::Case;
use crate::dense::Points;
use crate::{
    AffineMaps, Domain, EncoderContext, GeneratorContext, Inr, ObjectiveContext, Seed, TargetSignals, Weights, host,
};

impl Case {
    /// What an encoder is built for.
    pub fn encoder_context(&self, device: &Device, seed: Seed) -> EncoderContext {
        let (inr, layout) = (Arc::new(self.inr()), self.layout());
        EncoderContext { inr, layout, statistics: self.statistics(), device: device.clone(), seed }
    }

    /// What an objective on features of `dim` numbers is built for.
    pub fn objective_context(&self, dim: usize, device: &Device, seed: Seed) -> ObjectiveContext {
        let (inr, layout) = (Arc::new(self.inr()), self.layout());
        ObjectiveContext { inr, layout, statistics: self.statistics(), dim, device: device.clone(), seed }
    }

    /// What a generator on features of `dim` numbers is built for.
    pub fn generator_context(&self, dim: usize, device: &Device, seed: Seed) -> GeneratorContext {
        let (inr, layout) = (Arc::new(self.inr()), self.layout());
        GeneratorContext { inr, layout, statistics: self.statistics(), dim, device: device.clone(), seed }
    }

    /// What networks of a case on the plane render as, on a grid of 8 x 8, cut to 0 to 1.
    pub fn signals(&self, weights: &Weights) -> TargetSignals {
        let domain = Domain::Image { height: 8, width: 8, channels: self.channels };
        let grid = Points::Shared(host::tensor(domain.grid(), [domain.points(), 2], &weights.device()));
        let rendered = host::read(self.inr().forward(weights, &grid)).into_iter().map(|v| v.clamp(0.0, 1.0)).collect();
        TargetSignals::new(domain, rendered, AffineMaps::identity(weights.len(), 2))
    }
}
