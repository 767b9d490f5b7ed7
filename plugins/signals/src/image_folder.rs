//! `image-folder`: pictures in a folder or a zip archive, a class a folder.

mod pixels;
mod source;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use equigen_core::{Domain, Error, Result, SignalReader, Signals};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::paths::{self, in_file};
use source::Source;

/// PNG and JPEG pictures in a folder or a zip archive, a class a folder, or labels from a file.
///
/// A picture's class is the first folder of its path below `images`, however deep it lies. Pictures come in an order
/// that mixes the classes, by a hash of their paths, so that the first of them (`data.limit`) are a fair sample. A picture is
/// turned upright where its file says so (Exif), and what is transparent shows white; values are those of the file over
/// their largest. Pictures are read as they are needed, and their paths are kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ImageFolder {
    /// Path of the folder, or of a zip archive of one, relative to the pipeline file.
    pub images: PathBuf,
    /// Path of a text file with a line `path,label` for each picture to use, its path below `images`; relative to the
    /// pipeline file. Without it folders are the classes, and every picture is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<PathBuf>,
    /// Whether a pixel has one value or three.
    pub colour: Colour,
    /// Width and height to which every picture is resampled (Lanczos), whatever its shape. Without it all must have one
    /// size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<[u32; 2]>,
}

/// Values of a pixel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// Red, green and blue.
    #[default]
    Rgb,
    /// Luma by Rec. 709: 0.2126 red, 0.7152 green, 0.0722 blue.
    Grey,
}

impl Colour {
    fn channels(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Grey => 1,
        }
    }
}

equigen_core::register!(Signals, ImageFolder);

/// Largest side to resample to: an INR of a larger picture is beyond what fits here.
const LARGEST: u32 = 4096;

#[typetag::serde(name = "image-folder")]
impl Signals for ImageFolder {
    fn resolve(&mut self, folder: &Path) {
        paths::resolve(&mut self.images, folder);
        if let Some(labels) = &mut self.labels {
            paths::resolve(labels, folder);
        }
    }

    fn fingerprint(&self) -> Result<String> {
        let (mut source, pictures) = self.pictures()?;
        let mut hasher = blake3::Hasher::new();
        for Picture { name, label } in &pictures {
            // Lengths, so that no two lists are one text.
            let bytes = source.read(name)?;
            for part in [name.as_bytes(), label.as_bytes(), &bytes[..]] {
                hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
            }
            // Earlier versions left these lying; what they made of the others is as good as ever.
            if pixels::is_turned(&bytes) {
                hasher.update(b"upright");
            }
        }
        Ok(format!("image-folder colour={:?} size={:?} pictures={}", self.colour, self.size, hasher.finalize()))
    }

    fn open(&self) -> Result<Box<dyn SignalReader>> {
        let (mut source, pictures) = self.pictures()?;
        // What is no picture, or of another size, is refused before hours go into those before it. Damage further on in a
        // file shows when it is read.
        let mut size = self.size;
        for Picture { name, .. } in &pictures {
            let bytes = source.read(name)?;
            let found = pixels::size(&bytes).map_err(|error| in_file(error, &source.path(name)))?;
            match size {
                None => size = Some(found),
                Some(size) if self.size.is_none() && size != found => {
                    let text = format!(
                        "it has {} x {} pixels where others have {} x {}; give `size`, to which all are resampled, such as \
                         [32, 32]",
                        found[0], found[1], size[0], size[1]
                    );
                    return Err(in_file(Error::failed(text), &source.path(name)));
                }
                Some(_) => {}
            }
        }
        let Some(size) = size else {
            return Err(Error::failed(format!("`{}`: there is no picture", self.images.display())));
        };
        Ok(Box::new(Reader { source, pictures, next: 0, colour: self.colour, size }))
    }
}

/// A picture and its class.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Picture {
    /// Path below the folder, with `/`.
    name: String,
    label: String,
}

impl ImageFolder {
    /// The pictures, in the order in which they are read.
    fn pictures(&self) -> Result<(Source, Vec<Picture>)> {
        if self.images.as_os_str().is_empty() {
            let remedy = "give the path of a folder with a folder of pictures for each class";
            return Err(Error::config(format!("image-folder: `images` is missing; {remedy}")));
        }
        if let Some([width, height]) = self.size
            && !((1..=LARGEST).contains(&width) && (1..=LARGEST).contains(&height))
        {
            let text = format!("image-folder: `size` = [{width}, {height}]: give two numbers from 1 to {LARGEST}");
            return Err(Error::config(text));
        }
        let source = Source::open(&self.images)?;
        let names = source.names()?;
        let mut pictures = match &self.labels {
            Some(file) => listed(file, &names.into_iter().collect())?,
            None => names.into_iter().map(|name| self.by_folder(name)).collect::<Result<_>>()?,
        };
        if pictures.is_empty() {
            let text = "there is no PNG or JPEG file in it; give a folder with a folder of pictures for each class";
            return Err(in_file(Error::failed(text), &self.images));
        }
        pictures.sort_by_cached_key(|picture| *blake3::hash(picture.name.as_bytes()).as_bytes());
        Ok((source, pictures))
    }

    fn by_folder(&self, name: String) -> Result<Picture> {
        let Some((label, _)) = name.split_once('/') else {
            let text = "it lies in no folder, which would be its class; move it into one, or give `labels`";
            return Err(in_file(Error::failed(text), &self.images.join(name)));
        };
        Ok(Picture { label: label.to_owned(), name })
    }
}

/// The pictures that a file of labels names.
fn listed(file: &Path, names: &BTreeSet<String>) -> Result<Vec<Picture>> {
    let text = std::io::read_to_string(paths::open(file)?).map_err(|error| in_file(error.into(), file))?;
    let mut seen = BTreeSet::new();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let picture = |(i, line): (usize, &str)| {
        let wrong = |text: String| Err(in_file(Error::failed(text), file));
        let number = i + 1;
        let Some((name, label)) = line.rsplit_once(',').map(|(name, label)| (name.trim(), label.trim())) else {
            return wrong(format!("line {number}: expected `path,label`, found `{line}`"));
        };
        if label.is_empty() {
            return wrong(format!("line {number}: `{name}` has no label"));
        }
        if !names.contains(name) {
            return wrong(format!("line {number}: there is no PNG or JPEG file `{name}` below `images`"));
        }
        if !seen.insert(name.to_owned()) {
            return wrong(format!("line {number}: `{name}` stands there twice"));
        }
        Ok(Picture { name: name.to_owned(), label: label.to_owned() })
    };
    lines.map(picture).collect()
}

struct Reader {
    source: Source,
    pictures: Vec<Picture>,
    next: usize,
    colour: Colour,
    /// Width and height.
    size: [u32; 2],
}

impl Reader {
    fn check(&self, count: usize) -> Result<()> {
        let left = self.pictures.len() - self.next;
        if count <= left {
            return Ok(());
        }
        Err(Error::failed(format!("image-folder: {count} more pictures were asked for, and there are {left}")))
    }
}

impl SignalReader for Reader {
    fn domain(&self) -> Domain {
        let [width, height] = self.size.map(|side| side as usize);
        Domain::Image { height, width, channels: self.colour.channels() }
    }

    fn count(&self) -> usize {
        self.pictures.len()
    }

    fn label(&self, row: usize) -> String {
        self.pictures[row].label.clone()
    }

    fn skip(&mut self, count: usize) -> Result<()> {
        self.check(count)?;
        self.next += count;
        Ok(())
    }

    fn read(&mut self, count: usize) -> Result<Vec<f32>> {
        self.check(count)?;
        let mut values = Vec::new();
        for Picture { name, .. } in &self.pictures[self.next..self.next + count] {
            let bytes = self.source.read(name)?;
            let picture = pixels::values(&bytes, self.colour, self.size);
            values.extend(picture.map_err(|error| in_file(error, &self.source.path(name)))?);
        }
        self.next += count;
        Ok(values)
    }
}
