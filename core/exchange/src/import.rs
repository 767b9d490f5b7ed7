//! Files to a zoo.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use equigen_core::registry::Registry;
use equigen_core::{Domain, Error, Result, Zoo, ZooItem};
use rayon::prelude::*;
use serde_json::Value;

use crate::convention::{CONVENTIONS, Convention};
use crate::dense::shape;
use crate::family::{Family, adapt};
use crate::names::{Split, folder_of, label_of, natural};
use crate::network::{Family as Told, Network, networks};
use crate::source::{Found, visit};

/// Label of networks of which nothing tells what they stand for.
pub(crate) const UNKNOWN: &str = "unknown";
/// Wrong files that one message names.
const NAMED: usize = 5;

/// What a person says of files that do not say it themselves. Everything may be left open.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// Name of a convention: `dwsnets`, `nfn`, `hyperdiffusion`.
    pub convention: Option<String>,
    /// The component and its settings, in place of those of the convention.
    pub inr: Option<Value>,
    /// Whether the first coordinate is the row of an image.
    pub row_first: Option<bool>,
    /// The values that stand for 0 and 1 of a signal.
    pub range: Option<[f64; 2]>,
    /// The domain of the signals.
    pub domain: Option<Domain>,
    /// Rows and columns of the images, where [`ImportOptions::domain`] is not given.
    pub size: Option<[usize; 2]>,
    /// The label of all networks.
    pub label: Option<String>,
    /// A split file with labels, beside those among the files.
    pub labels: Option<PathBuf>,
    /// Which of several state dicts of a checkpoint.
    pub key: Option<String>,
    /// Leave out files that are wrong in place of refusing all.
    pub skip: bool,
}

/// A zoo that was read, and how.
#[derive(Debug)]
pub struct Imported {
    /// The networks.
    pub zoo: Zoo,
    /// What told how the networks are to be read: a convention, or the files' own metadata.
    pub told_by: String,
    /// Files that were wrong and left out, each with the reason.
    pub skipped: Vec<String>,
    /// Files of folders and archives that hold no network.
    pub ignored: usize,
}

/// Reads the networks of files, folders and archives, in the order of the paths and then of their names.
///
/// # Errors
/// If a file is missing, damaged, runs code, holds another network than the first, or nothing tells what its network
/// computes; the message names it.
pub fn import(paths: &[PathBuf], options: &ImportOptions, registry: &Registry) -> Result<Imported> {
    let mut all = Collected::default();
    if let Some(path) = &options.labels {
        let split = Split::parse(&fs_err::read(path)?);
        let wrong = || {
            Error::config(format!(
                "--labels {}: expected {{\"train\": {{\"path\": […], \"label\": […]}}}}",
                path.display()
            ))
        };
        all.split = split.ok_or_else(wrong)?;
    }
    for path in paths {
        let first = all.networks.len();
        visit(path, &mut |batch| {
            let of = |(name, found): (String, Result<Found>)| {
                let part = found.and_then(|found| part(&name, found, options.key.as_deref()));
                (name, part)
            };
            let read: Vec<(String, Result<Part>)> = batch.into_par_iter().map(of).collect();
            read.into_iter().for_each(|(name, part)| all.add(name, part));
            if all.wrong.is_empty() || options.skip { Ok(()) } else { Err(refusal(&all.wrong)) }
        })?;
        // An archive has its files in an order of its own.
        all.networks[first..].par_sort_by(|a, b| natural(&a.name, &b.name));
    }
    let Some((_, told)) = &all.first else {
        let text = if all.wrong.is_empty() {
            Error::failed("there is no network in these files")
        } else {
            refusal(&all.wrong)
        };
        return Err(text);
    };
    let convention = convention(told, options)?;
    let (family, domain) = family(told, &convention, options, registry)?;
    all.networks.par_iter_mut().for_each(|network| adapt(&mut network.values, &family.layout, &convention));
    let items = labelled(&all, options);
    let values = all.networks.iter().flat_map(|network| &network.values).copied().collect();
    let zoo = Zoo { inr: family.inr.into(), layout: Arc::new(family.layout), domain, values, items };
    Ok(Imported { zoo, told_by: convention.name, skipped: all.wrong, ignored: all.ignored })
}

/// What one file gives.
enum Part {
    Networks(Box<Told>, Vec<Network>),
    Split(Split),
    Nothing,
}

fn part(name: &str, found: Found, key: Option<&str>) -> Result<Part> {
    Ok(match found {
        Found::States(states) => {
            let (told, networks) = networks(name, states, key)?;
            Part::Networks(Box::new(told), networks)
        }
        Found::Split(split) => Part::Split(split),
        Found::Nothing => Part::Nothing,
    })
}

/// What all files gave so far.
#[derive(Default)]
struct Collected {
    /// The first file, to which all others must be alike.
    first: Option<(String, Told)>,
    networks: Vec<Network>,
    split: Split,
    wrong: Vec<String>,
    ignored: usize,
}

impl Collected {
    fn add(&mut self, name: String, part: Result<Part>) {
        match part {
            Ok(Part::Networks(told, networks)) => {
                let (first, known) = self.first.get_or_insert_with(|| (name.clone(), (*told).clone()));
                if *known == *told {
                    self.networks.extend(networks);
                } else {
                    let text = format!("`{name}` holds {told}, but `{first}` {known}; import one family at a time");
                    self.wrong.push(text);
                }
            }
            Ok(Part::Split(split)) => self.split.extend(split),
            Ok(Part::Nothing) => self.ignored += 1,
            Err(error) => self.wrong.push(format!("`{name}`: {error}")),
        }
    }
}

/// One message of some wrong files.
fn refusal(wrong: &[String]) -> Error {
    let more = wrong.len().saturating_sub(NAMED);
    let mut text = wrong[..wrong.len().min(NAMED)].join("\n  ");
    if more > 0 {
        text.push_str(&format!("\n  and {more} more"));
    }
    text.push_str("\nnothing was imported; --skip leaves such files out");
    Error::failed(text)
}

/// How the networks are to be read.
fn convention(told: &Told, options: &ImportOptions) -> Result<Convention> {
    let mut convention = match (&told.inr, &options.convention, &options.inr) {
        (Some(inr), None, None) => Convention { name: "equigen".into(), ..Convention::given(inr.clone()) },
        (_, Some(name), _) => Convention::named(name, told.widths[told.widths.len() - 1]).ok_or_else(|| {
            Error::config(format!("--convention {name}: unknown; known are: {}", CONVENTIONS.join(", ")))
        })?,
        (_, None, Some(inr)) => Convention::given(inr.clone()),
        (None, None, None) => told.convention.clone().ok_or_else(|| {
            Error::config(format!(
                "the networks are {}, but nothing in the files tells how they activate; say it: --inr '{{ type = \
                 \"siren\", omega = 30.0 }}', or --convention {}",
                shape(&told.widths),
                CONVENTIONS.join(", ")
            ))
        })?,
    };
    if let Some(inr) = &options.inr {
        convention.inr = inr.clone();
    }
    convention.row_first = options.row_first.unwrap_or(convention.row_first);
    convention.range = options.range.unwrap_or(convention.range);
    if convention.range[0] >= convention.range[1] {
        return Err(Error::config("--range: the value that stands for 0 must be below that which stands for 1"));
    }
    Ok(convention)
}

/// The component, and the domain of the signals.
fn family(
    told: &Told,
    convention: &Convention,
    options: &ImportOptions,
    registry: &Registry,
) -> Result<(Family, Domain)> {
    let by = |error: Error| error.within(format!("networks {} ({})", shape(&told.widths), convention.name));
    let known = options.domain.or(told.domain);
    let family =
        Family::of(&convention.inr, &told.widths, known.map(|domain| domain.dimensions()), registry).map_err(by)?;
    let channels = family.layout.channels();
    let dimensions = family.dimensions();
    let size = options.size.or(convention.size).filter(|_| dimensions == 2);
    let image = size.map(|[height, width]| Domain::Image { height, width, channels });
    let domain = known.or(image).ok_or_else(|| {
        let remedy = if dimensions == 2 { "give the images' size: --size 28x28" } else { "give it with --domain" };
        by(Error::config(format!("nothing tells the domain of {dimensions} coordinates; {remedy}")))
    })?;
    if options.domain.is_some() && (domain.channels() != channels || domain.dimensions() != dimensions) {
        let text = format!(
            "they have {dimensions} coordinates and {channels} channels, the domain has {} and {}",
            domain.dimensions(),
            domain.channels()
        );
        return Err(by(Error::config(format!("{text}; give the domain that they were fitted on"))));
    }
    Ok((family, domain))
}

/// What each network stands for.
fn labelled(all: &Collected, options: &ImportOptions) -> Vec<ZooItem> {
    let folders: BTreeSet<&str> = all.networks.iter().filter_map(|network| folder_of(&network.name)).collect();
    let label = |network: &Network| -> String {
        let said = options.label.clone().or_else(|| network.label.clone());
        let listed = || all.split.label(&network.name).map(str::to_owned);
        let folder = || folder_of(&network.name).filter(|_| folders.len() > 1).map(str::to_owned);
        said.or_else(listed).or_else(|| label_of(&network.name)).or_else(folder).unwrap_or_else(|| UNKNOWN.to_owned())
    };
    let item = |network: &Network| ZooItem { label: label(network), quality: network.quality, steps: network.steps };
    all.networks.iter().map(item).collect()
}
