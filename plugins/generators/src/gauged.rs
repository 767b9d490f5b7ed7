//! A denoiser in a gauge: what diffusion and flow matching share.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use equigen_core::decoder::{FunctionSpace, WeightDecoder};
use equigen_core::learner::Learner;
use equigen_core::nn::Init;
use equigen_core::seed::Rng;
use equigen_core::{Error, GeneratorBatch, GeneratorContext, Result, Term, Weights};

use crate::decoder::noisy;
use crate::diffusion::{Denoiser, Net, Question};
use crate::gauge::Gauge;
use crate::scale::Scale;
use crate::{check_positive, check_share};

/// The settings that all generators in a gauge have, under these names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) state_scale: f64,
    pub(crate) function_space: f64,
    pub(crate) feature_space: f64,
    pub(crate) weight_space: f64,
    pub(crate) points: usize,
    pub(crate) feature_noise: f64,
}

/// Everything that is trained, or stored with it.
#[derive(Module, Debug)]
pub(crate) struct Parts {
    decoder: Option<WeightDecoder>,
    denoiser: Net,
    /// `[1, parameters]`: mean and deviation of the decoder's weights over many networks.
    centre: Param<Tensor<2>>,
    spread: Param<Tensor<2>>,
}

/// A denoiser in training, with the gauge that it works in. The *state* is what noise is added to: weights in the
/// gauge, normalised, times `state_scale`.
#[derive(Debug)]
pub(crate) struct Gauged {
    pub(crate) learner: Learner<Parts>,
    /// The decoder as it is when its phase has ended: a constant from then on.
    frozen: Option<WeightDecoder>,
    /// Progress up to which only the decoder learns.
    first: f64,
    pub(crate) scale: Scale,
    function_space: FunctionSpace,
    settings: Settings,
}

/// Networks over which the moments of the decoder's weights are taken, at most.
const MOMENTS_OVER: usize = 4096;

/// A denoiser's answer.
pub(crate) struct Answer {
    /// What it says, in the terms of its target; the clean state, in the gauge of a decoder.
    prediction: Tensor<2>,
    /// The clean state that this means.
    pub(crate) clean: Tensor<2>,
    /// The network that this means.
    pub(crate) network: Weights,
    /// The predicted feature, in the gauge of a decoder.
    pub(crate) feature: Option<Tensor<2>>,
}

/// A value in place of an old one: on its device, and no more a variable than that.
fn like(old: &Tensor<2>, value: Tensor<2>) -> Tensor<2> {
    if old.device().is_autodiff() { Tensor::from_inner(value) } else { value }
}

impl Gauged {
    /// A fresh one.
    ///
    /// # Errors
    /// If a setting is out of range.
    pub(crate) fn new(
        context: &GeneratorContext,
        gauge: &Gauge,
        denoiser: &Denoiser,
        settings: Settings,
    ) -> Result<Self> {
        let Settings { state_scale, function_space, feature_space, weight_space, points, feature_noise } = settings;
        check_positive(&[("points", points)])?;
        check_share(&[
            ("function_space", function_space),
            ("feature_space", feature_space),
            ("weight_space", weight_space),
            ("feature_noise", feature_noise),
        ])?;
        if !(state_scale.is_finite() && state_scale > 0.0) {
            return Err(Error::config(format!("state_scale: {state_scale} is not above 0")));
        }
        let GeneratorContext { inr, layout, dim, device, seed, .. } = context;
        let mut init = Init::new(*seed, device);
        let (decoder, outputs, first) = match *gauge {
            Gauge::Fitted { .. } => (None, layout.parameters(), 0.0),
            Gauge::Decoder { hidden, depth, first } => {
                check_positive(&[("gauge.hidden", hidden), ("gauge.depth", depth)])?;
                if !(0.0..1.0).contains(&first) {
                    return Err(Error::config(format!("gauge.first: {first} is no share from 0 to below 1")));
                }
                let decoder = WeightDecoder::new(&**inr, layout, (*dim, hidden, depth), *seed, &mut init);
                (Some(decoder), *dim, first)
            }
        };
        let denoiser = denoiser.build(layout, *dim, outputs, &mut init)?;
        // In the gauge of a decoder both are set when its phase ends.
        let parameters = [1, layout.parameters()];
        let centre = init.constant(parameters, 0.0).set_require_grad(false);
        let spread = init.constant(parameters, 1.0).set_require_grad(false);
        Ok(Self {
            learner: Learner::new(Parts { decoder, denoiser, centre, spread }),
            frozen: None,
            first,
            scale: Scale::new(context, matches!(gauge, Gauge::Fitted { each: true })),
            function_space: FunctionSpace { inr: inr.clone(), points },
            settings,
        })
    }

    /// See [`equigen_core::GeneratorModel::phases`].
    pub(crate) fn phases(&self) -> Vec<f64> {
        if self.first > 0.0 { vec![self.first] } else { Vec::new() }
    }

    /// Ends the decoder's phase where it is over; see [`equigen_core::GeneratorModel::prepare`].
    pub(crate) fn prepare(&mut self, step: usize, steps: usize, features: &dyn Fn() -> Tensor<2>) {
        let begins = (self.first * steps as f64).ceil() as usize;
        if step < begins || self.frozen.is_some() {
            return;
        }
        // From here on the decoder stands still.
        let Some(decoder) = self.learner.averaged().decoder.map(Module::no_grad) else { return };
        let moments = (step == begins).then(|| self.moments(&decoder, features()));
        let frozen = decoder.clone();
        let freeze = |parts: Parts| match moments {
            Some((mean, deviation)) => Parts {
                decoder: Some(frozen),
                centre: parts.centre.map(|old| like(&old, mean)),
                spread: parts.spread.map(|old| like(&old, deviation)),
                ..parts
            },
            None => Parts { decoder: Some(frozen), ..parts },
        };
        if step == begins {
            self.learner.restart(freeze)
        } else {
            self.learner.update(freeze)
        }
        self.frozen = Some(decoder);
    }

    /// The loss of the decoder's phase, while it lasts.
    pub(crate) fn decoder_loss(&self, batch: &GeneratorBatch<'_>, rng: &mut Rng) -> Option<Term> {
        let (Some(decoder), None) = (&self.learner.module().decoder, &self.frozen) else { return None };
        let features = noisy(&batch.features, self.settings.feature_noise, rng);
        let network = self.decode(decoder, features);
        Some(("decoder", self.function_space.error(&network, &batch.signals, None, rng)))
    }

    /// The state of a batch's networks, a constant.
    pub(crate) fn state(&self, batch: &GeneratorBatch<'_>) -> Tensor<2> {
        let clean = match &self.frozen {
            None => batch.weights.clone(),
            Some(decoder) => self.decode(decoder, batch.features.clone()),
        };
        self.state_of(self.learner.module(), &clean).detach()
    }

    /// Asks the denoiser in training. In gauge `fitted`, `clean` makes the clean state of its output and of the noisy
    /// state.
    pub(crate) fn ask(&self, question: Question, clean: impl FnOnce(Tensor<2>, Tensor<2>) -> Tensor<2>) -> Answer {
        self.answer(self.learner.module(), self.frozen.as_ref(), question, clean)
    }

    /// The same of the averaged denoiser.
    pub(crate) fn ask_averaged(
        &self,
        question: Question,
        clean: impl FnOnce(Tensor<2>, Tensor<2>) -> Tensor<2>,
    ) -> Answer {
        let parts = self.learner.averaged();
        self.answer(&parts, parts.decoder.as_ref(), question, clean)
    }

    /// The weighted losses on an answer; `truth` is what its prediction should have been.
    pub(crate) fn losses(
        &self,
        answer: &Answer,
        truth: Tensor<2>,
        batch: &GeneratorBatch<'_>,
        rng: &mut Rng,
    ) -> Vec<Term> {
        let Settings { function_space, feature_space, weight_space, .. } = self.settings;
        let mut terms = Vec::new();
        if function_space > 0.0 {
            let error = self.function_space.error(&answer.network, &batch.signals, None, rng);
            terms.push(("function-space", error * function_space));
        }
        if let (Some(feature), true) = (&answer.feature, feature_space > 0.0) {
            let error = (feature.clone() - batch.features.clone()).square().mean();
            terms.push(("feature-space", error * feature_space));
        }
        if weight_space > 0.0 {
            let error = (answer.prediction.clone() - truth).square().mean_dim(1).mean();
            terms.push(("weight-space", error * weight_space));
        }
        terms
    }

    fn answer(
        &self,
        parts: &Parts,
        decoder: Option<&WeightDecoder>,
        question: Question,
        clean: impl FnOnce(Tensor<2>, Tensor<2>) -> Tensor<2>,
    ) -> Answer {
        let (x_t, condition) = (question.x_t.clone(), question.condition.clone());
        let output = parts.denoiser.answer(question);
        match decoder {
            None => {
                let clean = clean(output.clone(), x_t);
                let network = self.scale.network(clean.clone() / self.settings.state_scale);
                Answer { prediction: output, clean, network, feature: None }
            }
            Some(decoder) => {
                let feature = condition + output;
                let network = self.decode(decoder, feature.clone());
                let clean = self.state_of(parts, &network);
                Answer { prediction: clean.clone(), clean, network, feature: Some(feature) }
            }
        }
    }

    fn state_of(&self, parts: &Parts, weights: &Weights) -> Tensor<2> {
        let state = match parts.decoder {
            None => self.scale.normalised(weights),
            Some(_) => (weights.values().clone() - parts.centre.val()) / parts.spread.val(),
        };
        state * self.settings.state_scale
    }

    fn decode(&self, decoder: &WeightDecoder, features: Tensor<2>) -> Weights {
        decoder.decode(features, &self.scale.deviation, &self.scale.layout)
    }

    /// Mean and deviation of every weight over networks decoded from these features.
    fn moments(&self, decoder: &WeightDecoder, features: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let most = features.dims()[0].min(MOMENTS_OVER);
        let values = self.decode(decoder, features.slice_dim(0, 0..most)).values().clone().inner();
        let (variance, mean) = values.var_mean(0);
        (mean, variance.sqrt() + 1e-6)
    }
}
