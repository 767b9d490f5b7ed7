//! Pages in a browser: their figures draw, and answer to pointer and keys. Where no Chromium is installed these tests say
//! that they were skipped.
//!
//! A page under test gets a script of the test at its end, which sends the events that a browser sends, looks at pixels, and
//! leaves what it found in the document; Chromium prints that. Core is linked by itself, as in `tests/laws`.

mod browser;

use std::process::Command;

use browser::{Browser, found};
use equigen_core::report::document;
use equigen_core::report::viewer::{Shape, shape_viewer};
// Links every bundled plugin, so that this program is built of what the others are.
use equigen_plugins as _;

/// A torus around the y axis, and a box with one vertex a corner.
fn shapes() -> [(&'static str, Vec<f32>, Vec<u32>); 2] {
    let (around, across) = (48u32, 24u32);
    let mut torus = (Vec::new(), Vec::new());
    for i in 0..around {
        for j in 0..across {
            let angle = |k: u32, n: u32| k as f32 / n as f32 * std::f32::consts::TAU;
            let (a, b) = (angle(i, around), angle(j, across));
            let radius = 1.0 + 0.4 * b.cos();
            torus.0.extend([radius * a.cos(), 0.4 * b.sin(), radius * a.sin()]);
            let at = |i: u32, j: u32| (i % around) * across + j % across;
            let [p, q, r, s] = [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)];
            torus.1.extend([p, r, q, p, s, r]);
        }
    }
    let corners = (0..8u32).flat_map(|i| [i & 1, i >> 1 & 1, i >> 2]).map(|bit| bit as f32);
    let sides = [
        [0, 2, 3, 0, 3, 1],
        [4, 5, 7, 4, 7, 6],
        [0, 1, 5, 0, 5, 4],
        [2, 6, 7, 2, 7, 3],
        [0, 4, 6, 0, 6, 2],
        [1, 3, 7, 1, 7, 5],
    ];
    [("torus", torus.0, torus.1), ("box", corners.collect(), sides.concat())]
}

#[test]
fn shapes_draw_turn_and_can_be_chosen() {
    let Some(browser) = Browser::find() else { return };
    let shapes = shapes();
    let shapes = shapes.each_ref().map(|(name, vertices, triangles)| Shape { name, vertices, triangles });
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
