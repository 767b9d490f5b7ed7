//! What every page is: one self-contained file, with its style and its pictures in it.

use base64::Engine;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A page of this name around a body: HTML that needs no other file.
pub fn document(name: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "equigen: " (name) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body { (body) }
        }
    };
    page.into_string()
}

/// A picture as an address that holds it.
pub(super) fn data_uri(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", base64::engine::general_purpose::STANDARD.encode(png))
}
