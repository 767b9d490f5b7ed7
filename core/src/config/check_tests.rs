//! The messages of the checker, on a small schema of its own.

use serde_json::json;

use super::check::check;
use crate::registry::Registry;

fn message(value: serde_json::Value) -> Option<String> {
    let schema = json!({
        "type": "object", "additionalProperties": false, "required": ["steps"],
        "properties": {
            "steps": { "type": "integer", "minimum": 0 },
            "mode": { "enum": ["fast", "slow"] },
            "parts": { "type": "array", "items": { "$ref": "#/$defs/Part" } },
            "net": { "oneOf": [
                { "type": "object", "properties": { "type": { "const": "mlp" }, "width": { "type": "integer" } },
                  "additionalProperties": false, "required": ["type"] },
                { "type": "object", "properties": { "type": { "const": "conv" }, "kernel": { "type": "integer" } },
                  "additionalProperties": false, "required": ["type"] },
            ] },
        },
        "$defs": { "Part": { "type": "object", "properties": { "size": { "type": "number" } }, "additionalProperties": false } },
    });
    let registry = Registry::collect().expect("core registers no component twice");
    check(&value, &schema, &registry).err().map(|error| error.to_string())
}

#[test]
fn what_is_right_passes() {
    let net = json!({ "type": "conv", "kernel": 3 });
    assert_eq!(
        message(json!({ "steps": 3, "mode": "slow", "parts": [{ "size": 1 }, { "size": 0.5 }], "net": net })),
        None
    );
}

#[test]
fn what_is_wrong_is_named_by_its_full_path() {
    let cases = [
        (json!({}), "steps: missing"),
        (json!({ "steps": "three" }), "steps: expected integer, found \"three\""),
        (json!({ "steps": -1 }), "steps: -1 is below 0"),
        (json!({ "steps": 1, "mod": "fast" }), "mod: unknown key, did you mean `mode`?"),
        (json!({ "steps": 1, "mode": "fats" }), "mode: \"fats\" is none of its values; did you mean `fast`?"),
        (
            json!({ "steps": 1, "parts": [{ "size": 1 }, { "sise": 2 }] }),
            "parts[1].sise: unknown key, did you mean `size`?",
        ),
        (
            json!({ "steps": 1, "net": { "type": "conv", "kernle": 3 } }),
            "net.kernle: unknown key, did you mean `kernel`?",
        ),
        (
            json!({ "steps": 1, "net": { "type": "cnov" } }),
            "net.type: \"cnov\" is none of its values; did you mean `conv`?",
        ),
    ];
    for (value, expected) in cases {
        let found = message(value).unwrap_or_default();
        assert!(found.starts_with(expected), "expected `{expected}`, found `{found}`");
    }
}
