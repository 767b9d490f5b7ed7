//! What published networks compute from their weights: activation, encoding, order of coordinates, range of values.
//!
//! Weights alone do not tell. The names of their layers do, for the data sets that are listed here; for others the person
//! says it.

use serde_json::{Value, json};

use crate::dense::Dense;

/// How networks of a data set are to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Convention {
    /// Its name, for people.
    pub name: String,
    /// The component, and those settings that widths do not tell.
    pub inr: Value,
    /// Whether the first coordinate is the row (y) and not the column (x) of an image.
    pub row_first: bool,
    /// The values that stand for 0 and 1 of a signal.
    pub range: [f64; 2],
    /// Rows and columns of the images, if it is known for so many channels.
    pub size: Option<[usize; 2]>,
}

impl Convention {
    /// By the names and widths of the layers; `None` if they tell nothing.
    pub(crate) fn of(dense: &Dense) -> Option<Self> {
        let (inputs, outputs) = (dense.widths[0], dense.widths[dense.widths.len() - 1]);
        // As `a.seq.0` ends in a list `seq`, and `net.0.linear` in a list `net` of layers that hold a `linear`.
        let all = |list: &str| dense.stems.iter().all(|stem| in_list(stem, list));
        let holding = dense.stems.iter().any(|stem| stem.ends_with(".linear"));
        if all("seq") && matches!(inputs, 2 | 3) {
            return Some(Self::dwsnets());
        }
        if all("net") && holding && matches!(inputs, 2 | 3) {
            return Some(Self::nfn(outputs));
        }
        (all("layers") && inputs > 3 && inputs % 6 == 3).then(Self::hyperdiffusion)
    }

    /// DWSNets' MNIST and Fashion-MNIST: SIRENs with omega 30 in every layer, 0.5 added to what they give.
    /// Source: Navon et al. 2023, `nn/inr.py` and `experiments/utils.py` of their repository.
    pub fn dwsnets() -> Self {
        Self {
            name: "dwsnets".into(),
            inr: json!({ "type": "siren", "omega": 30.0, "variant": "dwsnets" }),
            row_first: false,
            range: [0.0, 1.0],
            size: Some([28, 28]),
        }
    }

    /// NFN's MNIST, Fashion-MNIST and CIFAR-10: SIRENs with omega 30, on (row, column), of images scaled to [-1, 1].
    /// Source: Zhou et al. 2023, `experiments/siren_utils.py` of their repository.
    pub fn nfn(channels: usize) -> Self {
        Self {
            name: "nfn".into(),
            inr: json!({ "type": "siren", "omega": 30.0 }),
            row_first: true,
            range: [-1.0, 1.0],
            size: Some(if channels == 3 { [32, 32] } else { [28, 28] }),
        }
    }

    /// HyperDiffusion's occupancy networks: ReLU on the point and its sines and cosines at octaves; the value is a logit.
    /// Source: Erkoç et al. 2023, `mlp_models.py` and `embedder.py` of their repository.
    pub fn hyperdiffusion() -> Self {
        Self {
            name: "hyperdiffusion".into(),
            inr: json!({ "type": "relu-pe" }),
            row_first: false,
            range: [0.0, 1.0],
            size: None,
        }
    }

    /// One that a person names by its component.
    pub(crate) fn given(inr: Value) -> Self {
        Self { name: "as given".into(), inr, row_first: false, range: [0.0, 1.0], size: None }
    }

    /// By name.
    pub(crate) fn named(name: &str, channels: usize) -> Option<Self> {
        match name {
            "dwsnets" => Some(Self::dwsnets()),
            "nfn" => Some(Self::nfn(channels)),
            "hyperdiffusion" => Some(Self::hyperdiffusion()),
            _ => None,
        }
    }
}

/// The names of the conventions.
pub const CONVENTIONS: [&str; 3] = ["dwsnets", "nfn", "hyperdiffusion"];

/// Whether a layer is an entry of a list of this name, or the `linear` of one.
fn in_list(stem: &str, list: &str) -> bool {
    let stem = stem.strip_suffix(".linear").unwrap_or(stem);
    stem.rsplit_once('.').is_some_and(|(before, number)| {
        number.bytes().all(|byte| byte.is_ascii_digit()) && (before == list || before.ends_with(&format!(".{list}")))
    })
}
