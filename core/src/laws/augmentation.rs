//! Augmentations give networks of the same layout, follow their draws, and do what they claim.

use super::{Case, Law, Verdict, device, difference};
use crate::dense::Points;
use crate::registry::Claim;
use crate::{Augmentation, Draws, Weights, host};

/// All laws of an augmentation, by its claims.
pub fn laws(augmentation: &dyn Augmentation) -> Vec<Law<'_>> {
    let mut laws = vec![
        Law::new("keeps layout and finiteness, repeats by its draws", |case| repeats(augmentation, case)),
        Law::new("draws follow the seed", |case| follows_the_seed(augmentation, case)),
    ];
    for claim in augmentation.claims() {
        match claim {
            Claim::PreservesFunction => {
                laws.push(Law::new(claim.to_string(), |case| preserves_function(augmentation, case)));
                laws.push(Law::new("each network alone", |case| acts_on_each_alone(augmentation, case)));
            }
            Claim::MovesSignal => {
                laws.push(Law::new(claim.to_string(), |case| moves_signal(augmentation, case)));
                laws.push(Law::new("each network alone", |case| acts_on_each_alone(augmentation, case)));
            }
            Claim::Approximate | Claim::Respects(_) => {}
        }
    }
    laws
}

/// Draws and applies to the case's networks, if the layout is not refused.
fn augmented(augmentation: &dyn Augmentation, case: &Case) -> Option<(Weights, Draws, Weights)> {
    let weights = case.weights(&device());
    let draws = augmentation.draw(weights.layout(), case.networks, &mut case.rng("draw")).ok()?;
    let out = augmentation.apply(&weights, &draws);
    Some((weights, draws, out))
}

/// As many finite networks of the same layout; the same draws give the same bits.
pub fn repeats(augmentation: &dyn Augmentation, case: &Case) -> Verdict {
    let Some((weights, draws, out)) = augmented(augmentation, case) else {
        return Verdict::Refused;
    };
    let values = out.to_host();
    let wrong = if out.layout() != weights.layout() || out.len() != weights.len() {
        Some(format!("{} networks {} became {} networks {}", weights.len(), weights.layout(), out.len(), out.layout()))
    } else if draws.values.len() != draws.columns * case.networks {
        Some(format!("{} draws for {} networks of {} columns", draws.values.len(), case.networks, draws.columns))
    } else if !values.iter().all(|value| value.is_finite()) {
        Some("a weight is not finite".to_owned())
    } else if augmentation.apply(&weights, &draws).to_host() != values {
        Some("the same draws give another result".to_owned())
    } else {
        None
    };
    Verdict::of(wrong)
}

/// One stream gives one draw; other streams give others, where anything is drawn.
pub fn follows_the_seed(augmentation: &dyn Augmentation, case: &Case) -> Verdict {
    let layout = case.layout();
    let draw = |purpose: &str| augmentation.draw(&layout, case.networks, &mut case.rng(purpose)).ok();
    let Some(first) = draw("stream 0") else {
        return Verdict::Refused;
    };
    let others: Vec<Draws> = (1..5).filter_map(|i| draw(&format!("stream {i}"))).collect();
    let wrong = if draw("stream 0").as_ref() != Some(&first) {
        Some("one stream gives two draws")
    } else if first.columns > 0 && others.iter().all(|other| *other == first) {
        Some("five streams give one draw: the seed is ignored")
    } else {
        None
    };
    Verdict::of(wrong.map(str::to_owned))
}

/// `f(w') = f(w)`, in double precision to 1e-4.
pub fn preserves_function(augmentation: &dyn Augmentation, case: &Case) -> Verdict {
    let Some((weights, _, out)) = augmented(augmentation, case) else {
        return Verdict::Refused;
    };
    let points = case.points();
    let wrong = difference(&case.values_at(&out, &points), &case.values_at(&weights, &points), 1e-4);
    Verdict::of(wrong.map(|wrong| format!("the function changes: {wrong}")))
}

/// `f(w')(x) = f(w)(T x)` at points whose image lies in the domain, in double precision to 1e-4.
pub fn moves_signal(augmentation: &dyn Augmentation, case: &Case) -> Verdict {
    let Some((weights, draws, out)) = augmented(augmentation, case) else {
        return Verdict::Refused;
    };
    let Some(maps) = augmentation.coordinate_map(weights.layout(), &draws) else {
        return Verdict::Broken("it claims to move the signal and gives no coordinate map".to_owned());
    };
    let (images, inside) =
        maps.apply(&Points::Shared(host::tensor(case.points(), [7, weights.layout().inputs()], &device())), &device());
    let (images, inside) = (host::read(images), host::read(inside));
    let (points, length) = (case.points(), images.len() / case.networks);
    for i in 0..case.networks {
        let one = |weights: &Weights, points: &[f32]| case.values_at(&weights.select(&[i]), points);
        let (got, expected) = (one(&out, &points), one(&weights, &images[i * length..(i + 1) * length]));
        let inside = inside[i * 7..(i + 1) * 7].iter().flat_map(|m| std::iter::repeat_n(*m > 0.0, case.channels));
        let both = got.iter().zip(&expected).zip(inside).filter(|(_, inside)| *inside);
        let (got, expected): (Vec<f64>, Vec<f64>) = both.map(|((a, b), _)| (*a, *b)).unzip();
        if let Some(wrong) = difference(&got, &expected, 1e-4) {
            return Verdict::Broken(format!("network {i} is not the old one at the image of the point: {wrong}"));
        }
    }
    Verdict::Holds
}

/// A network's result depends on itself and its own draws, not on the batch around it, to 1e-5.
pub fn acts_on_each_alone(augmentation: &dyn Augmentation, case: &Case) -> Verdict {
    let Some((weights, draws, out)) = augmented(augmentation, case) else {
        return Verdict::Refused;
    };
    let columns = draws.columns;
    for i in 0..case.networks {
        let own = Draws { columns, values: draws.values[i * columns..(i + 1) * columns].to_vec() };
        let alone = augmentation.apply(&weights.select(&[i]), &own).to_host();
        if let Some(wrong) = difference(&out.select(&[i]).to_host(), &alone, 1e-5) {
            return Verdict::Broken(format!("network {i} of {} differs from itself alone: {wrong}", case.networks));
        }
    }
    Verdict::Holds
}
