//! JSON schemas as Markdown: tables of settings, and what their types are called.

use std::fmt::Write as _;

use serde_json::Value;

/// A schema's documentation, as Markdown outside Rust: links to Rust's names become plain.
pub(super) fn description(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let mut parts = text.split("](");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let target = part.split_once(')').filter(|(target, _)| target.contains("::"));
        match (target, out.rfind('[')) {
            (Some((_, rest)), Some(open)) => {
                out.remove(open);
                out += rest;
            }
            _ => _ = write!(out, "]({part}"),
        }
    }
    out
}

/// Text in a cell of a table.
pub(super) fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

/// A value as it stands in a pipeline file.
pub(super) fn inline(value: &Value) -> String {
    match value {
        Value::Array(values) => format!("[{}]", values.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(object) if object.is_empty() => "{}".into(),
        Value::Object(object) => {
            let pairs: Vec<String> = object.iter().map(|(key, value)| format!("{key} = {}", inline(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Null => "left out".into(),
        other => other.to_string(),
    }
}

/// The table of a schema's keys; `default` gives those that the schema does not tell.
pub(super) fn settings(schema: &Value, default: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let keys = schema.get("properties").and_then(Value::as_object)?;
    let required =
        |key: &String| schema["required"].as_array().is_some_and(|keys| keys.contains(&Value::from(&key[..])));
    let keys: Vec<_> = keys.iter().filter(|(key, _)| *key != "type").collect();
    if keys.is_empty() {
        return None;
    }
    let mut text = "| key | type | default | what |\n|---|---|---|---|\n".to_owned();
    for (key, entry) in keys {
        let default = default(key).or_else(|| entry.get("default").map(inline));
        let none = || if required(key) { "required".into() } else { String::new() };
        let default = default.map_or_else(none, |value| format!("`{}`", cell(&value)));
        _ = writeln!(text, "| `{key}` | {} | {default} | {} |", type_of(entry), cell(&description(entry)));
    }
    Some(text)
}

/// What a value of this schema is.
fn type_of(schema: &Value) -> String {
    if let Some(kind) = schema.get("x-component").and_then(Value::as_str) {
        return format!("[{kind}]({kind}.md)");
    }
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.rsplit('/').next()) {
        return match name.strip_prefix("component-") {
            Some(kind) => format!("[{kind}]({kind}.md)"),
            None => format!("`{name}`, below"),
        };
    }
    if let Some(value) = schema.get("const") {
        return format!("`{}`", cell(&inline(value)));
    }
    if let Some(choices) = choices(schema) {
        let named: Vec<String> = choices.iter().filter(|choice| !is_null(choice)).map(type_of).collect();
        return optional(named.join(" or "), named.len() < choices.len());
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values.iter().map(|value| format!("`{}`", cell(&inline(value)))).collect::<Vec<_>>().join(" or ");
    }
    match schema.get("type") {
        Some(Value::String(name)) => named(name, schema),
        Some(Value::Array(names)) => {
            let some: Vec<String> = names
                .iter()
                .filter_map(Value::as_str)
                .filter(|name| *name != "null")
                .map(|name| named(name, schema))
                .collect();
            optional(some.join(" or "), some.len() < names.len())
        }
        _ => "any value".into(),
    }
}

fn optional(text: String, optional: bool) -> String {
    if optional { format!("{text}, or left out") } else { text }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}

/// What JSON's types are called in TOML.
fn named(name: &str, schema: &Value) -> String {
    match name {
        "string" => "text".into(),
        "boolean" => "true or false".into(),
        "object" => "table".into(),
        "array" => {
            if let Some(places) = schema.get("prefixItems").and_then(Value::as_array) {
                return format!("\\[{}\\]", places.iter().map(type_of).collect::<Vec<_>>().join(", "));
            }
            let items = schema.get("items").map_or_else(|| "any value".into(), type_of);
            let (least, most) = (schema.get("minItems"), schema.get("maxItems"));
            match (least.filter(|least| Some(*least) == most), items) {
                (Some(count), items) => format!("list of {count}: {items}"),
                (None, items) => format!("list: {items}"),
            }
        }
        other => other.into(),
    }
}

/// Sections for the types that keys name, as far as `wanted`.
pub(super) fn definitions(all: Option<&Value>, heading: &str, wanted: &dyn Fn(&str) -> bool) -> String {
    let mut text = String::new();
    let all = all.and_then(Value::as_object);
    for (name, schema) in all.into_iter().flatten().filter(|(name, _)| wanted(name)) {
        _ = writeln!(text, "\n{heading} `{name}`\n\n{}", description(schema));
        if let Some(table) = settings(schema, &|_| None) {
            _ = write!(text, "\n{table}");
        }
        for choice in choices(schema).into_iter().flatten() {
            text += &one_of(choice);
        }
    }
    text
}

/// One choice: a text, or a table that its `type` tells from the others.
fn one_of(choice: &Value) -> String {
    let tag = choice.pointer("/properties/type/const").map(|tag| format!("`{{ type = {} }}`", inline(tag)));
    let name = tag.unwrap_or_else(|| type_of(choice));
    let mut text = format!("\n- {name}: {}\n", description(choice).replace('\n', " "));
    if let Some(table) = settings(choice, &|_| None) {
        _ = write!(text, "\n  {}", table.trim_end().replace('\n', "\n  "));
        text.push('\n');
    }
    text
}

/// What a schema is a choice between, if it is one.
fn choices(schema: &Value) -> Option<&Vec<Value>> {
    schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array)
}
