//! Deformations move points finitely and follow the seed.

use super::{Case, Law, Verdict};
use crate::{Deformation, seed};

/// All laws of a deformation.
pub fn laws(deformation: &dyn Deformation) -> Vec<Law<'_>> {
    vec![Law::new("finite, and follows the seed", |case| follows_the_seed(deformation, case))]
}

/// Images of points are finite, and the same for the same seed; of 20 seeds not all give the same map.
pub fn follows_the_seed(deformation: &dyn Deformation, case: &Case) -> Verdict {
    let dimensions = case.layout().inputs();
    let points = seed::uniform(&mut case.rng("points"), 7 * dimensions, -1.0, 1.0);
    let images = |purpose: &str| {
        let map = deformation.draw(dimensions, 1.0, &mut case.rng(purpose)).ok()?;
        let mut images = points.clone();
        images.chunks_mut(dimensions).for_each(&map);
        Some(images)
    };
    let (Some(first), Some(again)) = (images("0"), images("0")) else {
        return Verdict::Refused;
    };
    let wrong = if !first.iter().all(|value| value.is_finite()) {
        Some("an image is not finite")
    } else if first != again {
        Some("one seed gives two maps")
    } else if (1..20).all(|i| images(&i.to_string()).as_ref() == Some(&first)) {
        Some("20 seeds give one map")
    } else {
        None
    };
    Verdict::of(wrong.map(str::to_owned))
}
