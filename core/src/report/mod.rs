//! The report of a run: one self-contained page, and the same figures as a text table.

mod chart;
mod compare;
mod document;
mod page;
mod sweep;
pub mod viewer;

use std::collections::BTreeSet;
use std::path::Path;

pub use document::document;
pub use compare::{RunOverview, compare_page, compare_table, runs_table};
pub use sweep::{sweep_csv, sweep_page, sweep_table};

use crate::run::{Curve, RunRecord};
use crate::stages::{Evaluation, Samples, Split, Walk};
use crate::{Result, Zoo, device, files, picture};

/// Everything that the page shows.
struct Contents {
    name: String,
    config: String,
    record: RunRecord,
    evaluation: Evaluation,
    split: Split,
    zoo: Zoo,
    samples: Zoo,
    sample_shots: Samples,
    walk: Option<(Walk, Zoo)>,
    curves: Vec<(&'static str, Curve)>,
}

/// Writes `report.html` of a finished run.
///
/// # Errors
/// If a stage of the run is missing, or the file cannot be written.
pub fn write(run: &Path) -> Result<()> {
    let curve = |stage: &'static str| Ok((stage, Curve::read(&run.join(stage))?));
    let contents = Contents {
        name: run.file_name().map_or_else(|| "run".to_owned(), |name| name.to_string_lossy().into_owned()),
        config: fs_err::read_to_string(run.join("config.toml"))?,
        record: files::read_json(&run.join("run.json"))?,
        evaluation: Evaluation::read(&run.join("evaluate"))?,
        split: Split::read(&run.join("split"))?,
        zoo: Zoo::load(&run.join("fit/zoo.safetensors"))?,
        samples: Zoo::load(&run.join("sample/weights.safetensors"))?,
        sample_shots: files::read_json(&run.join("sample/samples.json"))?,
        walk: Walk::read(&run.join("sample"))?,
        curves: ["judge", "pretrain", "train", "adapt"].into_iter().map(curve).collect::<Result<_>>()?,
    };
    files::write(&run.join("report.html"), page::render(&contents)?.as_bytes())
}

/// The names of all figures of a table, in the order of their names.
fn columns(evaluation: &Evaluation) -> BTreeSet<&str> {
    evaluation.rows.iter().flat_map(|row| row.measures.keys().map(String::as_str)).collect()
}

/// A figure with as many decimals as it bears.
fn figure(value: f64) -> String {
    if value.abs() >= 10.0 { format!("{value:.1}") } else { format!("{value:.3}") }
}

/// The table of figures as Markdown, which reads well on a terminal too.
pub fn table(evaluation: &Evaluation) -> String {
    let columns = columns(evaluation);
    let mut lines: Vec<Vec<String>> = Vec::new();
    lines.push(["set"].into_iter().chain(columns.iter().copied()).map(str::to_owned).collect());
    for row in &evaluation.rows {
        let figures =
            columns.iter().map(|name| row.measures.get(*name).map_or_else(String::new, |value| figure(*value)));
        lines.push(std::iter::once(row.name.clone()).chain(figures).collect());
    }
    markdown(&lines)
}

/// Lines of cells as a Markdown table, the first its head, padded so that it reads well on a terminal too.
fn markdown(lines: &[Vec<String>]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..lines[0].len()).map(width).collect();
    let format_line = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths).enumerate();
        let cells = cells.map(|(i, (cell, width))| match i {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = vec![format_line(&lines[0]), format_line(&rule)];
    text.extend(lines[1..].iter().map(format_line));
    text.join("\n")
}

/// Rendered signals of a zoo's rows at a multiple of the native resolution.
fn render_at(zoo: &Zoo, rows: &[usize], factor: usize) -> Result<(crate::Domain, Vec<f32>)> {
    let crate::Domain::Image { height, width, channels } = zoo.domain;
    let domain = crate::Domain::Image { height: height * factor, width: width * factor, channels };
    let device = device::open("flex")?;
    Ok((domain, picture::render(zoo, rows, &domain.grid(), &device)))
}
