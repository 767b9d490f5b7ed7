//! Checks a pipeline's values against the schema before serde sees them.
//!
//! typetag buffers what it reads, so serde's own errors name only the outermost component and suggest nothing. This walk
//! knows the full key path, the known keys and the near names.

use serde_json::{Map, Value};

use super::schema::resolve_component;
use crate::registry::{Registry, suggest};
use crate::{Error, Result};

/// A schema with the root that its `$ref`s point into.
#[derive(Clone, Copy)]
struct Scope<'a> {
    schema: &'a Value,
    root: &'a Value,
}

/// Checks `value` against a root schema.
///
/// # Errors
/// At the first problem: its key path, what is wrong, and what would be right.
pub(super) fn check(value: &Value, schema: &Value, registry: &Registry) -> Result<()> {
    walk(value, Scope { schema, root: schema }, "", registry, &[])
}

fn walk(value: &Value, scope: Scope<'_>, path: &str, registry: &Registry, extra: &[&str]) -> Result<()> {
    let Scope { schema, root } = scope;
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let schema = root.pointer(target.trim_start_matches('#')).unwrap_or(&Value::Null);
        return walk(value, Scope { schema, root }, path, registry, extra);
    }
    if let Some(kind) = schema.get("x-component").and_then(Value::as_str) {
        return component(value, kind, path, registry);
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(branches) = schema.get(key).and_then(Value::as_array) {
            return any_of(value, branches, root, path, registry);
        }
    }
    if let Some(one) = schema.get("const") {
        return if value == one { Ok(()) } else { Err(at(path, format!("expected {one}, found {value}"))) };
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        return choice(value, choices, path);
    }
    expect_type(value, schema, path)?;
    if let (Some(items), Some(elements)) = (schema.get("items"), value.as_array()) {
        for (i, element) in elements.iter().enumerate() {
            walk(element, Scope { schema: items, root }, &format!("{path}[{i}]"), registry, &[])?;
        }
    }
    match value.as_object() {
        Some(object) if schema.get("properties").is_some() || schema.get("additionalProperties").is_some() => {
            properties(object, scope, path, registry, extra)
        }
        _ => Ok(()),
    }
}

fn properties(
    object: &Map<String, Value>,
    Scope { schema, root }: Scope<'_>,
    path: &str,
    registry: &Registry,
    extra: &[&str],
) -> Result<()> {
    let empty = Map::new();
    let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    for (key, value) in object {
        if extra.contains(&key.as_str()) {
            continue;
        }
        let path = join(path, key);
        match known.get(key) {
            Some(schema) => walk(value, Scope { schema, root }, &path, registry, &[])?,
            None => {
                let names = known.keys().map(String::as_str).chain(extra.iter().copied());
                return Err(at(&path, format!("unknown key, {}", suggest(key, names))));
            }
        }
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    for key in required {
        if !object.contains_key(key) {
            return Err(at(&join(path, key), "missing; this key has no default".into()));
        }
    }
    Ok(())
}

fn component(value: &Value, kind: &str, path: &str, registry: &Registry) -> Result<()> {
    let Some(object) = value.as_object() else {
        return Err(at(path, format!("expected a table with the `type` of a {kind}, found {value}")));
    };
    let Some(name) = object.get("type").and_then(Value::as_str) else {
        return Err(at(&join(path, "type"), format!("missing; it names the {kind}")));
    };
    let schema = resolve_component(registry, kind, name).map_err(|error| error.within(join(path, "type")))?;
    walk(value, Scope { schema, root: schema }, path, registry, &["type"])
}

fn any_of(value: &Value, branches: &[Value], root: &Value, path: &str, registry: &Registry) -> Result<()> {
    let constants: Vec<Value> = branches.iter().filter_map(|branch| branch.get("const").cloned()).collect();
    if constants.len() == branches.len() {
        return choice(value, &constants, path);
    }
    // Variants that a `type` tells apart: only the named one is worth an error.
    let tag = |branch: &Value| branch.pointer("/properties/type/const").cloned();
    let tags: Vec<Value> = branches.iter().filter_map(tag).collect();
    if let (true, Some(found)) = (tags.len() == branches.len(), value.get("type")) {
        choice(found, &tags, &join(path, "type"))?;
        let named = branches.iter().find(|branch| tag(branch).as_ref() == Some(found));
        return named.map_or(Ok(()), |schema| walk(value, Scope { schema, root }, path, registry, &[]));
    }
    let mut first = None;
    for schema in branches {
        match walk(value, Scope { schema, root }, path, registry, &[]) {
            Ok(()) => return Ok(()),
            Err(error) => first = first.or(Some(error)),
        }
    }
    first.map_or(Ok(()), Err)
}

fn choice(value: &Value, choices: &[Value], path: &str) -> Result<()> {
    if choices.contains(value) {
        return Ok(());
    }
    let names = choices.iter().filter_map(Value::as_str);
    Err(at(path, format!("{value} is none of its values; {}", suggest(value.as_str().unwrap_or_default(), names))))
}

fn expect_type(value: &Value, schema: &Value, path: &str) -> Result<()> {
    let fits = |name: &str| match name {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => value.is_null(),
    };
    let allowed: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    if !allowed.iter().any(|name| fits(name)) {
        return Err(at(path, format!("expected {}, found {value}", allowed.join(" or "))));
    }
    if let (Some(minimum), Some(number)) = (schema.get("minimum").and_then(Value::as_f64), value.as_f64())
        && number < minimum
    {
        return Err(at(path, format!("{number} is below {minimum}")));
    }
    Ok(())
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn at(path: &str, what: String) -> Error {
    Error::config(if path.is_empty() { what } else { format!("{path}: {what}") })
}
