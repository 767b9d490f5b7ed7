//! Shards: a fit in parts, made by several processes or machines, and joined to what one run makes.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::execute::link;
use super::{Event, Observer, RunRecord, Store};
use crate::config::Init;
use crate::{Error, Result, files, stages};

/// What the names of shards' folders begin with.
const FOLDER: &str = "shard-";

/// One of several parts of a fit: `3/16` is the third of sixteen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// From 1.
    number: u32,
    of: u32,
}

impl Shard {
    /// Its share of `count` things. All shards together hold each once and in order, and none has two more than another.
    pub fn share(&self, count: usize) -> Range<usize> {
        let start = |number: u32| number as usize * count / self.of as usize;
        start(self.number - 1)..start(self.number)
    }

    /// Name of its folder in a run's.
    pub(super) fn folder(&self) -> String {
        format!("{FOLDER}{}-of-{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts =
            text.split_once('/').and_then(|(number, of)| Some((number.parse::<u32>().ok()?, of.parse::<u32>().ok()?)));
        let shard = parts.map(|(number, of)| Self { number, of });
        let valid = shard.filter(|shard| (1..=shard.of).contains(&shard.number));
        valid.ok_or_else(|| Error::config("expected I/N, such as 3/16, I being one of 1 to N"))
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

/// A part of a stage's work.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Which.
    pub(crate) shard: Shard,
    /// Key of the whole.
    pub(crate) whole: String,
}

impl Part {
    /// Its own key, which follows from that of the whole.
    pub(super) fn key(&self) -> String {
        Store::key("fit-shard", 1, &serde_json::json!({ "fit": self.whole, "shard": self.shard.to_string() }), &[])
    }
}

/// `shard.json`: what a shard is a part of, and what joining needs of it beside its networks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ShardRecord {
    /// Which it is.
    pub(crate) shard: Shard,
    /// Key of the whole fit: pipeline, seed and signals stand in it.
    pub(crate) fit: String,
    /// Seed of the run, for messages.
    pub(crate) seed: u64,
    /// Layout of the networks, for the summary.
    pub(crate) layout: String,
    /// Where the fits started, for the summary.
    pub(crate) init: Option<Init>,
}

impl ShardRecord {
    /// Its file in the folder of a shard.
    pub(crate) fn path(folder: &Path) -> PathBuf {
        folder.join("shard.json")
    }
}

/// A shard in a run's folder.
struct Found {
    run: PathBuf,
    folder: PathBuf,
    record: ShardRecord,
}

impl Found {
    /// All shards of a run's folder, by name.
    fn all(run: &Path) -> Result<Vec<Self>> {
        let entries = fs_err::read_dir(run)?.map(|entry| Ok(entry?.path()));
        let mut folders = entries.collect::<Result<Vec<PathBuf>>>()?;
        // A kill can leave a link behind that has not got its name yet: it has an extension.
        folders.retain(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(FOLDER) && path.extension().is_none()
        });
        folders.sort();
        let read = |folder: PathBuf| {
            if !folder.exists() {
                let remedy = "copy the run with what its links lead to, as `scp -r` and `rsync -rL` do";
                return Err(Error::config(format!("`{}` leads nowhere; {remedy}", folder.display())));
            }
            let record = files::read_json(&ShardRecord::path(&folder))?;
            Ok(Self { run: run.to_owned(), folder, record })
        };
        let found = folders.into_iter().map(read).collect::<Result<Vec<Self>>>()?;
        if found.is_empty() {
            let remedy = "make one with `equigen run PIPELINE.toml --until fit --shard I/N`";
            return Err(Error::config(format!("`{}` holds no shard; {remedy}", run.display())));
        }
        Ok(found)
    }

    /// The command that makes a shard of the same fit in the same folder.
    fn command(&self, shard: Shard) -> String {
        let run = self.run.display();
        format!("equigen run {run}/config.toml --until fit --shard {shard} --run {run}")
    }
}

/// Joins the shards that lie in the folders of runs, all of one fit, and gives that fit to the run in `folder`, with
/// the store beside it: key and bytes are those of a fit made in one.
///
/// # Errors
/// If a folder holds no shard, a shard is missing, there twice or of another fit, a file is damaged, or `folder` holds
/// a run with another fit.
pub fn join_shards(runs: &[PathBuf], folder: &Path, observer: &dyn Observer) -> Result<()> {
    let mut shards = Vec::new();
    for run in runs {
        shards.extend(Found::all(run)?);
    }
    shards.sort_by_key(|found| found.record.shard.number);
    check(&shards)?;
    let Found { run, record, .. } = &shards[0];
    let key = &record.fit;
    refuse_another(folder, key)?;
    let store = Store::open(&folder.parent().unwrap_or(Path::new(".")).join(".store"))?;
    if store.holds(key) {
        observer.event(&Event::Reused { stage: "fit", key: key.clone() });
    } else {
        let partial = store.begin(key)?;
        observer.event(&Event::Started { stage: "fit", key: key.clone() });
        let begun = Instant::now();
        let zoos: Vec<PathBuf> = shards.iter().map(|found| found.folder.join("zoo.safetensors")).collect();
        stages::join_fits(&zoos, &partial.folder, &record.layout, record.init, Vec::new())?;
        partial.finish()?;
        observer.event(&Event::Finished { stage: "fit", seconds: begun.elapsed().as_secs_f64() });
    }
    fs_err::create_dir_all(folder)?;
    let (from, to) = (run.join("config.toml"), folder.join("config.toml"));
    if from.is_file() && !to.exists() {
        files::write(&to, &fs_err::read(from)?)?;
    }
    link(&store.folder(key), &folder.join("fit"))
}

/// Whether these are all shards of one fit, each once; they are sorted by number.
fn check(shards: &[Found]) -> Result<()> {
    let refused = |text: String| Err(Error::config(text));
    let Some(first) = shards.first() else {
        return refused("there is no run to take shards from".into());
    };
    let one = first.folder.display();
    for found in &shards[1..] {
        let (a, b, other) = (&first.record, &found.record, found.folder.display());
        if a.shard.of != b.shard.of {
            return refused(format!(
                "`{one}` is one of {} shards and `{other}` one of {}; join shards of one number",
                a.shard.of, b.shard.of
            ));
        }
        if a.fit != b.fit {
            let why = if a.seed == b.seed {
                "their pipelines, signals or versions of equigen differ".to_owned()
            } else {
                format!("the seed of one is {}, that of the other {}", a.seed, b.seed)
            };
            let remedy = "make one of them anew, with the settings of the other";
            return refused(format!("`{one}` and `{other}` are no shards of one fit: {why}; {remedy}"));
        }
    }
    for pair in shards.windows(2) {
        if pair[0].record.shard == pair[1].record.shard {
            let (shard, one, two) = (pair[0].record.shard, pair[0].folder.display(), pair[1].folder.display());
            return refused(format!("shard {shard} is there twice, as `{one}` and as `{two}`; leave one of them out"));
        }
    }
    let of = first.record.shard.of;
    let is_missing = |number: &u32| shards.iter().all(|found| found.record.shard.number != *number);
    let mut missing = (1..=of).filter(is_missing).map(|number| Shard { number, of });
    if let Some(shard) = missing.next() {
        let more = match of.saturating_sub(1 + shards.len() as u32) {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        return refused(format!("shard {shard} is missing{more}; make it with `{}`", first.command(shard)));
    }
    Ok(())
}

/// A run's folder tells by its `run.json` which stages it holds; a fit of another pipeline has no place in it.
fn refuse_another(folder: &Path, key: &str) -> Result<()> {
    let path = folder.join("run.json");
    if !path.exists() {
        return Ok(());
    }
    let record: RunRecord = files::read_json(&path)?;
    if record.stages.get("fit").is_none_or(|fit| fit.key == key) {
        return Ok(());
    }
    let text = format!("`{}` holds a run with another fit; name a new folder with `--run DIR`", folder.display());
    Err(Error::config(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_divide_everything_evenly_and_in_order() {
        for count in 0..40 {
            for of in 1..20 {
                let shares: Vec<_> = (1..=of).map(|number| Shard { number, of }.share(count)).collect();
                assert_eq!(shares.iter().cloned().flatten().collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
                let sizes = || shares.iter().map(|share| share.len());
                assert!(sizes().max().unwrap() - sizes().min().unwrap() <= 1, "{count} in {of}");
            }
        }
    }

    #[test]
    fn a_shard_is_written_as_a_fraction() {
        let shard: Shard = "3/16".parse().unwrap();
        assert_eq!((shard.number, shard.of, shard.to_string().as_str()), (3, 16, "3/16"));
        assert_eq!(shard.folder(), "shard-3-of-16");
        for wrong in ["", "3", "0/16", "17/16", "1/0", "-1/2", "a/b", "1/2/3"] {
            assert!(wrong.parse::<Shard>().unwrap_err().to_string().contains("3/16"), "{wrong}");
        }
    }
}
