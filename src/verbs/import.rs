//! `equigen import`: the field's files to a zoo.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use equigen_core::config::{LoadOptions, plugins};
use equigen_core::{Domain, Error, Result, SignalSet, Zoo};
use equigen_exchange::{ImportOptions, Imported, compare, import};
use serde::de::DeserializeOwned;

use super::{Plugins, json, print};
use crate::output::note;

/// Read networks of PyTorch, safetensors or numpy files into a zoo
///
/// Files are recognised by what they hold, not by their names: state dicts of PyTorch, safetensors, npz, folders, tar and
/// zip archives of them, and the split files of DWSNets, from which labels are taken. No pickle is executed. What the files
/// do not tell can be said by the options.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Files, folders and archives
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// New file of the zoo
    #[arg(long, value_name = "ZOO")]
    out: PathBuf,
    /// Read the networks as those of a known data set: dwsnets, nfn, hyperdiffusion
    #[arg(long, value_name = "NAME")]
    convention: Option<String>,
    /// What the networks are: `siren`, or with settings `{ type = "siren", omega = 15.0 }`; widths come from the files
    #[arg(long, value_name = "TOML")]
    inr: Option<String>,
    /// Rows and columns of the images, such as 28x28
    #[arg(long, value_name = "HxW", value_parser = size)]
    size: Option<[usize; 2]>,
    /// Domain of the signals, as a zoo's metadata has it: `{ image = { height = 28, width = 28, channels = 1 } }`
    #[arg(long, value_name = "TOML", conflicts_with = "size")]
    domain: Option<String>,
    /// Order of the coordinates of an image: the column first (xy), or the row first (yx)
    #[arg(long)]
    coordinates: Option<Coordinates>,
    /// The values that stand for 0 and 1 of a signal, such as -1,1
    #[arg(long, value_name = "LOW,HIGH", value_parser = range, allow_hyphen_values = true)]
    range: Option<[f64; 2]>,
    /// Label of all networks
    #[arg(long)]
    label: Option<String>,
    /// A split file of DWSNets with labels, if it is not among the files
    #[arg(long, value_name = "JSON")]
    labels: Option<PathBuf>,
    /// Which of several state dicts of a checkpoint
    #[arg(long)]
    key: Option<String>,
    /// The signals of this pipeline are those of the networks, in the order of the files' names: PSNR is computed
    #[arg(long, value_name = "PIPELINE")]
    signals: Option<PathBuf>,
    /// Leave out files that are wrong
    #[arg(long)]
    skip: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    plugins: Plugins,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Coordinates {
    Xy,
    Yx,
}

impl Import {
    pub(crate) fn run(self) -> Result<()> {
        if self.out.exists() {
            return Err(Error::config(format!("--out {}: it exists already; name another", self.out.display())));
        }
        let none = LoadOptions::default();
        let named = self.signals.as_deref().map(|path| plugins(path, &none)).transpose()?.unwrap_or_default();
        let registry = self.plugins.registry(&named)?;
        let signals = match &self.signals {
            None => None,
            Some(path) => {
                let data = self.plugins.load(path, &none, &registry)?.data;
                let mut reader = data.signals.open()?;
                let count = data.limit.map_or(reader.count(), |limit| limit.min(reader.count()));
                Some(SignalSet::read(&mut *reader, count)?)
            }
        };
        let domain = self.domain.as_deref().map(|text| value::<Domain>("--domain", text)).transpose()?;
        let options = ImportOptions {
            convention: self.convention,
            inr: self.inr.as_deref().map(inr).transpose()?,
            row_first: self.coordinates.map(|order| order == Coordinates::Yx),
            range: self.range,
            domain: domain.or_else(|| signals.as_ref().map(|signals| signals.domain)),
            size: self.size,
            label: self.label,
            labels: self.labels,
            key: self.key,
            skip: self.skip,
        };
        let mut imported = import(&self.files, &options, &registry)?;
        if let Some(signals) = &signals {
            compare(&mut imported.zoo, signals)?;
        }
        imported.zoo.save(&self.out)?;
        if self.json {
            let Imported { zoo, told_by, skipped, ignored } = &imported;
            return print(&json(&serde_json::json!({
                "zoo": self.out, "networks": zoo.len(), "layout": zoo.layout.to_string(), "domain": zoo.domain, "inr": zoo.inr,
                "told_by": told_by, "labels": zoo.labels(), "left_out": skipped, "without_network": ignored,
            }))?);
        }
        for wrong in &imported.skipped {
            note(&format!("left out: {wrong}"));
        }
        if imported.ignored > 0 {
            note(&format!("{} files hold no network", imported.ignored));
        }
        print(&summary(&imported.zoo, &imported.told_by))?;
        print(&format!("{}", self.out.display()))
    }
}

/// One line on a zoo: how many networks of what, read how, labelled how, how good.
fn summary(zoo: &Zoo, told_by: &str) -> String {
    let labels = zoo.labels();
    let shown = labels.iter().take(12).cloned().collect::<Vec<_>>().join(", ");
    let more = if labels.len() > 12 { ", …" } else { "" };
    let mean = zoo.items.iter().map(|item| f64::from(item.quality)).sum::<f64>() / zoo.len() as f64;
    // What was generated, and not fitted, has 0.
    let is_known = mean.is_finite() && zoo.items.iter().any(|item| item.quality != 0.0);
    let quality = match (zoo.domain.image().is_some(), is_known) {
        (true, true) => format!("mean PSNR {mean:.2} dB"),
        (false, true) => format!("mean IoU {mean:.3}"),
        (true, false) => "PSNR unknown".to_owned(),
        (false, false) => "IoU unknown".to_owned(),
    };
    let (count, layout) = (zoo.len(), &zoo.layout);
    format!("{count} networks {layout} (told by {told_by}); labels {shown}{more}; {quality}")
}

/// A TOML value of an option.
fn value<T: DeserializeOwned>(option: &str, text: &str) -> Result<T> {
    let wrong = |why: String| Error::config(format!("{option} {text}: {}", why.trim_end()));
    let mut table: toml::Table =
        toml::from_str(&format!("value = {text}")).map_err(|error| wrong(error.to_string()))?;
    let value = table.remove("value").ok_or_else(|| wrong("expected a value".to_owned()))?;
    value.try_into().map_err(|error: toml::de::Error| wrong(error.to_string()))
}

/// A component by its name or with its settings.
fn inr(text: &str) -> Result<serde_json::Value> {
    let named = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if named { Ok(serde_json::json!({ "type": text })) } else { value("--inr", text) }
}

fn size(text: &str) -> std::result::Result<[usize; 2], String> {
    let sides = text.split_once('x').and_then(|(height, width)| Some([height.parse().ok()?, width.parse().ok()?]));
    sides.filter(|sides| !sides.contains(&0)).ok_or_else(|| "expected rows and columns, such as 28x28".to_owned())
}

fn range(text: &str) -> std::result::Result<[f64; 2], String> {
    let bounds = text.split_once(',').and_then(|(low, high)| Some([low.parse().ok()?, high.parse().ok()?]));
    let finite = |bounds: &[f64; 2]| bounds.iter().all(|bound| bound.is_finite());
    bounds.filter(finite).ok_or_else(|| "expected two numbers, such as -1,1".to_owned())
}
