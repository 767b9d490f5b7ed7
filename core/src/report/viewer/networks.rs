//! Networks of images that the page evaluates itself: walks between shots, and samples from nearby.

use burn::tensor::f16;
use equigen_kernels::{Activation, DenseStack};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{bytes, json, script, without_scripts};
use crate::stages::Walk;
use crate::{Domain, Result, Zoo, device, picture};

/// Parameters of all samples that are embedded, at most.
const SAMPLES: usize = 100_000;
/// Rows and columns at which the middle of a cell is looked at.
const LOOK: usize = 32;
/// Where two networks render nearly alike, the middle between them may differ by this root mean square.
const NEAR: f64 = 0.01;

/// A figure that walks between two shots and turns the disturbance up and down; `shots` are rows of `zoo`. `None` if the
/// page cannot evaluate such networks.
pub(in super::super) fn walk_viewer(walk: &Walk, networks: &Zoo, zoo: &Zoo, shots: &[usize]) -> Result<Option<Markup>> {
    let ends: Vec<usize> = shots.iter().copied().take(1 + last_shot(walk)).collect();
    let packed = (spec(zoo), half(&networks.values), half(&rows(zoo, &ends)));
    let (Some(spec), Some(values), Some(ends)) = packed else { return Ok(None) };
    let aspect = aspect(zoo);
    let smooth = smooth_cells(walk, networks)?;
    let share = smooth.iter().filter(|smooth| **smooth).count() as f64 / smooth.len().max(1) as f64;
    let facts = json!({
        "pairs": walk.pairs, "steps": walk.steps, "levels": walk.levels,
        "smooth": smooth.iter().map(|smooth| if *smooth { '1' } else { '0' }).collect::<String>(),
    });
    Ok(Some(html! {
        figure.viewer.walk {
            (json("spec", &spec))
            (json("walk", &facts))
            (bytes("networks", &values))
            (bytes("shots", &ends))
            (without_scripts())
            div.canvases {
                div { canvas.from style=(aspect) role="img" aria-label="The shot where the walk begins" {} span.soft { "from" } }
                div {
                    canvas.main tabindex="0" style=(aspect) role="img"
                        aria-label="The generated network. Left and right arrow keys walk, up and down change the disturbance." {}
                    span.soft { "generated" }
                }
                div { canvas.to style=(aspect) role="img" aria-label="The shot where the walk ends" {} span.soft { "to" } }
            }
            div.controls {
                label { span { "Shots" } select {} }
                label { span { "Walk" } input type="range" name="way" min="0" max="1" step="any" value="0.5"; }
                @if walk.levels > 1 {
                    label { span { "Disturbance" } input type="range" name="level" min="0" max="1" step="any" value="0.5"; }
                }
                output {}
            }
            figcaption {
                "Drag the picture in the middle: sideways to walk from one shot to the other"
                @if walk.levels > 1 { ", up and down for the disturbance (100 % is that of the samples)" }
                ". The arrow keys do the same. The page evaluates networks that the generator made, for " (walk.steps)
                " features on the way at " (walk.levels) " levels each, with one draw of noise a walk; none is screened. In
                 between it mixes their weights where such a mixture renders as a mixture of the pictures (here in "
                (format!("{:.0}", 100.0 * share)) " % of the cells), and elsewhere it jumps to the nearest network."
            }
        }
        (script(include_str!("networks.js")))
    }))
}

/// A figure of samples beside their nearest shots, at any magnification. `nearest` has an index into `shots`, rows of
/// `zoo`, for each sample. `None` if the page cannot evaluate such networks.
pub(in super::super) fn sample_viewer(samples: &Zoo, nearest: &[usize], zoo: &Zoo, shots: &[usize]) -> Option<Markup> {
    let parameters = zoo.layout.parameters();
    let shown = samples.len().min(nearest.len()).min(SAMPLES / parameters);
    if shown == 0 || shots.len() * parameters > SAMPLES {
        return None;
    }
    let values = half(&samples.values[..shown * parameters])?;
    let (spec, shots, aspect) = (spec(zoo)?, half(&rows(zoo, shots))?, aspect(zoo));
    Some(html! {
        figure.viewer.look {
            (json("spec", &spec))
            (json("nearest", &json!(nearest[..shown])))
            (bytes("networks", &values))
            (bytes("shots", &shots))
            (without_scripts())
            div.canvases {
                div {
                    canvas.main tabindex="0" style=(aspect) role="img" aria-label="A sample. Plus and minus zoom, arrow keys move the view." {}
                    span.soft { "sample" }
                }
                div { canvas.shot style=(aspect) role="img" aria-label="The nearest shot, in the same view" {} span.soft { "nearest shot" } }
            }
            div.controls {
                label { span { "Sample" } input type="range" name="sample" min="0" max=(shown - 1) step="1" value="0"; }
                output {}
            }
            figcaption {
                "The first " (shown) " samples, evaluated where you look: drag to move, plus and minus or the wheel (after a
                 click) to zoom, Home for the whole."
            }
        }
        (script(include_str!("networks.js")))
    })
}

/// The shape of a picture, so that a page does not jump when it is drawn.
fn aspect(zoo: &Zoo) -> String {
    let [height, width, _] = zoo.domain.image().unwrap_or([1; 3]);
    format!("aspect-ratio:{width}/{height}")
}

fn last_shot(walk: &Walk) -> usize {
    walk.pairs.iter().flatten().copied().max().unwrap_or(0)
}

fn rows(zoo: &Zoo, rows: &[usize]) -> Vec<f32> {
    rows.iter().flat_map(|row| zoo.network(*row)).copied().collect()
}

/// Values in half precision, the lowest byte first; `None` if one is beyond its range.
fn half(values: &[f32]) -> Option<Vec<u8>> {
    let halves = values.iter().map(|value| Some(f16::from_f32(*value)).filter(|half| half.is_finite()));
    Some(halves.collect::<Option<Vec<_>>>()?.into_iter().flat_map(f16::to_le_bytes).collect())
}

/// What the script must know to evaluate the networks; `None` if they are no dense stacks on images that it can draw.
fn spec(zoo: &Zoo) -> Option<Value> {
    let [height, width, channels] = zoo.domain.image()?;
    let DenseStack { widths, activations, output_offset, encoding } = zoo.inr.dense(&zoo.layout)?;
    if !matches!(channels, 1 | 3) {
        return None;
    }
    // A frequency; 0 stands for max(z, 0).
    let sines = activations.iter().map(|activation| match activation {
        Activation::Sine { omega } => *omega,
        Activation::Relu => 0.0,
    });
    let encoding = encoding.map(|encoding| json!({ "octaves": encoding.octaves, "input": encoding.include_input }));
    Some(json!({
        "height": height, "width": width, "widths": widths, "sines": sines.collect::<Vec<_>>(),
        "offset": output_offset, "encoding": encoding,
    }))
}

/// For each cell of four neighbours of the grid, whether the network of their mean weights renders nearly as the mean of
/// their pictures: no farther from it than the farthest of the four. Networks that do not share a gauge fail this, since
/// the mean of their weights means nothing.
fn smooth_cells(walk: &Walk, networks: &Zoo) -> Result<Vec<bool>> {
    let device = device::open("flex")?;
    let [height, width, _] = networks.domain.image().unwrap_or([1; 3]);
    let points = Domain::grid_of(height.min(LOOK), width.min(LOOK));
    let render = |zoo: &Zoo| picture::render(zoo, &(0..zoo.len()).collect::<Vec<_>>(), &points, &device);
    let at = |pair: usize, step: usize, level: usize| (pair * walk.steps + step) * walk.levels + level;
    let mut cells: Vec<[usize; 4]> = Vec::new();
    for pair in 0..walk.pairs.len() {
        for step in 1..walk.steps {
            // A grid of one level is a line, of which each neighbour stands twice.
            for level in 0..(walk.levels - 1).max(1) {
                let above = (level + 1).min(walk.levels - 1);
                let (before, after) = (step - 1, step);
                let corners = [(before, level), (after, level), (before, above), (after, above)];
                cells.push(corners.map(|(step, level)| at(pair, step, level)));
            }
        }
    }
    let mean = |cell: &[usize; 4], values: &[f32], length: usize| -> Vec<f32> {
        let row = |i: usize| &values[cell[i] * length..(cell[i] + 1) * length];
        (0..length).map(|k| (0..4).map(|i| row(i)[k]).sum::<f32>() / 4.0).collect()
    };
    let parameters = networks.layout.parameters();
    let middles: Vec<f32> = cells.iter().flat_map(|cell| mean(cell, &networks.values, parameters)).collect();
    let items = vec![networks.items[0].clone(); cells.len()];
    let middles = render(&networks.with_networks(middles, items));
    let pictures = render(networks);
    let length = networks.domain.channels() * points.len() / 2;
    let apart = |a: &[f32], b: &[f32]| {
        let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
        (squares / length as f64).sqrt()
    };
    let smooth = cells.iter().zip(middles.chunks(length)).map(|(cell, middle)| {
        let mean = mean(cell, &pictures, length);
        let corner = |i: &usize| apart(&pictures[i * length..(i + 1) * length], &mean);
        apart(middle, &mean) <= cell.iter().map(corner).fold(NEAR, f64::max)
    });
    Ok(smooth.collect())
}
