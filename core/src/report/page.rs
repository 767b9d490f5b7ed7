//! The page itself.

use maud::{Markup, html};
use rayon::prelude::*;

use super::document::{data_uri, document};
use super::viewer::{Shape, sample_viewer, shape_viewer, walk_viewer};
use super::{Contents, chart, columns, figure};
use crate::config::Init;
use crate::surface::Surface;
use crate::{Domain, Result, Zoo, picture};

/// Samples shown one by one, beside their nearest shot; the first ones, not chosen.
const PAIRS: usize = 64;
/// Samples that can be turned, bytes of the page for them, and samples along each axis at most.
const TURNED: (usize, usize, usize) = (24, 3 << 19, 64);
/// Samples shown at more than their resolution.
const LARGE: usize = 8;
/// By how much, the first at which these pictures hold no more values than so many: grey digits take the first. Between the pixels
/// nothing compresses well, and in colour the first would take more than half of what a page may have.
const ENLARGED: [(usize, &str); 3] = [(8, "eight"), (4, "four"), (2, "two")];
const MOST_VALUES: usize = 500_000;
/// Pictures of fewer pixels across are small.
const SMALL: usize = 64;

pub(super) fn render(contents: &Contents) -> Result<String> {
    let Contents { evaluation, split, zoo, samples, .. } = contents;
    let all: Vec<usize> = (0..samples.len()).collect();
    let large: Vec<usize> = (0..samples.len().min(LARGE)).collect();
    let held_large: Vec<usize> = split.ceiling.iter().take(LARGE).copied().collect();
    let (times, word) = enlargement(&zoo.domain);
    let shown = evaluation.count.min(64);
    let walk = match &contents.walk {
        Some((walk, networks)) => walk_viewer(walk, networks, zoo, &split.shots)?,
        None => None,
    };
    let body = html! {
                h1 { (contents.name) }
                p.soft {
                    (evaluation.shots) " shots of class " (evaluation.target) ", " (samples.len())
                    " generated networks at level " (contents.sample_shots.level) "."
                    @if matches!(evaluation.fit.init, Some(Init::Shared | Init::Meta)) {
                        " All fits started from one shared initialisation, which makes generation far easier than the
                          paper's setting."
                    }
                }

                h2 { "Figures" }
                (figures(contents))

                h2 { "Shots" }
                (grid(contents, zoo, &split.shots, 1, 16, "The networks of the target class that training saw.")?)
                h2 { "Held-out items" }
                (grid(contents, zoo, &split.ceiling[..shown], 1, 16, "Real items of the target class that nothing saw, as fitted networks.")?)
                h2 { "Generated" }
                (grid(contents, samples, &all, 1, 16, "All generated networks, in order; none is chosen by hand.")?)

                @if let Some(walk) = &walk {
                    h2 { "Between the shots" }
                    (walk)
                }

                h2 { "Generated, with the nearest shot below" }
                p.soft { "The first " (PAIRS.min(samples.len())) ". Nearest in the judge's features." }
                (pairs(contents)?)
                @if let Some(viewer) = sample_viewer(samples, &evaluation.nearest_shot, zoo, &split.shots) { (viewer) }

                @if zoo.domain.image().is_some() {
                    h2 { "At " (word) " times the resolution" }
                    (grid(contents, samples, &large, times, 4, "Generated networks, evaluated between the pixels that anything was trained on.")?)
                    (grid(contents, zoo, &held_large, times, 4, "Held-out items, as fitted networks.")?)
                } @else {
                    h2 { "To turn" }
                    (turned(contents)?)
                    h2 { "Larger" }
                    (grid(contents, samples, &large, 3, 4, "The first generated networks.")?)
                    (grid(contents, zoo, &held_large, 3, 4, "Held-out items, as fitted networks.")?)
                }

                h2 { "Loss curves" }
                div.charts {
                    @for (stage, curve) in &contents.curves {
                        div { h3 { (stage) } (chart::draw(curve)) }
                    }
                }

                h2 { "Run" }
                (facts(contents))
                h2 { "Configuration" }
                pre { (contents.config) }
    };
    Ok(document(&contents.name, &body))
}

fn figures(contents: &Contents) -> Markup {
    let evaluation = &contents.evaluation;
    let columns = columns(evaluation);
    html! {
        div.scroll {
            table {
                thead { tr { th { "set of " (evaluation.count) } @for name in &columns { th { (name) } } } }
                tbody {
                    @for (i, row) in evaluation.rows.iter().enumerate() {
                        tr.main[i == 0] {
                            td { (row.name) }
                            @for name in &columns { td { (row.measures.get(*name).map_or_else(String::new, |value| figure(*value))) } }
                        }
                    }
                }
            }
        }
        p.soft {
            "Each set is compared with as many real signals that nothing was trained on"
            @match evaluation.judge.accuracy {
                Some(accuracy) => {
                    ", through a classifier of accuracy " (format!("{:.1} %", 100.0 * accuracy)) " on its own test part. Feature
                     distances are this run's own: they compare with no other paper's FID."
                }
                None => { ". Protocol: " (contents.protocol) "." }
            }
            " Diversity and nearest-shot are ratios to real held-out items."
            @for missing in &evaluation.not_computed { br; (missing) }
        }
        dl {
            dt { "diversity for one condition" }
            dd { (figure(evaluation.one_condition_diversity)) " of held-out items': samples of one and the same disturbed feature" }
            @if let Some(speckle) = evaluation.speckle {
                dt { "speckle" }
                dd { (figure(speckle)) " times the held-out fits': total variation at 8 times the resolution over that at the native one" }
            }
        }
    }
}

fn facts(contents: &Contents) -> Markup {
    let (evaluation, record) = (&contents.evaluation, &contents.record);
    let encoder = &evaluation.encoder;
    html! {
        dl {
            dt { "fits" }
            dd {
                (evaluation.fit.networks) " networks " (evaluation.fit.layout) ", "
                @if evaluation.fit.quality.is_empty() { "quality unknown, " }
                @for (name, value) in &evaluation.fit.quality { (name.replace('_', " ")) " " (figure(*value)) ", " }
                (figure(evaluation.fit.mean_steps)) " steps on average, "
                @match evaluation.fit.init {
                    Some(Init::Independent) => "independent starts",
                    Some(Init::Shared) => "one shared start",
                    Some(Init::Meta) => "one start, learned on source signals",
                    None => "taken as they are",
                }
            }
            @if !evaluation.fit.left_out.is_empty() {
                dt { "left out" }
                dd { (evaluation.fit.left_out.len()) " signals that could not be read: " (evaluation.fit.left_out.join("; ")) }
            }
            dt { "classes" }
            dd { (classes(&contents.zoo)) }
            dt { "encoder" }
            dd {
                "linear probe " (figure(encoder.probe_accuracy)) " (flattened weights " (figure(encoder.flat_accuracy))
                "), finds its augmented view among 256 in " (figure(encoder.retrieval)) ", changes by "
                (format!("{:.1e}", encoder.permutation_error)) " under permutations"
            }
            dt { "judge" }
            dd {
                @if evaluation.judge.trained_on == 0 { "learns nothing" } @else {
                    "trained on " (evaluation.judge.trained_on) " real signals, tested on " (evaluation.judge.tested_on)
                }
            }
            dt { "seed, device" }
            dd { (record.seed) ", " (record.device) }
            dt { "versions" }
            dd { "equigen " (record.equigen) ", burn " (record.burn) }
            @for (name, stage) in &record.stages {
                dt { (name) }
                dd {
                    @if let Some(seconds) = stage.seconds { (format!("{seconds:.1} s")) }
                    @if stage.reused { ", from the store" }
                }
            }
        }
    }
}

/// Each class with the number of its networks.
fn classes(zoo: &Zoo) -> String {
    let count = |label: &String| zoo.items.iter().filter(|item| item.label == *label).count();
    zoo.labels().iter().map(|label| format!("{label} {}", count(label))).collect::<Vec<_>>().join(", ")
}

/// One of [`ENLARGED`].
fn enlargement(domain: &Domain) -> (usize, &'static str) {
    let values: usize = domain.image().unwrap_or_default().iter().product();
    let fits = |(times, _): &&(usize, &str)| LARGE * values * times * times <= MOST_VALUES;
    *ENLARGED.iter().find(fits).unwrap_or(&ENLARGED[ENLARGED.len() - 1])
}

/// Pictures of rows of a zoo in one image, as a data URI.
fn grid(
    contents: &Contents,
    zoo: &Zoo,
    rows: &[usize],
    factor: usize,
    columns: usize,
    caption: &str,
) -> Result<Markup> {
    let (domain, signals) = picture::look(zoo, rows, factor, &contents.surface)?;
    let [_, width, _] = domain.image().unwrap_or_default();
    let natural = rows.len().min(columns) * (width + 1) - 1;
    // Small pictures are shown at twice their size.
    let shown = if factor == 1 && width < SMALL { natural * 2 } else { natural };
    Ok(html! {
        figure {
            img.smooth[factor > 1] src=(data_uri(&picture::png(&domain, &signals, columns)?)) width=(shown) alt=(caption);
            figcaption { (caption) }
        }
    })
}

/// Rows of the first samples that were compared, `most` of them, and of the nearest shot of each.
fn compared(contents: &Contents, most: usize) -> (Vec<usize>, Vec<usize>) {
    let Contents { evaluation, split, samples, .. } = contents;
    let count = samples.len().min(most).min(evaluation.nearest_shot.len());
    let rows = (0..count).map(|i| evaluation.compared.get(i).copied().unwrap_or(i)).collect();
    (rows, evaluation.nearest_shot[..count].iter().map(|shot| split.shots[*shot]).collect())
}

/// The surfaces of the first samples, each behind its nearest shot, in a figure that turns them.
fn turned(contents: &Contents) -> Result<Markup> {
    let (count, most, finest) = TURNED;
    let (rows, shots) = compared(contents, count);
    let resolution = contents.surface.resolution.min(finest);
    let surface = Surface { resolution, ..contents.surface.clone() };
    let values = |zoo: &Zoo, rows: &[usize]| -> Result<Vec<Vec<f32>>> {
        rows.par_iter().map(|row| surface.values(zoo, *row)).collect()
    };
    let (samples, nearest) = (values(&contents.samples, &rows)?, values(&contents.zoo, &shots)?);
    let named = |(i, (sample, nearest)): (usize, (Vec<f32>, Vec<f32>))| {
        let shot = contents.evaluation.nearest_shot[i];
        [(format!("sample {i}"), sample), (format!("its nearest shot, {shot}"), nearest)]
    };
    let named: Vec<(String, Vec<f32>)> = samples.into_iter().zip(nearest).enumerate().flat_map(named).collect();
    let shapes = named.iter().map(|(name, values)| Shape { name, resolution, values, level: surface.level });
    shape_viewer(&shapes.collect::<Vec<_>>(), most)
}

fn pairs(contents: &Contents) -> Result<Markup> {
    let (rows, shots) = compared(contents, PAIRS);
    let (domain, samples) = picture::look(&contents.samples, &rows, 1, &contents.surface)?;
    let (_, nearest) = picture::look(&contents.zoo, &shots, 1, &contents.surface)?;
    let length = domain.length();
    let pair = |(sample, shot): (&[f32], &[f32])| {
        let stacked: Vec<f32> = sample.iter().chain(shot).copied().collect();
        picture::png(&domain, &stacked, 1).map(|bytes| data_uri(&bytes))
    };
    // Whole multiples of a pixel, and the border.
    let [_, width, _] = domain.image().unwrap_or_default();
    let width = width * (64 / width.max(1)).max(1) + 2;
    let pictures = samples.chunks(length).zip(nearest.chunks(length)).map(pair).collect::<Result<Vec<_>>>()?;
    Ok(html! {
        div.pairs style=(format!("--width:{width}px")) {
            @for (i, picture) in pictures.iter().enumerate() {
                img src=(picture) alt=(format!("sample {i} above its nearest shot"));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_between_the_pixels_keep_to_what_a_page_may_take() {
        let of = |height, width, channels| enlargement(&Domain::Image { height, width, channels });
        assert_eq!([of(28, 28, 1), of(32, 32, 3), of(48, 48, 3)], [ENLARGED[0], ENLARGED[1], ENLARGED[2]]);
        assert_eq!(of(512, 512, 3).0, 2);
    }
}
