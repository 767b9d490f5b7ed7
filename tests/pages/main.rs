//! Pages in a browser: their figures draw, and answer to pointer and keys. Where no Chromium is installed these tests say
//! that they were skipped.
//!
//! A page under test gets a script of the test at its end, which sends the events that a browser sends, looks at pixels, and
//! leaves what it found in the document; Chromium prints that. Core is linked by itself, as in `tests/laws`.

mod browser;

use std::process::Command;

use browser::{Browser, found};
use equigen_core::Signals;
use equigen_core::report::document;
use equigen_core::report::viewer::{Shape, shape_viewer};
use equigen_core::surface::Surface;
// Links every bundled plugin, so that this program is built of what the others are.
use equigen_plugins as _;

/// Samples along each axis, 0.05 apart.
const RESOLUTION: usize = 41;

/// A torus around the y axis, and a box whose sides lie just beyond samples, so that its edges are sharp: how deep each
/// sample is inside.
fn shapes() -> [(&'static str, Vec<f32>); 2] {
    let at = |k: usize| k as f32 / 20.0 - 1.0;
    let samples = |depth: fn(f32, f32, f32) -> f32| {
        let place = |i: usize| [i % RESOLUTION, i / RESOLUTION % RESOLUTION, i / RESOLUTION.pow(2)].map(at);
        (0..RESOLUTION.pow(3)).map(place).map(|[x, y, z]| depth(x, y, z)).collect()
    };
    let torus = samples(|x, y, z| 0.25 - (x.hypot(z) - 0.65).hypot(y));
    [("torus", torus), ("box", samples(|x, y, z| 0.501 - x.abs().max(y.abs()).max(z.abs())))]
}

#[test]
fn shapes_draw_turn_and_can_be_chosen() {
    let Some(browser) = Browser::find() else { return };
    let shapes = shapes();
    let shapes = shapes.each_ref().map(|(name, values)| Shape { name, resolution: RESOLUTION, values, level: 0.0 });
    let page = document("shapes", &shape_viewer(&shapes, 1 << 20).unwrap());
    let script = include_str!("shapes.js");
    let text = browser.open(&page, script);
    if text.contains("no WebGL") {
        eprintln!("skipped: the page says that this browser has no WebGL 2");
        return;
    }
    for (what, least, most) in [
        ("drawn", 0.1, 0.6),
        ("shades", 20.0, 256.0),
        ("changed by dragging", 0.02, 1.0),
        ("left of drag after the same drag back", 0.0, 0.001),
        ("changed by arrow", 0.01, 1.0),
        ("changed by plus", 0.01, 1.0),
        ("left after Home", 0.0, 0.001),
        ("changed by other shape", 0.05, 1.0),
        ("shades of a box", 3.0, 12.0),
    ] {
        let value = found(&text, what);
        assert!((least..=most).contains(&value), "{what}: {value}\n{text}");
    }
}

/// A report shows 24 samples and the shot beside each, and is to stay below 3 MB, of which pictures take the half.
#[test]
fn as_many_shapes_as_a_report_has_take_less_than_half_of_it() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/furniture/furniture.sh3f");
    let furniture = serde_json::json!({ "type": "furniture", "path": path });
    let signals: Box<dyn Signals> = serde_json::from_value(furniture).unwrap();
    let surface = Surface::default();
    let values = signals.open().unwrap().read_at(6, &surface.points()).unwrap();
    let resolution = surface.resolution;
    let pieces = values.chunks(resolution.pow(3));
    let shape = |values| Shape { name: "its nearest shot, 8", resolution, values, level: surface.level };
    let text = shape_viewer(&pieces.cycle().take(48).map(shape).collect::<Vec<_>>(), 3 << 19).unwrap().into_string();
    assert!(text.len() < 1_500_000 && !text.contains("left out"), "{} bytes", text.len());
}

#[test]
fn the_report_walks_between_shots() {
    let Some(browser) = Browser::find() else { return };
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let pipeline = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/tiny.toml");
    let output =
        Command::new(env!("CARGO_BIN_EXE_equigen")).args(["run", pipeline, "--run"]).arg(&run).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = std::fs::read_to_string(run.join("report.html")).unwrap();
    let text = browser.open(&page, include_str!("walk.js"));
    for (what, least, most) in [
        ("drawn", 0.01, 1.0),
        ("changed by dragging", 1e-3, 1.0),
        ("changed by arrow", 1e-4, 1.0),
        ("changed by disturbance", 1e-4, 1.0),
        ("changed by other shots", 1e-3, 1.0),
        ("changed by other sample", 1e-3, 1.0),
        ("changed by zoom", 1e-3, 1.0),
        // The page's pixels against the program's picture of the same network, at the same resolution.
        ("off the program's picture", 0.0, 0.5),
    ] {
        let value = found(&text, what);
        assert!((least..=most).contains(&value), "{what}: {value}\n{text}");
    }
}
