//! `furniture`: the catalogues of Sweet Home 3D, with classes by patterns of names.

use std::path::{Path, PathBuf};

use equigen_core::{Error, Result, SignalReader, Signals};
use equigen_geometry::{Catalogue, Class, Limits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::paths;
use crate::shapes::{Sampling, Shapes, absolute, counts, failed};

/// Furniture from a catalogue of Sweet Home 3D (`.sh3f`), as solids.
///
/// A catalogue's own categories are rooms, so classes are patterns of names; a piece that fits none, and a class with fewer
/// members than `least`, is left out. Pieces stand in the order of their numbers. Debian's package `sweethome3d-furniture` has
/// such catalogues, and `examples/data/furniture` a small one made of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Furniture {
    /// Path of the catalogue, relative to the pipeline file.
    pub path: PathBuf,
    /// Classes; the first one that a name fits is its label.
    pub classes: Vec<Patterns>,
    /// Members that a class must have.
    pub least: usize,
    /// How a mesh becomes a signal.
    pub sampling: Sampling,
}

/// A class by the names of its members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Patterns {
    /// The label.
    pub name: String,
    /// Words that stand one after another in a name, in capitals or not; `*` at the beginning or end of a word stands for any
    /// letters, and a pattern that begins with `!` excludes.
    pub patterns: Vec<String>,
}

/// The classes of the furniture in `examples/data`.
const CLASSES: [(&str, &[&str]); 11] = [
    ("chair", &["*chair", "!wheelchair", "!*high chair", "!armchair ottoman", "!beach chair"]),
    ("sofa", &["*sofa", "*couch", "!opened"]),
    ("bed", &["bed", "crib", "*mattress"]),
    (
        "cabinet",
        &[
            "*cabinet",
            "bookcase",
            "wardrobe",
            "shelves",
            "cupboard",
            "dresser",
            "tv stand",
            "locker",
            "bedside table",
            "changing table",
        ],
    ),
    (
        "table",
        &[
            "*table",
            "desk",
            "workbench",
            "!table fan",
            "!table tennis",
            "!desk lamp",
            "!table lamp",
            "!tablecloth",
            "!football table",
            "!pool table",
        ],
    ),
    ("lamp", &["*lamp", "light", "lantern", "!street*", "!park light", "!fluorescent light", "!chandelier lamp"]),
    (
        "vehicle",
        &["*car", "van", "truck", "*bus", "suv", "sedan", "focus", "beetle", "scenic", "peugeot", "chevrolet", "leon"],
    ),
    ("person", &["female", "male", "boy", "girl"]),
    (
        "vessel",
        &[
            "vase",
            "*bottle",
            "cup",
            "glass",
            "bowl",
            "mug",
            "jar",
            "pottery",
            "teapot",
            "barrel",
            "flacon",
            "!glass table",
            "!glass door",
            "!cup cake",
            "!coffee cup",
            "!plate",
        ],
    ),
    ("door", &["door", "!door cabinet"]),
    ("window", &["window"]),
];

impl Default for Furniture {
    fn default() -> Self {
        let class = |(name, patterns): (&str, &[&str])| Patterns {
            name: name.to_owned(),
            patterns: patterns.iter().map(|pattern| (*pattern).to_owned()).collect(),
        };
        let classes = CLASSES.into_iter().map(class).collect();
        Self { path: PathBuf::new(), classes, least: 15, sampling: Sampling::default() }
    }
}

equigen_core::register!(Signals, Furniture);

impl Furniture {
    fn check_path(&self) -> Result<()> {
        if self.path.as_os_str().is_empty() {
            return Err(Error::config("furniture: `path` is missing; give the path of a catalogue (.sh3f)"));
        }
        Ok(())
    }
}

#[typetag::serde(name = "furniture")]
impl Signals for Furniture {
    fn resolve(&mut self, folder: &Path) {
        self.path = absolute(folder, &self.path);
    }

    fn fingerprint(&self) -> Result<String> {
        self.check_path()?;
        let catalogue = paths::hash(&self.path)?;
        let settings = serde_json::json!([self.classes, self.least, self.sampling]);
        Ok(format!("furniture 1 {settings} catalogue={catalogue}"))
    }

    fn open(&self) -> Result<Box<dyn SignalReader>> {
        self.check_path()?;
        let catalogue = Catalogue::open(&self.path, Limits::default()).map_err(failed)?;
        let class = |Patterns { name, patterns }: &Patterns| Class { name: name.clone(), patterns: patterns.clone() };
        let classes: Vec<Class> = self.classes.iter().map(class).collect();
        let labels: Vec<Option<&str>> = catalogue
            .pieces()
            .iter()
            .map(|piece| Class::of(&piece.name, &classes).map(|class| class.name.as_str()))
            .collect();
        let members = |label: &str| labels.iter().flatten().filter(|other| **other == label).count();
        let (mut pieces, mut kept) = (Vec::new(), Vec::new());
        for (piece, label) in catalogue.pieces().iter().zip(&labels) {
            if let Some(label) = label.filter(|label| members(label) >= self.least) {
                pieces.push(piece.clone());
                kept.push(label.to_owned());
            }
        }
        if kept.is_empty() {
            return Err(Error::config(format!(
                "furniture: no class has {} members in `{}` ({}): lower `least` or change `classes`",
                self.least,
                self.path.display(),
                counts(labels.iter().flatten().copied()),
            )));
        }
        let load = Box::new(move |item: usize, sampling: &Sampling| sampling.solid(&catalogue.mesh(&pieces[item])?));
        Ok(Box::new(Shapes::new(kept, load, self.sampling.clone())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use equigen_core::{Domain, Field};

    fn furniture() -> Furniture {
        let mut signals = Furniture {
            path: "furniture.sh3f".into(),
            sampling: Sampling { points: 300, tested: 200, ..Sampling::default() },
            ..Furniture::default()
        };
        signals.resolve(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/furniture"));
        signals
    }

    #[test]
    fn the_furniture_of_the_repository_has_its_classes() {
        let reader = furniture().open().unwrap();
        let labels: Vec<String> = (0..reader.count()).map(|row| reader.label(row)).collect();
        let counts = counts(labels.iter().map(String::as_str));
        assert!(counts.starts_with("chair 55, table 45, cabinet 38"), "{counts}");
        assert_eq!(reader.count(), 317);
        assert_eq!(reader.domain(), Domain::Shape { points: 300, tested: 200, field: Field::Occupancy });
    }

    #[test]
    fn pieces_are_what_the_whole_holds_and_other_points_agree() {
        let mut one = furniture().open().unwrap();
        let two = one.read(2).unwrap();
        let mut other = furniture().open().unwrap();
        other.skip(1).unwrap();
        assert_eq!(other.read(1).unwrap(), two[2000..]);
        let (points, values): (Vec<_>, Vec<_>) =
            two[2000..].chunks(4).map(|row| ([row[0], row[1], row[2]], row[3])).unzip();
        assert!(values.contains(&1.0) && values.contains(&0.0));
        let mut again = furniture().open().unwrap();
        again.skip(1).unwrap();
        // Points are drawn in double precision, so one at the border may fall to the other side.
        let at = again.read_at(1, &points.concat()).unwrap();
        assert!(at.iter().zip(&values).filter(|(a, b)| a != b).count() <= 1);
        assert!(again.skip(316).is_err());
    }

    #[test]
    fn too_few_members_a_missing_path_and_settings_out_of_range_are_refused() {
        let message = |signals: Furniture| signals.open().err().unwrap().to_string();
        let few = message(Furniture { least: 56, ..furniture() });
        assert!(few.contains("chair 55") && few.contains("`least`"), "{few}");
        assert!(message(Furniture::default()).contains("`path`"));
        let sampling = Sampling { extent: 0.99, ..Sampling::default() };
        assert!(message(Furniture { sampling, ..furniture() }).contains("sampling.extent"));
        let other = Furniture { least: 16, ..furniture() };
        assert_ne!(other.fingerprint().unwrap(), furniture().fingerprint().unwrap());
    }
}
