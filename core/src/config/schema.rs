//! The JSON schema of pipeline files, with every registered component in it.

use serde_json::{Map, Value, json};

use super::Pipeline;
use crate::Result;
use crate::registry::{Kind, Record, Registry, config_schema, suggest};

/// The schema of a pipeline file as core knows it: components are markers, see [`resolve_component`].
pub(super) fn bare_schema() -> Value {
    config_schema::<Pipeline>().to_value()
}

/// The schema of a component's configuration by kind and name.
///
/// # Errors
/// If there is no such component; the message has near names.
pub fn resolve_component<'a>(registry: &'a Registry, kind: &str, name: &str) -> Result<&'a Value> {
    let known = Kind::ALL.into_iter().find(|known| known.name() == kind);
    let kind = known.ok_or_else(|| {
        crate::Error::config(format!("unknown kind `{kind}`; {}", suggest(kind, Kind::ALL.into_iter().map(Kind::name))))
    })?;
    Ok(&registry.get(kind, name)?.schema)
}

/// The full JSON schema of pipeline files, for editors: every component kind is a choice of its registered members.
pub fn pipeline_schema(registry: &Registry) -> Value {
    let mut schema = bare_schema();
    let mut definitions = schema.get_mut("$defs").map(Value::take).unwrap_or_else(|| json!({}));
    let object = definitions.as_object_mut().expect("definitions are an object");
    for kind in Kind::ALL {
        let members: Vec<Value> = registry.of(kind).map(|record| member(record, object)).collect();
        object.insert(definition_name(kind), json!({ "oneOf": members }));
    }
    link(&mut definitions);
    link(&mut schema);
    schema["$defs"] = definitions;
    schema["title"] = json!("equigen pipeline");
    schema
}

fn definition_name(kind: Kind) -> String {
    format!("component-{}", kind.name())
}

/// The schema of one member, with `type`; its own definitions move to the shared ones under its name.
fn member(record: &Record, definitions: &mut Map<String, Value>) -> Value {
    let mut schema = record.schema.clone();
    let own = schema.as_object_mut().and_then(|object| object.remove("$defs"));
    let prefix = format!("{}-{}-", record.kind.name(), record.name);
    if let Some(Value::Object(own)) = own {
        for (name, mut definition) in own {
            rename(&mut definition, &prefix);
            definitions.insert(format!("{prefix}{name}"), definition);
        }
    }
    rename(&mut schema, &prefix);
    schema["properties"]["type"] = json!({ "const": record.name });
    let mut required = vec![json!("type")];
    required.extend(schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default());
    schema["required"] = Value::Array(required);
    schema
}

/// Prefixes the names that `$ref`s point to.
fn rename(schema: &mut Value, prefix: &str) {
    visit(schema, &mut |object| {
        if let Some(Value::String(target)) = object.get_mut("$ref") {
            *target = target.replace("#/$defs/", &format!("#/$defs/{prefix}"));
        }
    });
}

/// Turns component markers into references.
fn link(schema: &mut Value) {
    visit(schema, &mut |object| {
        if let Some(Value::String(kind)) = object.remove("x-component") {
            object.remove("type");
            object.insert("$ref".into(), json!(format!("#/$defs/component-{kind}")));
        }
    });
}

fn visit(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            change(object);
            object.values_mut().for_each(|value| visit(value, change));
        }
        Value::Array(elements) => elements.iter_mut().for_each(|value| visit(value, change)),
        _ => {}
    }
}
