//! Links within the repository; those that lead out of it are listed and not followed.

use std::path::{Component, Path, PathBuf};

use crate::pages::{Page, ROOT, all};
use crate::{Faults, none};

/// What is wrong with the links of a page, and which of them lead out.
fn broken(page: &Page) -> (Faults, Vec<String>) {
    let (mut faults, mut outside) = (Vec::new(), Vec::new());
    for (link, line) in &page.links {
        if link.contains("://") {
            outside.push(link.clone());
            continue;
        }
        let (file, anchor) = link.split_once('#').map_or((&link[..], None), |(file, anchor)| (file, Some(anchor)));
        let target = if file.is_empty() { page.path.clone() } else { within(&page.path, file) };
        let place = page.at(*line);
        if !Path::new(ROOT).join(&target).exists() {
            faults.push(format!("{place}: `{link}`: there is no `{}`", target.display()));
        } else if page.path.starts_with("docs") && !target.starts_with("docs") {
            faults.push(format!("{place}: `{link}` leads out of the book, where it is lost; write the path as code"));
        } else if let Some(anchor) = anchor {
            let there = if file.is_empty() { page.anchors.clone() } else { Page::read(&target).anchors };
            if !there.iter().any(|known| known == anchor) {
                faults.push(format!("{place}: `{link}`: no heading gives `#{anchor}`; there are {}", there.join(", ")));
            }
        }
    }
    (faults, outside)
}

/// A path that stands in a page, from the repository's folder.
fn within(page: &Path, link: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in page.parent().unwrap_or(Path::new("")).join(link).components() {
        if part == Component::ParentDir { _ = path.pop() } else { path.push(part) }
    }
    path
}

#[test]
fn every_link_within_the_repository_leads_somewhere() {
    let (mut faults, mut outside) = (Vec::new(), Vec::new());
    for page in all() {
        let (wrong, out) = broken(&page);
        faults.extend(wrong);
        outside.extend(out);
    }
    outside.sort();
    outside.dedup();
    println!("not followed:\n{}", outside.join("\n"));
    none(faults);
}

#[test]
fn the_summary_names_every_page_of_the_book() {
    let summary = Page::read(Path::new("docs/SUMMARY.md"));
    let listed: Vec<PathBuf> = summary.links.iter().map(|(link, _)| within(&summary.path, link)).collect();
    let pages =
        all().into_iter().map(|page| page.path).filter(|path| path.starts_with("docs") && *path != summary.path);
    none(
        pages
            .filter(|path| !listed.contains(path))
            .map(|path| format!("not in SUMMARY.md: {}", path.display()))
            .collect(),
    );
}

#[test]
fn pictures_of_components_are_small() {
    let folder = Path::new(ROOT).join("docs/components/images");
    let sizes = std::fs::read_dir(folder).expect("the folder is there").map(|entry| {
        let entry = entry.expect("the folder can be read");
        (entry.file_name(), entry.metadata().expect("the picture is there").len())
    });
    none(sizes.filter(|(_, size)| *size > 60_000).map(|(name, size)| format!("{name:?}: {size} bytes")).collect());
}

#[test]
fn a_link_to_nothing_is_found() {
    let faults = |text: &str| broken(&Page::parse(Path::new("docs/components/metrics.md"), text)).0.len();
    assert_eq!(faults("[x](../plugins.md#the-crate) [y](https://example.org) ![z](../images/samples.png)"), 0);
    assert_eq!(faults("[x](../plugin.md)"), 1);
    assert_eq!(faults("[x](../../README.md)"), 1);
    assert_eq!(faults("[x](../plugins.md#the-crates)"), 1);
    assert_eq!(faults("# A\n[x](#a) [y](#b)"), 1);
}
