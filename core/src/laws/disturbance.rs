//! Disturbances leave features alone at level 0 and follow the seed.

use super::{Case, Law, Verdict};
use crate::{Disturbance, FeatureBank, seed};

/// All laws of a disturbance.
pub fn laws(disturbance: &dyn Disturbance) -> Vec<Law<'_>> {
    vec![Law::new("level 0 is nothing, others follow the seed", |case| follows_level_and_seed(disturbance, case))]
}

/// Level 0 leaves features exactly; any other moves them, finitely, the same way for the same seed.
pub fn follows_level_and_seed(disturbance: &dyn Disturbance, case: &Case) -> Verdict {
    let (dim, source, rows) = (case.channels + 4, 24, case.networks);
    let mut rng = case.rng("features");
    let classes = (0..source).map(|i| i % 3).collect();
    let bank = FeatureBank::new(seed::normal(&mut rng, source * dim), classes, dim);
    let before = seed::normal(&mut rng, rows * dim);
    let moved = |level: f32, purpose: &str| {
        let mut rows = before.clone();
        disturbance.disturb(&mut rows, &vec![level; case.networks], &bank, &mut case.rng(purpose)).map(|()| rows)
    };
    let (Ok(still), Ok(first), Ok(again)) = (moved(0.0, "0"), moved(1.0, "0"), moved(1.0, "0")) else {
        return Verdict::Refused;
    };
    // A few seeds may pick the same of few directions.
    let ignored = || (1..20).all(|i| moved(1.0, &i.to_string()).is_ok_and(|other| other == first));
    let wrong = if still != before {
        Some("level 0 moves features")
    } else if !first.iter().all(|value| value.is_finite()) {
        Some("a moved feature is not finite")
    } else if first != again || first == before || ignored() {
        Some("moves do not follow the seed")
    } else {
        None
    };
    Verdict::of(wrong.map(str::to_owned))
}
