//! What is known of every component: one record each, from which `list`, `describe`, `schema`, the error messages and the
//! tests are made.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Error, Result, libraries};

/// The kinds of component; one trait each, of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "documented by the traits of the same names")]
pub enum Kind {
    Signals,
    Inr,
    Fitter,
    Symmetry,
    Augmentation,
    Deformation,
    Encoder,
    Objective,
    Generator,
    Disturbance,
    Judge,
    Metric,
}

impl Kind {
    /// All kinds, in the order of the pipeline.
    pub const ALL: [Self; 12] = [
        Self::Signals,
        Self::Inr,
        Self::Fitter,
        Self::Symmetry,
        Self::Augmentation,
        Self::Deformation,
        Self::Encoder,
        Self::Objective,
        Self::Generator,
        Self::Disturbance,
        Self::Judge,
        Self::Metric,
    ];

    /// The kind's name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signals => "signals",
            Self::Inr => "inr",
            Self::Fitter => "fitter",
            Self::Symmetry => "symmetry",
            Self::Augmentation => "augmentation",
            Self::Deformation => "deformation",
            Self::Encoder => "encoder",
            Self::Objective => "objective",
            Self::Generator => "generator",
            Self::Disturbance => "disturbance",
            Self::Judge => "judge",
            Self::Metric => "metric",
        }
    }
}

/// What a component promises; the laws test it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// An encoder's per-neuron features are equivariant and its pooled ones invariant under this symmetry.
    Respects(&'static str),
    /// An augmentation preserves the function of every network.
    PreservesFunction,
    /// An augmentation moves the signal by the coordinate map that it returns.
    MovesSignal,
    /// An augmentation changes the function a little.
    Approximate,
}

impl std::fmt::Display for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Respects(symmetry) => write!(f, "respects: {symmetry}"),
            Self::PreservesFunction => write!(f, "preserves: function"),
            Self::MovesSignal => write!(f, "moves: signal"),
            Self::Approximate => write!(f, "approximate"),
        }
    }
}

/// One registered component; made by [`register!`](crate::register), collected over all linked crates.
#[derive(Debug)]
pub struct Registration {
    /// Its kind.
    pub kind: Kind,
    /// The crate it comes from, with version.
    pub origin: &'static str,
    /// The module that registers it.
    pub module: &'static str,
    /// Everything else, computed when asked.
    pub describe: fn() -> Description,
}

inventory::collect!(Registration);

/// What a component says of itself.
#[derive(Debug, Clone)]
pub struct Description {
    /// The name that a pipeline file uses.
    pub name: &'static str,
    /// What it promises.
    pub claims: Vec<Claim>,
    /// Its default configuration, with `type`.
    pub defaults: Value,
    /// JSON schema of its configuration, without `type`.
    pub schema: Schema,
}

/// A component as the registry lists it.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// Its kind.
    pub kind: Kind,
    /// The name that a pipeline file uses.
    pub name: &'static str,
    /// One line: the first sentence of the configuration's documentation.
    pub summary: String,
    /// The crate it comes from, with version.
    pub origin: &'static str,
    /// The module that registers it.
    pub module: &'static str,
    /// The library that it was loaded from, if it was not linked.
    pub library: Option<PathBuf>,
    /// What it promises.
    pub claims: Vec<Claim>,
    /// Its default configuration, with `type`.
    pub defaults: Value,
    /// JSON schema of its configuration, without `type`.
    pub schema: Value,
}

/// All components that are linked or loaded, by kind and name.
#[derive(Debug)]
pub struct Registry(BTreeMap<(Kind, &'static str), Record>);

impl Registry {
    /// Collects every registration.
    ///
    /// # Errors
    /// If two components of one kind have the same name; the message names both origins.
    pub fn collect() -> Result<Self> {
        let mut records: BTreeMap<(Kind, &'static str), Record> = BTreeMap::new();
        for registration in inventory::iter::<Registration> {
            let record = Record::of(registration);
            if let Some(other) = records.get(&(record.kind, record.name)) {
                let (kind, name) = (record.kind.name(), record.name);
                return Err(Error::config(format!(
                    "{kind} `{name}` is defined twice: by {} and by {}; rename one or leave one out",
                    other.origin, record.origin
                )));
            }
            records.insert((record.kind, record.name), record);
        }
        Ok(Self(records))
    }

    /// All records, by kind and name.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.0.values()
    }

    /// Records of one kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Record> {
        self.records().filter(move |record| record.kind == kind)
    }

    /// The record of a name.
    ///
    /// # Errors
    /// If there is none; the message has near names, or all names of the kind.
    pub fn get(&self, kind: Kind, name: &str) -> Result<&Record> {
        self.of(kind).find(|record| record.name == name).ok_or_else(|| {
            let hint = suggest(name, self.of(kind).map(|record| record.name));
            Error::config(format!("unknown {} `{name}`; {hint}", kind.name()))
        })
    }
}

impl Record {
    /// The component at its defaults, as a boxed trait object of its kind.
    ///
    /// # Errors
    /// If `T` is of another kind.
    pub fn component<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_value(self.defaults.clone())
            .map_err(|error| Error::failed(format!("{} `{}`: {error}", self.kind.name(), self.name)))
    }

    fn of(registration: &Registration) -> Self {
        let Description { name, claims, defaults, schema } = (registration.describe)();
        let mut schema = schema.to_value();
        let text = schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(object) = schema.as_object_mut() {
            ["$schema", "title"].iter().for_each(|key| {
                object.remove(*key);
            });
        }
        let first = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
        // A sentence ends where a capital follows: "et al. 2020" does not end one.
        let ends = |at: &usize| first[at + 2..].starts_with(char::is_uppercase);
        let end = first.match_indices(". ").map(|(at, _)| at).find(ends).unwrap_or(first.len());
        let summary = without_sources(first[..end].trim_end_matches('.'));
        let Registration { kind, origin, module, .. } = *registration;
        let library = libraries::of_component(kind.name(), name);
        Self { kind, name, summary, origin, module, library, claims, defaults, schema }
    }
}

/// A sentence without what it says in parentheses, unless that is a word or two: sources stand in the description.
fn without_sources(sentence: &str) -> String {
    let mut text = String::new();
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once(" (") {
        let (inside, behind) = after.split_once(')').unwrap_or((after, ""));
        text.push_str(before);
        if inside.len() <= 16 {
            text.push_str(&format!(" ({inside})"));
        }
        rest = behind;
    }
    text + rest
}

/// `did you mean …` for a name near one of the known, else the list of them all.
pub fn suggest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let near = known.iter().map(|other| (strsim::damerau_levenshtein(name, other), *other)).min();
    match near {
        Some((distance, other)) if distance <= 1 + name.len() / 3 => format!("did you mean `{other}`?"),
        _ => format!("known are: {}", known.join(", ")),
    }
}

/// Schema of a boxed component: a marker that [`crate::config`] resolves against the registry, so that components from
/// loaded plugins appear like linked ones.
pub(crate) fn component_schema(kind: Kind, _: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({ "type": "object", "x-component": kind.name() })
}

/// The schema of a component's configuration.
#[doc(hidden)]
pub fn config_schema<T: JsonSchema>() -> Schema {
    SchemaGenerator::default().into_root_schema_for::<T>()
}

/// Registers a component under its kind, beside its `#[typetag::serde(name = "…")]`.
///
/// `register!(Augmentation, Translate);` needs `Translate: Augmentation + Default + JsonSchema`. Name, defaults and
/// claims come from the default value, summary and schema from the documentation of the type.
#[macro_export]
macro_rules! register {
    ($kind:ident, $type:ty) => {
        $crate::reexport::inventory::submit! {
            $crate::registry::Registration {
                kind: $crate::registry::Kind::$kind,
                origin: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
                module: module_path!(),
                describe: || {
                    let default: Box<dyn $crate::$kind> = Box::new(<$type>::default());
                    $crate::registry::Description {
                        name: default.typetag_name(),
                        claims: default.claims(),
                        defaults: $crate::reexport::serde_json::to_value(&default).expect("configurations serialise"),
                        schema: $crate::registry::config_schema::<$type>(),
                    }
                },
            }
        }
    };
}
