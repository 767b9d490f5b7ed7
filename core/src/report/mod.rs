//! The report of a run: one self-contained page, and the same figures as a text table.

mod chart;
mod compare;
mod document;
mod page;
mod sweep;
pub mod viewer;

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

pub use compare::{RunOverview, compare_page, compare_table, differing, runs_table};
pub use document::document;
pub use sweep::{sweep_csv, sweep_page, sweep_table};

use crate::run::{Curve, RunRecord};
use crate::stages::{Evaluation, Samples, Split, Walk};
use crate::surface::Surface;
use crate::{Error, Result, Zoo, files};

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
    /// How surfaces of shapes are made.
    surface: Surface,
    /// The judge and the metrics, as the run's configuration has them.
    protocol: String,
}

/// Writes `report.html` of a finished run.
///
/// # Errors
/// If a stage of the run is missing, or the file cannot be written.
pub fn write(run: &Path) -> Result<()> {
    let curve = |stage: &'static str| Ok((stage, Curve::read(&run.join(stage))?));
    let config = fs_err::read_to_string(run.join("config.toml"))?;
    let table: toml::Table = toml::from_str(&config)
        .map_err(|error| Error::failed(format!("`{}`: {error}", run.join("config.toml").display())))?;
    let surface = table.get("sample").and_then(|sample| sample.get("surface")).cloned();
    let surface = surface.map(Surface::deserialize).transpose();
    let mut curves = ["judge", "pretrain", "train", "adapt"].into_iter().map(curve).collect::<Result<Vec<_>>>()?;
    // A judge that learns nothing has none.
    curves.retain(|(_, curve)| !curve.steps.is_empty());
    let contents = Contents {
        surface: surface.map_err(|error| Error::failed(error.to_string()))?.unwrap_or_default(),
        protocol: ["judge", "evaluate"]
            .iter()
            .filter_map(|key| table.get(*key))
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; "),
        name: run.file_name().map_or_else(|| "run".to_owned(), |name| name.to_string_lossy().into_owned()),
        config,
        record: files::read_json(&run.join("run.json"))?,
        evaluation: Evaluation::read(&run.join("evaluate"))?,
        split: Split::read(&run.join("split"))?,
        zoo: Zoo::load(&run.join("fit/zoo.safetensors"))?,
        samples: Zoo::load(&run.join("sample/weights.safetensors"))?,
        sample_shots: files::read_json(&run.join("sample/samples.json"))?,
        walk: Walk::read(&run.join("sample"))?,
        curves,
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
    let missing = evaluation.not_computed.iter().map(|text| format!("\n{text}"));
    markdown(&lines) + &missing.collect::<String>()
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
