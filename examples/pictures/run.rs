//! A finished run, opened to be looked at.

use std::path::Path;

use burn::tensor::Device;
use equigen_core::config::{LoadOptions, Pipeline, load};
use equigen_core::registry::Registry;
use equigen_core::stages::Split;
use equigen_core::statistics::Statistics;
use equigen_core::tensors::Tensors;
use equigen_core::{
    Domain, EncoderContext, EncoderModel, FeatureBank, GeneratorContext, GeneratorModel, Result, Seed, Zoo, device,
    host, picture,
};

/// Networks encoded at a time.
const BATCH: usize = 256;

/// The run's networks, its encoder and its adapted generator.
pub(crate) struct Run {
    pub(crate) pipeline: Pipeline,
    pub(crate) registry: Registry,
    pub(crate) device: Device,
    pub(crate) zoo: Zoo,
    pub(crate) split: Split,
    pub(crate) encoder: Box<dyn EncoderModel>,
    pub(crate) generator: Box<dyn GeneratorModel>,
}

impl Run {
    /// Opens a run that has every stage.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let registry = Registry::collect()?;
        let pipeline = load(&folder.join("config.toml"), &LoadOptions::default(), &registry)?;
        let device = device::open("flex")?;
        let zoo = Zoo::load(&folder.join("fit/zoo.safetensors"))?;
        let split = Split::read(&folder.join("split"))?;
        let statistics = Statistics::of(&zoo.layout, split.source.iter().map(|row| zoo.network(*row)));
        let (inr, layout, seed) = (zoo.inr.clone(), zoo.layout.clone(), Seed::new(0));
        let context = EncoderContext {
            inr: inr.clone(),
            layout: layout.clone(),
            statistics: statistics.clone(),
            device: device.clone(),
            seed,
        };
        let mut encoder = pipeline.pretrain.encoder.build(&context)?;
        encoder.learner().set_parameters(&Tensors::load(&folder.join("pretrain/model.safetensors"))?)?;
        let dim = pipeline.pretrain.encoder.dim();
        let context = GeneratorContext { inr, layout, statistics, dim, device: device.clone(), seed };
        let mut generator = pipeline.train.generator.build(&context)?;
        generator.learner().set_parameters(&Tensors::load(&folder.join("adapt/model.safetensors"))?)?;
        Ok(Self { pipeline, registry, device, zoo, split, encoder, generator })
    }

    /// What networks of the zoo render as on a square grid, `[rows, side * side]`.
    pub(crate) fn render(&self, rows: &[usize], side: usize) -> Vec<f32> {
        picture::render(&self.zoo, rows, &Domain::grid_of(side, side), &self.device)
    }

    /// The same of networks that are given flat, one after the other.
    pub(crate) fn render_values(&self, values: Vec<f32>, side: usize) -> Vec<f32> {
        let count = values.len() / self.zoo.layout.parameters();
        let zoo = self.zoo.with_networks(values, vec![self.zoo.items[0].clone(); count]);
        let rows: Vec<usize> = (0..count).collect();
        picture::render(&zoo, &rows, &Domain::grid_of(side, side), &self.device)
    }

    /// Features ψ of networks of the zoo, `[rows, dim]`.
    pub(crate) fn features(&self, rows: &[usize]) -> Vec<f32> {
        let encode = |rows: &[usize]| host::read(self.encoder.pooled(&self.zoo.weights(rows, &self.device)));
        rows.chunks(BATCH).flat_map(encode).collect()
    }

    /// Places of so many networks of all classes in `split.judge_test`, which is ordered by class; no model was trained on them.
    pub(crate) fn spread(&self, count: usize) -> Vec<usize> {
        (0..count).map(|i| (2 * i + 1) * self.split.judge_test.len() / (2 * count)).collect()
    }

    /// Rows of the zoo at those places.
    pub(crate) fn held_out(&self, count: usize) -> Vec<usize> {
        self.spread(count).into_iter().map(|place| self.split.judge_test[place]).collect()
    }

    /// The features of the source networks.
    pub(crate) fn bank(&self) -> FeatureBank {
        let classes = self.split.source.iter().map(|row| self.split.class(&self.zoo.items[*row].label)).collect();
        FeatureBank::new(self.features(&self.split.source), classes, self.pipeline.pretrain.encoder.dim())
    }
}
