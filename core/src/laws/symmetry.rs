//! Symmetries are groups, and preserve the function.

use super::{Case, Law, Verdict, device, difference};
use crate::action::{Element, apply};
use crate::{Symmetry, Weights};

/// All laws of a symmetry.
pub fn laws(symmetry: &dyn Symmetry) -> Vec<Law<'_>> {
    vec![
        Law::new("identity, inverse and composition", |case| group(symmetry, Element::compose, case)),
        Law::new("preserves: function", |case| preserves_function(symmetry, case)),
        Law::new("acts where it says", |case| acts_where_it_says(symmetry, case)),
        Law::new("elements follow the seed", |case| follows_the_seed(symmetry, case)),
    ]
}

/// One element per network of the case, if the symmetry acts on its layout.
pub fn elements(symmetry: &dyn Symmetry, case: &Case, purpose: &str) -> Option<Vec<Element>> {
    let (layout, mut rng) = (case.layout(), case.rng(purpose));
    (0..case.networks).map(|_| symmetry.sample(&layout, &mut rng).ok()).collect()
}

/// `1·w = w`, `g⁻¹·(g·w) = w` and `(g ∘ h)·w = g·(h·w)`, to 1e-5. `compose` makes `g ∘ h`.
pub fn group(symmetry: &dyn Symmetry, compose: impl Fn(&Element, &Element) -> Element, case: &Case) -> Verdict {
    let (Some(g), Some(h)) = (elements(symmetry, case, "g"), elements(symmetry, case, "h")) else {
        return Verdict::Refused;
    };
    let weights = case.weights(&device());
    let acted = |elements: &[Element], weights: &Weights| apply(elements, weights);
    let same = |what: &str, got: Weights, expected: &Weights| {
        difference(&got.to_host(), &expected.to_host(), 1e-5).map(|wrong| format!("{what}: {wrong}"))
    };
    let identity = vec![Element::identity(&case.layout()); case.networks];
    let inverse: Vec<Element> = g.iter().map(Element::inverse).collect();
    let both: Vec<Element> = g.iter().zip(&h).map(|(g, h)| compose(g, h)).collect();
    let wrong = same("the identity moves weights", acted(&identity, &weights), &weights)
        .or_else(|| same("an inverse does not undo", acted(&inverse, &acted(&g, &weights)), &weights))
        .or_else(|| {
            same("composition is not one after the other", acted(&both, &weights), &acted(&g, &acted(&h, &weights)))
        });
    Verdict::of(wrong)
}

/// `f(g·w) = f(w)`, in double precision to 1e-4: the moved weights are rounded to single precision.
pub fn preserves_function(symmetry: &dyn Symmetry, case: &Case) -> Verdict {
    let Some(elements) = elements(symmetry, case, "g") else {
        return Verdict::Refused;
    };
    let (weights, points) = (case.weights(&device()), case.points());
    let moved = case.values_at(&apply(&elements, &weights), &points);
    let wrong = difference(&moved, &case.values_at(&weights, &points), 1e-4);
    Verdict::of(wrong.map(|wrong| format!("the function changes: {wrong}")))
}

/// Layers that it does not act on stay as they are; a layout without any that it acts on is refused.
pub fn acts_where_it_says(symmetry: &dyn Symmetry, case: &Case) -> Verdict {
    let layout = case.layout();
    let acts: Vec<bool> = layout.hidden().iter().map(|hidden| symmetry.acts_on(hidden)).collect();
    match (symmetry.sample(&layout, &mut case.rng("g")), acts.contains(&true)) {
        (Err(_), false) => Verdict::Holds,
        (Err(error), true) => Verdict::Broken(format!("it acts on a layer, and refuses: {error}")),
        (Ok(_), false) => Verdict::Broken("it acts on no layer, and does not say so".to_owned()),
        (Ok(element), true) => {
            let identity = Element::identity(&layout);
            let moved = |layer: &usize| !acts[*layer] && element.0[*layer] != identity.0[*layer];
            let wrong = (0..acts.len()).find(moved);
            Verdict::of(wrong.map(|layer| format!("it moves hidden layer {layer}, on which it does not act")))
        }
    }
}

/// One stream gives one element, and of 20 streams not all give the same, where some layer has room for others.
pub fn follows_the_seed(symmetry: &dyn Symmetry, case: &Case) -> Verdict {
    let layout = case.layout();
    if !layout.hidden().iter().any(|hidden| hidden.width >= 4 && symmetry.acts_on(hidden)) {
        return Verdict::Refused;
    }
    let element = |purpose: &str| symmetry.sample(&layout, &mut case.rng(purpose)).ok();
    let first = element("0");
    let wrong = if first != element("0") {
        Some("one stream gives two elements")
    } else if (1..20).all(|i| element(&i.to_string()) == first) {
        Some("20 streams give one element")
    } else {
        None
    };
    Verdict::of(wrong.map(str::to_owned))
}
