//! Loss curves as inline SVG.

use maud::{Markup, html};

use crate::run::Curve;

const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 120.0;
/// Colours that keep apart on light and dark grounds.
const COLOURS: [&str; 5] = ["#3b82c4", "#d9822b", "#4f9d69", "#b0589b", "#8a8d3c"];

/// The curve's terms over steps, the loss axis logarithmic.
pub(super) fn draw(curve: &Curve) -> Markup {
    let all = || curve.values.iter().flatten().flatten().map(|value| f64::from(value.abs().max(1e-8)));
    let (low, high) = all().fold((f64::INFINITY, 0f64), |(low, high), value| (low.min(value), high.max(value)));
    let (low, high) = (low.ln(), (high * 1.0001).ln());
    let last = curve.steps.last().copied().unwrap_or(1).max(1) as f64;
    let y = |value: f32| HEIGHT * (high - f64::from(value.abs().max(1e-8)).ln()) / (high - low).max(1e-9);
    let value = |values: &Vec<Option<f32>>, term: usize| values.get(term).copied().flatten();
    let line = |term: usize| {
        let points = curve.steps.iter().zip(&curve.values).filter_map(|(step, values)| {
            Some(format!("{:.1},{:.1}", WIDTH * *step as f64 / last, y(value(values, term)?)))
        });
        points.collect::<Vec<_>>().join(" ")
    };
    let final_value = |term: usize| curve.values.iter().rev().find_map(|values| value(values, term));
    html! {
        svg viewBox=(format!("-4 -4 {} {}", WIDTH + 8.0, HEIGHT + 8.0)) role="img" aria-label="loss over steps" {
            rect class="frame" x="0" y="0" width=(WIDTH) height=(HEIGHT) {}
            @for term in 0..curve.terms.len() {
                polyline points=(line(term)) stroke=(COLOURS[term % COLOURS.len()]) {}
            }
        }
        p.legend {
            @for (term, name) in curve.terms.iter().enumerate() {
                span style=(format!("--colour:{}", COLOURS[term % COLOURS.len()])) {
                    (name) " " (final_value(term).map_or_else(String::new, |value| super::figure(f64::from(value))))
                }
            }
            span.axis { (format!("{:.3} to {:.3} (log), {} steps", low.exp(), high.exp(), last + 1.0)) }
        }
    }
}
