//! Names of files and tensors: their natural order, and the labels that data sets write into them.

use std::cmp::Ordering;
use std::collections::HashMap;

use serde_json::Value;

/// Orders names as people do: runs of digits by their number, so that `net2` comes before `net10`.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (Some(x), Some(y)) = (left.chars().next(), right.chars().next()) else {
            return left.len().cmp(&right.len()).then_with(|| a.cmp(b));
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (m, n) = (digits(&mut left), digits(&mut right));
            let order = m.len().cmp(&n.len()).then_with(|| m.cmp(n));
            if order.is_ne() {
                return order;
            }
        } else if x == y {
            left = &left[x.len_utf8()..];
            right = &right[y.len_utf8()..];
        } else {
            return x.cmp(&y);
        }
    }
}

/// Takes the digits at the start, without leading zeros.
fn digits<'a>(text: &mut &'a str) -> &'a str {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    *text = rest;
    number.trim_start_matches('0')
}

/// The label in a path of a known data set: `…_LABEL_NUMBER/checkpoints/x.pth` of DWSNets, `…_LABELs/net3.pth` of NFN.
pub(crate) fn label_of(path: &str) -> Option<String> {
    let mut folders = path.rsplit('/').skip(1);
    let parent = folders.next()?;
    if parent == "checkpoints" {
        let mut parts = folders.next()?.rsplit('_');
        let (number, label) = (parts.next()?, parts.next()?);
        return (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then(|| label.to_owned());
    }
    let label = parent.rsplit_once('_')?.1.strip_suffix('s')?;
    (label.len() == 1 && label.bytes().all(|byte| byte.is_ascii_digit())).then(|| label.to_owned())
}

/// The folder in which a file lies.
pub(crate) fn folder_of(path: &str) -> Option<&str> {
    path.rsplit('/').nth(1).filter(|folder| !matches!(*folder, "" | "." | ".."))
}

/// Labels by path, as a split file of DWSNets gives them: `{"train": {"path": […], "label": […]}, …}`. Its paths are those of
/// another machine, so only their last folders count.
#[derive(Debug, Default)]
pub(crate) struct Split(HashMap<String, Option<String>>);

impl Split {
    /// Reads a split file; `None` if it is JSON of another kind, or none.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(bytes).ok()?;
        let mut split = Self::default();
        for part in value.as_object()?.values() {
            let (paths, labels) = (part.get("path")?.as_array()?, part.get("label")?.as_array()?);
            if paths.len() != labels.len() {
                return None;
            }
            for (path, label) in paths.iter().zip(labels) {
                let label = label.as_str().map_or_else(|| label.to_string(), str::to_owned);
                for ending in endings(path.as_str()?) {
                    split
                        .0
                        .entry(ending)
                        .and_modify(|known| *known = known.take().filter(|known| *known == label))
                        .or_insert(Some(label.clone()));
                }
            }
        }
        Some(split)
    }

    /// Adds the labels of another file.
    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The label of a path, by the longest ending that tells it.
    pub(crate) fn label(&self, path: &str) -> Option<&str> {
        endings(path).find_map(|ending| self.0.get(&ending)?.as_deref())
    }
}

/// The last three, two and one parts of a path.
fn endings(path: &str) -> impl Iterator<Item = String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let start = parts.len().saturating_sub(3);
    let parts: Vec<String> = (start..parts.len()).map(|first| parts[first..].join("/")).collect();
    parts.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_as_numbers() {
        let mut names = ["net10.pth", "net9.pth", "net09b.pth", "net1.pth", "a", "net"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a", "net", "net1.pth", "net9.pth", "net09b.pth", "net10.pth"]);
    }

    #[test]
    fn labels_are_found_in_paths_and_splits() {
        assert_eq!(label_of("x/mnist_png_training_9_123/checkpoints/model_final.pth").as_deref(), Some("9"));
        assert_eq!(label_of("siren/randinit_test_7s/net12.pth").as_deref(), Some("7"));
        assert_eq!(label_of("shapes/chairs/a.pth"), None);
        assert_eq!(label_of("a.pth"), None);
        let text = r#"{"train": {"path": ["/home/a/b/c/1.pth", "/home/a/d/c/1.pth"], "label": ["4", 5]}}"#;
        let split = Split::parse(text.as_bytes()).unwrap();
        assert_eq!(split.label("elsewhere/b/c/1.pth"), Some("4"));
        assert_eq!(split.label("d/c/1.pth"), Some("5"));
        assert_eq!(split.label("1.pth"), None, "two files of other labels end so");
        assert!(Split::parse(b"{\"a\": 1}").is_none());
    }
}
