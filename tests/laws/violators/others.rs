//! A metric, an objective, disturbances and deformations with a fault. Their laws take little of a case but its seed:
//! one neuron of one network is enough.

use equigen_core::laws::{deformation, disturbance, metric, objective};
use equigen_core::learner::{Learner, Trainable};
use equigen_core::nn::{Init, Linear};
use equigen_core::{
    Comparison, CoordinateMap, Deformation, Disturbance, FeatureBank, Judgement, Measure, Metric, Objective,
    ObjectiveContext, ObjectiveModel, Result, Term, Views, seed, seed::Rng,
};
use serde::{Deserialize, Serialize};

use super::caught;

/// Looks at the first signal of a set only.
#[derive(Debug, Serialize, Deserialize)]
struct FirstSignal {}

#[typetag::serde(name = "violator-metric")]
impl Metric for FirstSignal {
    fn measure(&self, of: &Judgement, _with: &Comparison<'_>) -> Result<Vec<Measure>> {
        Ok(vec![Measure { name: "first-signal", value: f64::from(of.feature(0)[0]) }])
    }
}

#[test]
fn a_metric_that_knows_the_order_is_caught() {
    caught(&metric::laws(&FirstSignal {}), "finite, and blind to order", &[1], 1);
}

/// Trains its own head on features that it takes for constants.
#[derive(Debug, Serialize, Deserialize)]
struct TrainsItsHeadOnly {}

#[typetag::serde(name = "violator-objective")]
impl Objective for TrainsItsHeadOnly {
    fn build(&self, context: &ObjectiveContext) -> Result<Box<dyn ObjectiveModel>> {
        let head = Linear::new(context.dim, 1, &mut Init::new(context.seed, &context.device));
        Ok(Box::new(Head { learner: Learner::new(head) }))
    }
}

struct Head {
    learner: Learner<Linear>,
}

impl ObjectiveModel for Head {
    fn loss(&self, views: &Views, _rng: &mut Rng) -> Term {
        let features = views.original_features.clone().detach();
        ("head", self.learner.module().forward(features).square().mean())
    }

    fn learner(&mut self) -> &mut dyn Trainable {
        &mut self.learner
    }
}

#[test]
fn an_objective_without_a_gradient_in_the_features_is_caught() {
    let laws = objective::laws(&TrainsItsHeadOnly {});
    let wrong = caught(&laws, "finite, repeats, and reaches the features", &[1], 1);
    assert!(wrong.contains("gradient in the features"), "{wrong}");
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Disturbing {
    /// Moves features by a little more than the level.
    MovesAtRest,
    /// Moves them the same way each time.
    IgnoresItsSeed,
}

#[typetag::serde(name = "violator-disturbance")]
impl Disturbance for Disturbing {
    fn disturb(&self, rows: &mut [f32], level: &[f32], bank: &FeatureBank, rng: &mut Rng) -> Result<()> {
        let (moves, rest) = match self {
            Self::MovesAtRest => (seed::normal(rng, rows.len()), 0.01_f32),
            Self::IgnoresItsSeed => (vec![1.0; rows.len()], 0.0),
        };
        for ((row, moves), level) in rows.chunks_mut(bank.dim).zip(moves.chunks(bank.dim)).zip(level) {
            row.iter_mut().zip(moves).for_each(|(value, by)| *value += (level + rest) * by);
        }
        Ok(())
    }

    fn scale(&self) -> f64 {
        1.0
    }
}

#[test]
fn disturbances_that_ignore_level_or_seed_are_caught() {
    for (planted, expected) in [
        (Disturbing::MovesAtRest, "level 0 moves features"),
        (Disturbing::IgnoresItsSeed, "moves do not follow the seed"),
    ] {
        let laws = disturbance::laws(&planted);
        assert_eq!(caught(&laws, "level 0 is nothing, others follow the seed", &[1], 1), expected);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Deforming {
    /// Takes the root of coordinates, half of which are negative.
    TakesRoots,
    /// Moves points by the same each time.
    IgnoresItsSeed,
}

#[typetag::serde(name = "violator-deformation")]
impl Deformation for Deforming {
    fn draw(&self, _dimensions: usize, _level: f64, _rng: &mut Rng) -> Result<CoordinateMap> {
        let map: CoordinateMap = match self {
            Self::TakesRoots => Box::new(|point: &mut [f32]| point.iter_mut().for_each(|x| *x = x.sqrt())),
            Self::IgnoresItsSeed => Box::new(|point: &mut [f32]| point.iter_mut().for_each(|x| *x += 0.1)),
        };
        Ok(map)
    }
}

#[test]
fn deformations_that_are_not_finite_or_ignore_the_seed_are_caught() {
    for (planted, expected) in
        [(Deforming::TakesRoots, "an image is not finite"), (Deforming::IgnoresItsSeed, "20 seeds give one map")]
    {
        assert_eq!(caught(&deformation::laws(&planted), "finite, and follows the seed", &[1], 1), expected);
    }
}
