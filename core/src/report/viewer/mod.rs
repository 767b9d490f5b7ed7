//! Figures that can be handled: shapes that turn, and networks that are evaluated in the page itself.
//!
//! A figure holds its data, as base64 in an element that browsers do not run, and a small script without libraries draws
//! it. So a page stays one file and asks no network.

mod networks;
mod shapes;

pub(super) use networks::{sample_viewer, walk_viewer};
pub use shapes::{Shape, shape_viewer};

use base64::Engine;
use maud::{Markup, PreEscaped, html};
use serde_json::Value;

/// Bytes that the script of a figure finds by `name`.
fn bytes(name: &str, bytes: &[u8]) -> Markup {
    html! {
        script type="application/octet-stream" data-name=(name) {
            (PreEscaped(base64::engine::general_purpose::STANDARD.encode(bytes)))
        }
    }
}

/// Values that the script of a figure finds by `name`.
fn json(name: &str, value: &Value) -> Markup {
    // No text of a value can end the element.
    let text = value.to_string().replace('<', "\\u003c");
    html! { script type="application/json" data-name=(name) { (PreEscaped(text)) } }
}

/// The script of a figure, behind what all of them share.
fn script(own: &str) -> Markup {
    html! { script { (PreEscaped(include_str!("handle.js"))) (PreEscaped(own)) } }
}

/// What a page says where its scripts do not run.
fn without_scripts() -> Markup {
    html! { noscript { p.soft { "This figure is drawn by a script, and scripts are switched off." } } }
}
