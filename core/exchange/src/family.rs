//! From widths and a convention to a component, its layout, and weights in that layout.

use equigen_core::registry::{Kind, Registry};
use equigen_core::{Error, Inr, Layout, Result};
use serde_json::{Value, json};

use crate::convention::Convention;
use crate::dense::shape;

/// A component and the layout of its networks.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) inr: Box<dyn Inr>,
    pub(crate) layout: Layout,
}

impl Family {
    /// The component of these settings, whose networks have these widths; what the widths tell is filled in. `dimensions`
    /// are those of the domain, if it is known.
    ///
    /// # Errors
    /// If the component is not there, or its networks have other widths.
    pub(crate) fn of(
        settings: &Value,
        widths: &[usize],
        dimensions: Option<usize>,
        registry: &Registry,
    ) -> Result<Self> {
        let name = settings.get("type").and_then(Value::as_str);
        let name = name.ok_or_else(|| Error::config("the inr has no `type`; give one such as { type = \"siren\" }"))?;
        let record = registry.get(Kind::Inr, name)?;
        let keys = record.defaults.as_object();
        let has = |key: &str| keys.is_some_and(|keys| keys.contains_key(key)) && settings.get(key).is_none();
        let outputs = widths[widths.len() - 1];
        // Those of the domain first; the others too, so that a wrong domain can be told as such.
        let mut candidates: Vec<usize> = dimensions.into_iter().chain([2, 3, 1]).collect();
        candidates.dedup();
        let mut found = Vec::new();
        for dimensions in candidates {
            let mut settings = settings.clone();
            if has("hidden") {
                settings["hidden"] = json!(widths[1..widths.len() - 1]);
            }
            // A point, and a sine and a cosine of each octave.
            let octaves = (widths[0] / dimensions).saturating_sub(1) / 2;
            if has("octaves") && widths[0] == dimensions * (1 + 2 * octaves) {
                settings["octaves"] = json!(octaves);
            }
            let inr: Box<dyn Inr> = serde_json::from_value(settings)
                .map_err(|error| Error::config(format!("inr `{name}`: {error}; see `equigen describe inr/{name}`")))?;
            let layout = inr.layout(dimensions, outputs)?;
            if is_stack(&layout, widths) {
                return Ok(Self { inr, layout });
            }
            found.push(shape(&layout.widths()));
        }
        let text = format!("inr `{name}` makes networks {}, but the file holds {}", found.join(" or "), shape(widths));
        Err(Error::config(format!("{text}; give its settings with --inr, or the domain with --domain")))
    }

    /// Dimensions of a raw coordinate.
    pub(crate) fn dimensions(&self) -> usize {
        self.layout.coordinates()
    }
}

/// Whether a layout is weight and bias, layer by layer, of these widths.
fn is_stack(layout: &Layout, widths: &[usize]) -> bool {
    let shapes = widths.windows(2).flat_map(|pair| [vec![pair[1], pair[0]], vec![pair[1]]]);
    layout.tensors().iter().map(|tensor| tensor.shape.clone()).eq(shapes)
}

/// Makes the network of a file one of column-first coordinates and of signals in [0, 1].
pub(crate) fn adapt(network: &mut [f32], layout: &Layout, convention: &Convention) {
    if convention.row_first && layout.affine_in_coordinates() && layout.inputs() == 2 {
        network[layout.weight(0).range()].as_chunks_mut::<2>().0.iter_mut().for_each(|pair| pair.reverse());
    }
    let [low, high] = convention.range;
    if [low, high] != [0.0, 1.0] {
        let scale = 1.0 / (high - low);
        let last = layout.layers() - 1;
        network[layout.weight(last).range()]
            .iter_mut()
            .for_each(|weight| *weight = (f64::from(*weight) * scale) as f32);
        network[layout.bias(last).range()]
            .iter_mut()
            .for_each(|bias| *bias = ((f64::from(*bias) - low) * scale) as f32);
    }
}
