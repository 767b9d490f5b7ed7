//! Networks in one gauge: what a finished run makes of the features of each network, fitted to the network's signal again.

use std::ops::Range;

use super::data::Data;
use super::fit::{Source, fit, no_networks, once};
use super::start::Starts;
use crate::config::Condition;
use crate::run::StageContext;
use crate::{EncoderModel, Error, GeneratorModel, Result, host};

/// The stages of a run that re-gauging reads.
pub(crate) const INPUTS: [&str; 4] = ["fit", "split", "pretrain", "train"];
/// Networks decoded at a time.
const BATCH: usize = 64;

/// `decode(encode(w))` of every network of a run, by its encoder and its generator without noise.
///
/// Networks of one function have nearly the same features, whatever their weights, where the encoder respects the symmetries; and
/// near features decode to near weights. So all starts lie in one gauge, and a few steps of fitting leave them there.
pub(super) struct Decoded<'a> {
    context: &'a StageContext<'a>,
    data: Data,
    encoder: Box<dyn EncoderModel>,
    generator: Box<dyn GeneratorModel>,
}

impl<'a> Decoded<'a> {
    fn load(context: &'a StageContext<'a>) -> Result<Self> {
        let data = Data::load(context)?;
        let encoder = data.encoder(context, &context.device)?;
        let generator = data.generator(context, "train", &context.device)?;
        Ok(Self { context, data, encoder, generator })
    }

    /// The networks of these rows, `[rows, parameters]`.
    pub(super) fn of(&self, rows: Range<usize>) -> Vec<f32> {
        let (device, rows) = (&self.context.device, rows.collect::<Vec<_>>());
        let decode = |rows: &[usize]| {
            let features = self.encoder.pooled(&self.data.zoo.weights(rows, device));
            let level = host::tensor(vec![0.0; rows.len()], [rows.len(), 1], device);
            // Without noise nothing is drawn that would matter.
            self.generator.sample(features, level, 0.0, &mut self.context.seed.stream(rows[0] as u64)).to_host()
        };
        rows.chunks(BATCH).flat_map(decode).collect()
    }
}

/// Writes the networks of a run in one gauge into the context's folder, as the stage `fit` does: fits of the same signals, to
/// the quality that the pipeline asks, from decoded starts, and without the maps of `fit.canonical`.
///
/// # Errors
/// As the stage `fit`, and if the run's generator is told nothing of a network.
pub(crate) fn regauge(context: &StageContext<'_>) -> Result<()> {
    if matches!(context.pipeline.train.condition, Condition::None) {
        let text = "train.condition: with `none` the generator decodes no features; run with another, such as `own`";
        return Err(Error::config(text));
    }
    once(context, || {
        let source = Source::Fits(Starts::Decoded(Box::new(Decoded::load(context)?)));
        fit(context, &no_networks(context)?, &source)
    })
}
