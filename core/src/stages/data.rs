//! What several stages load: zoo, split, the frozen encoder, features.

use burn::tensor::Device;
use rayon::prelude::*;

use super::Split;
use super::expand::Families;
use crate::config::Pipeline;
use crate::run::StageContext;
use crate::statistics::Statistics;
use crate::tensors::Tensors;
use crate::{
    AffineMaps, Augmentation, Domain, EncoderContext, EncoderModel, FeatureBank, GeneratorContext, GeneratorModel,
    Result, Seed, TargetSignals, Weights, Zoo, host, picture, seed::Rng, solid,
};

/// The zoo, its split, and the scale of the source networks.
pub(super) struct Data {
    pub(super) zoo: Zoo,
    pub(super) split: Split,
    pub(super) statistics: Statistics,
    /// Networks that were given; rows from here on are deformed kin.
    pub(super) given: usize,
}

/// Points at which a shape is known to losses in function space: of all shapes together, and of each at least and at most. Of
/// few shapes a decoder would learn few points by heart, and be rough between them.
const TRUTH: (usize, usize, usize) = (1 << 23, 1 << 12, 1 << 15);
/// Share of them near the surface.
pub(super) const NEAR: f64 = 0.5;
/// Networks encoded at a time outside training.
pub(super) const ENCODE_BATCH: usize = 256;

impl Data {
    pub(super) fn load(context: &StageContext<'_>) -> Result<Self> {
        let zoo = Zoo::load(&context.input("fit", "zoo.safetensors"))?;
        let split: Split = crate::files::read_json(&context.input("split", "split.json"))?;
        let statistics = Statistics::of(&zoo.layout, split.source.iter().map(|row| zoo.network(*row)));
        Ok(Self { given: zoo.len(), zoo, split, statistics })
    }

    /// A fresh encoder on a device.
    pub(super) fn new_encoder(
        &self,
        pipeline: &Pipeline,
        device: &Device,
        seed: Seed,
    ) -> Result<Box<dyn EncoderModel>> {
        let context = EncoderContext {
            inr: self.zoo.inr.clone(),
            layout: self.zoo.layout.clone(),
            statistics: self.statistics.clone(),
            device: device.clone(),
            seed,
        };
        pipeline.pretrain.encoder.build(&context).map_err(|error| error.within("pretrain.encoder"))
    }

    /// The pre-trained encoder, frozen, on a device.
    pub(super) fn encoder(&self, context: &StageContext<'_>, device: &Device) -> Result<Box<dyn EncoderModel>> {
        let mut encoder = self.new_encoder(context.pipeline, device, Seed::new(0))?;
        encoder.learner().set_parameters(&Tensors::load(&context.input("pretrain", "model.safetensors"))?)?;
        encoder.learner().freeze();
        Ok(encoder)
    }

    /// A fresh generator on a device.
    pub(super) fn new_generator(
        &self,
        pipeline: &Pipeline,
        device: &Device,
        seed: Seed,
    ) -> Result<Box<dyn GeneratorModel>> {
        let context = GeneratorContext {
            inr: self.zoo.inr.clone(),
            layout: self.zoo.layout.clone(),
            statistics: self.statistics.clone(),
            dim: pipeline.pretrain.encoder.dim(),
            device: device.clone(),
            seed,
        };
        pipeline.train.generator.build(&context).map_err(|error| error.within("train.generator"))
    }

    /// The generator of a finished stage, on a device.
    pub(super) fn generator(
        &self,
        context: &StageContext<'_>,
        stage: &str,
        device: &Device,
    ) -> Result<Box<dyn GeneratorModel>> {
        let mut generator = self.new_generator(context.pipeline, device, Seed::new(0))?;
        generator.learner().set_parameters(&Tensors::load(&context.input(stage, "model.safetensors"))?)?;
        Ok(generator)
    }

    /// Pooled features of rows of the zoo, `[rows, dim]`, without autodiff.
    pub(super) fn encode_rows(&self, encoder: &dyn EncoderModel, rows: &[usize], device: &Device) -> Vec<f32> {
        let encode = |rows: &[usize]| host::read(encoder.pooled(&self.zoo.weights(rows, device)));
        rows.chunks(ENCODE_BATCH).flat_map(encode).collect()
    }

    /// The zoo with the expansion appended, and its families. Refuses augmentations of later stages that these networks do not
    /// allow, so that nothing is trained in vain.
    pub(super) fn with_kin(context: &StageContext<'_>) -> Result<(Self, Families)> {
        let mut data = Self::load(context)?;
        let (train, sample) = (&context.pipeline.train, &context.pipeline.sample);
        let one = data.zoo.weights(&[0], &context.device);
        for (key, later) in [("train", &train.augmentations), ("sample", &sample.augmentations)] {
            data.augment(&one, (&format!("{key}.augmentations"), later), &mut context.seed.stream(0))?;
        }
        let kin = Zoo::load(&context.input("expand", "zoo.safetensors"))?;
        let families: Families = crate::files::read_json(&context.input("expand", "families.json"))?;
        data.zoo.values.extend(kin.values);
        data.zoo.items.extend(kin.items);
        Ok((data, families))
    }

    /// What every network of the zoo renders as: the truth of losses in function space. An image on the grid of its signal;
    /// a shape at points that are drawn from `seed`.
    pub(super) fn rendered(&self, device: &Device, seed: Seed) -> Rendered {
        let rows: Vec<usize> = (0..self.zoo.len()).collect();
        match self.zoo.domain {
            domain @ Domain::Image { .. } => {
                Rendered { domain, signals: picture::render(&self.zoo, &rows, &domain.grid(), device) }
            }
            // One network at a time on every core, so on the host.
            Domain::Shape { field, .. } => {
                let (all, least, most) = TRUTH;
                let points = (all / rows.len()).clamp(least, most);
                let signal = |row: usize| {
                    let inside = |points: &[f32]| picture::render(&self.zoo, &[row], points, &Device::flex());
                    solid::signal((points, 0), field, NEAR, &inside, &mut seed.stream(row as u64))
                };
                let signals: Vec<_> = rows.into_par_iter().map(signal).collect();
                Rendered { domain: Domain::Shape { points, tested: 0, field }, signals: signals.concat() }
            }
        }
    }

    /// Networks after augmentations, in order, with the composed map that moved their signals; `key` names them in errors.
    pub(super) fn augment(
        &self,
        weights: &Weights,
        (key, augmentations): (&str, &[Box<dyn Augmentation>]),
        rng: &mut Rng,
    ) -> Result<(Weights, AffineMaps)> {
        let layout = weights.layout().clone();
        let mut maps = AffineMaps::identity(weights.len(), self.zoo.domain.dimensions());
        let mut out = weights.clone();
        for (i, augmentation) in augmentations.iter().enumerate() {
            let draws = augmentation.draw(&layout, out.len(), rng);
            let draws = draws.map_err(|error| error.within(format!("{key}[{i}]")))?;
            out = augmentation.apply(&out, &draws);
            if let Some(map) = augmentation.coordinate_map(&layout, &draws) {
                maps = maps.after(&map);
            }
        }
        Ok((out, maps))
    }

    /// The features of all source networks, from `features [source networks, dim]`.
    pub(super) fn bank(&self, features: Vec<f32>, dim: usize) -> FeatureBank {
        let classes = self.split.source.iter().map(|row| self.split.class(&self.zoo.items[*row].label)).collect();
        FeatureBank::new(features, classes, dim)
    }
}

/// Every network of a zoo, rendered.
pub(super) struct Rendered {
    domain: Domain,
    /// `[n, points, columns]`.
    signals: Vec<f32>,
}

impl Rendered {
    /// The signals of networks of the zoo that were moved by these maps.
    pub(super) fn targets(&self, rows: &[usize], maps: AffineMaps) -> TargetSignals {
        TargetSignals::new(self.domain, host::gather(&self.signals, self.domain.length(), rows), maps)
    }
}
