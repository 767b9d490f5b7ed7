//! The table of a sweep: Markdown, CSV, and a page with a picture of each run's samples.

use std::collections::BTreeSet;
use std::path::Path;

use maud::html;

use super::document::{data_uri, document};
use super::{figure, markdown};
use crate::Result;
use crate::sweep::{Sweep, SweepRow, Variant};

/// Head and lines of cells: choices, then figures with their spread over seeds.
fn lines(sweep: &Sweep, rows: &[SweepRow]) -> Vec<Vec<String>> {
    let names: BTreeSet<&String> = rows.iter().flat_map(|row| row.mean.keys()).collect();
    let head = sweep.axis.iter().map(|axis| axis.name.clone()).chain(names.iter().map(|name| (*name).clone()));
    let mut lines = vec![head.collect::<Vec<String>>()];
    for row in rows {
        let cell = |name: &&String| match (row.mean.get(*name), row.deviation.get(*name)) {
            (Some(mean), Some(deviation)) => format!("{} ± {}", figure(*mean), figure(*deviation)),
            (Some(mean), None) => figure(*mean),
            _ => String::new(),
        };
        lines.push(row.choices.iter().cloned().chain(names.iter().map(cell)).collect());
    }
    lines
}

/// The table as Markdown.
pub fn sweep_table(sweep: &Sweep, rows: &[SweepRow]) -> String {
    markdown(&lines(sweep, rows))
}

/// The table as CSV, mean and standard deviation in columns of their own.
pub fn sweep_csv(sweep: &Sweep, rows: &[SweepRow]) -> String {
    let names: BTreeSet<&String> = rows.iter().flat_map(|row| row.mean.keys()).collect();
    let quoted = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
    let mut head: Vec<String> = sweep.axis.iter().map(|axis| quoted(&axis.name)).collect();
    head.push("runs".to_owned());
    head.extend(names.iter().flat_map(|name| [(*name).clone(), format!("{name} deviation")]));
    let mut text = vec![head.join(",")];
    for row in rows {
        let mut cells: Vec<String> = row.choices.iter().map(quoted).collect();
        cells.push(row.runs.to_string());
        let number = |value: Option<&f64>| value.map_or_else(String::new, f64::to_string);
        cells.extend(names.iter().flat_map(|name| [number(row.mean.get(*name)), number(row.deviation.get(*name))]));
        text.push(cells.join(","));
    }
    text.join("\n") + "\n"
}

/// One self-contained page: the table, and the first samples of each run that generated some.
///
/// # Errors
/// If a run's picture cannot be read.
pub fn sweep_page(sweep: &Sweep, rows: &[SweepRow], folder: &Path, variants: &[Variant]) -> Result<String> {
    let lines = lines(sweep, rows);
    let mut pictures = Vec::new();
    for variant in variants {
        let picture = folder.join(variant.name()).join("sample/all.png");
        if picture.is_file() {
            pictures.push((variant.name(), data_uri(&fs_err::read(picture)?)));
        }
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let body = html! {
                h1 { (name) }
                p.soft { "A sweep of " (sweep.pipeline.display()) ", " (variants.len()) " runs. Stages that two runs share were done once." }
                div.scroll {
                    table {
                        thead { tr { @for cell in &lines[0] { th { (cell) } } } }
                        tbody { @for line in &lines[1..] { tr { @for cell in line { td { (cell) } } } } }
                    }
                }
                @if !pictures.is_empty() {
                    h2 { "Generated" }
                    p.soft { "All samples of each run, in order; none is chosen by hand." }
                    @for (name, picture) in &pictures {
                        figure { img src=(picture) alt=(name); figcaption { (name) } }
                    }
                }
                h2 { "Sweep" }
                pre { (toml::to_string_pretty(sweep).unwrap_or_default()) }
    };
    Ok(document(&name, &body))
}
