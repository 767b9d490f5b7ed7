//! Where fits start: from draws of their own, from one draw, from a start that was learned on some source signals, or from what
//! a finished run decodes.

use std::ops::Range;

use super::regauge::Decoded;
use crate::config::Init;
use crate::run::{StageContext, in_signals};
use crate::seed;
use crate::{Error, FitJob, Inr, Layout, Result, Seed, Zoo};

/// Source signals of which a meta start is made.
const SIGNALS: usize = 64;
/// Rounds of fits from one start to their mean.
const ROUNDS: usize = 40;
/// Steps of each fit. Few: a mean of networks that went far apart is like none of them, and was worse than a draw.
const STEPS: usize = 2;
/// How far the first round moves the start towards the mean; it falls linearly, to 0 after the last.
const RATE: f64 = 1.0;

/// The starts of a stage's fits.
pub(super) enum Starts<'a> {
    /// Draws of a seed, one for each.
    Own(&'a dyn Inr, &'a Layout, Seed),
    /// One for all.
    One(Vec<f32>),
    /// Each network as a finished run decodes it.
    Decoded(Box<Decoded<'a>>),
}

impl<'a> Starts<'a> {
    /// As `fit.init` asks, for networks like those of `none`. The same in every shard: a meta start depends on the data set,
    /// the target and the seed only.
    pub(super) fn new(context: &StageContext<'_>, none: &'a Zoo) -> Result<Self> {
        let own = Self::Own(&*none.inr, &none.layout, context.seed.split("init"));
        Ok(match context.pipeline.fit.init {
            Init::Independent => own,
            Init::Shared => Self::One(own.of(0..1)),
            Init::Meta => Self::One(meta(context, none, own.of(0..1))?),
        })
    }

    /// The starts of the fits of these signals, `[rows, parameters]`.
    pub(super) fn of(&self, rows: Range<usize>) -> Vec<f32> {
        match self {
            Self::Own(inr, layout, seed) => {
                rows.flat_map(|row| inr.initialise(layout, &mut seed.stream(row as u64))).collect()
            }
            Self::One(start) => start.repeat(rows.len()),
            Self::Decoded(decoded) => decoded.of(rows),
        }
    }
}

/// Reptile (Nichol et al. 2018), which Tancik et al. 2021 ("Learnit") use for the starts of INRs: fits of some steps from one
/// start, which then moves towards the mean of what they reached. Here every round fits all signals at once, by the fitter
/// and to the quality of the pipeline.
fn meta(context: &StageContext<'_>, none: &Zoo, mut start: Vec<f32>) -> Result<Vec<f32>> {
    let fit = &context.pipeline.fit;
    let targets = source_signals(context)?;
    let n = targets.len() / none.domain.length();
    for round in 0..ROUNDS {
        let fitted = fit.fitter.fit(FitJob {
            inr: &*none.inr,
            layout: &none.layout,
            domain: none.domain,
            targets: &targets,
            initial: start.repeat(n),
            stop: fit.stop(&none.domain, None),
            max_steps: STEPS,
            seed: context.seed.split("meta").split(&round.to_string()),
            first: 0,
            device: context.device.clone(),
            progress: &|_| (),
        })?;
        if fitted.quality.iter().any(|quality| quality.is_nan()) {
            return Err(Error::failed("fit.init: a fit of the meta start diverged: lower the fitter's learning rate"));
        }
        let rate = RATE * (1.0 - round as f64 / ROUNDS as f64);
        for (i, value) in start.iter_mut().enumerate() {
            let reached = fitted.weights.iter().skip(i).step_by(none.layout.parameters());
            let mean = reached.map(|weight| f64::from(*weight)).sum::<f64>() / n as f64;
            *value = (f64::from(*value) + rate * (mean - f64::from(*value))) as f32;
        }
        context.progress(round + 1, ROUNDS, "rounds of the meta start");
    }
    Ok(start)
}

/// Some signals of the source classes, drawn among all that the pipeline uses. None of the target class: a start that had
/// seen more than its shots would carry what nothing in training may see.
fn source_signals(context: &StageContext<'_>) -> Result<Vec<f32>> {
    let (mut signals, count) = context.open_signals()?;
    let target = &context.pipeline.data.target.0;
    let source: Vec<usize> = (0..count).filter(|row| signals.label(*row) != *target).collect();
    if source.is_empty() {
        let text = format!("fit.init: all signals are of class `{target}`, and a meta start is made of others");
        return Err(Error::config(format!("{text}; write `init = \"shared\"`")));
    }
    let order = seed::permutation(&mut context.seed.split("meta").stream(0), source.len());
    let mut rows: Vec<usize> = order.into_iter().take(SIGNALS).map(|i| source[i]).collect();
    rows.sort_unstable();
    let (mut values, mut next) = (Vec::new(), 0);
    for row in rows {
        signals.skip(row - next).map_err(in_signals)?;
        values.extend(signals.read(1).map_err(in_signals)?);
        next = row + 1;
    }
    Ok(values)
}
