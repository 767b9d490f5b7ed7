//! Charts of a run's figures, as SVG.

use std::fmt::Write as _;
use std::path::Path;

use equigen_core::run::Curve;
use equigen_core::stages::Evaluation;
use equigen_core::{Result, files};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 240.0;
const COLOURS: [&str; 7] = ["#3b82c4", "#d9822b", "#4f9d69", "#b0589b", "#8a8d3c", "#777777", "#c0504d"];

/// Wraps what is drawn: a white ground, so that it can be read in a dark theme too.
fn save(body: &str, height: f64, path: &Path) -> Result<()> {
    let (wide, high) = (WIDTH + 90.0, height + 60.0);
    let text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-60 -25 {wide} {high}\" width=\"{wide}\" height=\"{high}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect x=\"-60\" y=\"-25\" width=\"{wide}\" height=\"{high}\" \
         fill=\"white\"/>\n{body}</svg>\n"
    );
    files::write(path, text.as_bytes())
}

fn text(body: &mut String, x: f64, y: f64, anchor: &str, colour: &str, text: &str) {
    _ = writeln!(body, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{text}</text>");
}

fn frame(body: &mut String) {
    _ = writeln!(body, "<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"none\" stroke=\"#999\"/>");
}

/// Loss curves over steps, the loss axis logarithmic.
pub(crate) fn lines(curve: &Curve, path: &Path) -> Result<()> {
    let mut body = String::new();
    frame(&mut body);
    let all = || curve.values.iter().flatten().flatten().map(|value| f64::from(*value).max(1e-6));
    let low = all().fold(f64::INFINITY, f64::min).log10();
    let high = all().fold(0.0, f64::max).log10();
    let y = |value: f64| HEIGHT * (high - value.max(1e-6).log10()) / (high - low).max(1e-9);
    let last = curve.steps.last().copied().unwrap_or(1).max(1) as f64;
    for power in (low.floor() as i32)..=(high.ceil() as i32) {
        let at = y(10f64.powi(power));
        if (0.0..=HEIGHT).contains(&at) {
            _ = writeln!(body, "<path d=\"M0 {at:.1}H{WIDTH}\" stroke=\"#ddd\"/>");
            text(&mut body, -6.0, at + 4.0, "end", "#555", &format!("{}", 10f64.powi(power)));
        }
    }
    for (term, name) in curve.terms.iter().enumerate() {
        let point = |(step, values): (&usize, &Vec<Option<f32>>)| {
            let value = f64::from(values.get(term).copied().flatten()?);
            Some(format!("{:.1},{:.1}", WIDTH * *step as f64 / last, y(value)))
        };
        let points: Vec<String> = curve.steps.iter().zip(&curve.values).filter_map(point).collect();
        let colour = COLOURS[term % COLOURS.len()];
        _ = writeln!(body, "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\"/>", points.join(" "));
        text(&mut body, WIDTH - 8.0, 18.0 + 16.0 * term as f64, "end", colour, name);
    }
    text(&mut body, WIDTH, HEIGHT + 20.0, "end", "#555", &format!("{:.0} steps", last + 1.0));
    text(&mut body, 0.0, -8.0, "start", "#555", "loss (logarithmic)");
    save(&body, HEIGHT, path)
}

/// How many of the values lie in each of 60 equal steps from 0 to their largest.
pub(crate) fn histogram(title: &str, values: &[f64], path: &Path) -> Result<()> {
    let mut body = String::new();
    frame(&mut body);
    let most = values.iter().copied().fold(1.0, f64::max);
    let mut counts = [0usize; 60];
    values.iter().for_each(|value| counts[((value / most * 60.0) as usize).min(59)] += 1);
    let highest = counts.iter().copied().max().unwrap_or(1).max(1) as f64;
    let width = WIDTH / 60.0;
    for (i, count) in counts.iter().enumerate() {
        let (x, height) = (i as f64 * width, HEIGHT * *count as f64 / highest);
        let (top, colour) = (HEIGHT - height, COLOURS[0]);
        _ = writeln!(
            body,
            "<rect x=\"{x:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{height:.1}\" fill=\"{colour}\"/>",
            width - 1.0
        );
    }
    for tick in 0..=4 {
        let share = f64::from(tick) / 4.0;
        text(&mut body, share * WIDTH, HEIGHT + 18.0, "middle", "#555", &format!("{:.0}", share * most));
    }
    text(&mut body, -6.0, 10.0, "end", "#555", &format!("{highest:.0}"));
    text(&mut body, 0.0, -8.0, "start", "#555", title);
    save(&body, HEIGHT, path)
}

/// Each figure of an evaluation, one bar a set, the longest as long as the largest value.
pub(crate) fn bars(evaluation: &Evaluation, path: &Path) -> Result<()> {
    let (mut body, mut y) = (String::new(), 0.0);
    let names: Vec<&String> = evaluation.rows.first().into_iter().flat_map(|row| row.measures.keys()).collect();
    for name in names {
        let value = |row: usize| evaluation.rows[row].measures.get(name).copied().unwrap_or(0.0);
        let most = (0..evaluation.rows.len()).map(value).fold(1e-9, f64::max);
        text(&mut body, -50.0, y + 10.0, "start", "#000", name);
        for (i, row) in evaluation.rows.iter().enumerate() {
            y += 15.0;
            let (length, colour) = (0.5 * WIDTH * value(i) / most, COLOURS[i % COLOURS.len()]);
            _ = writeln!(body, "<rect x=\"180\" y=\"{y}\" width=\"{length:.1}\" height=\"12\" fill=\"{colour}\"/>");
            text(&mut body, 174.0, y + 10.0, "end", "#555", &row.name);
            text(&mut body, 186.0 + length, y + 10.0, "start", "#555", &format!("{:.3}", value(i)));
        }
        y += 26.0;
    }
    save(&body, y - 20.0, path)
}
