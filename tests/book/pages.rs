//! The Markdown files of the repository, and what stands in them.

use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A Markdown file.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Relative to the repository.
    pub(crate) path: PathBuf,
    pub(crate) fences: Vec<Fence>,
    /// Targets of links and pictures, with their lines.
    pub(crate) links: Vec<(String, usize)>,
    /// Code in the running text, with its lines.
    pub(crate) codes: Vec<(String, usize)>,
    /// What `#…` can name.
    pub(crate) anchors: Vec<String>,
}

/// A fenced code block.
#[derive(Debug)]
pub(crate) struct Fence {
    /// What stands behind the backticks, by commas.
    pub(crate) info: Vec<String>,
    pub(crate) text: String,
    /// The line of its first backtick, from 1.
    pub(crate) line: usize,
    /// The file that a comment right above it names.
    pub(crate) file: Option<String>,
}

impl Fence {
    pub(crate) fn is(&self, language: &str) -> bool {
        self.info.first().is_some_and(|first| first == language)
    }

    pub(crate) fn slow(&self) -> bool {
        self.info.iter().any(|word| word == "slow")
    }
}

impl Page {
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        Self::parse(path, &text)
    }

    pub(crate) fn parse(path: &Path, text: &str) -> Self {
        let mut page = Self { path: path.to_owned(), ..Self::default() };
        let (mut heading, mut comment) = (None::<String>, None);
        let mut parser = Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter();
        while let Some((event, range)) = parser.next() {
            let line = 1 + text[..range.start].matches('\n').count();
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let mut code = String::new();
                    for (event, _) in parser.by_ref() {
                        match event {
                            Event::Text(part) => code += &part,
                            _ => break,
                        }
                    }
                    if let CodeBlockKind::Fenced(info) = kind {
                        let info = info.split(',').map(str::to_owned).collect();
                        page.fences.push(Fence { info, text: code, line, file: comment.take() });
                    }
                }
                Event::Html(html) => {
                    comment =
                        html.trim().strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")).map(str::to_owned);
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push((dest_url.to_string(), line));
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => page.anchors.push(anchor(&heading.take().unwrap_or_default())),
                Event::Text(part) => heading.iter_mut().for_each(|heading| *heading += &part),
                Event::Code(part) => {
                    heading.iter_mut().for_each(|heading| *heading += &part);
                    page.codes.push((part.to_string(), line));
                }
                Event::Start(Tag::Paragraph) => comment = None,
                _ => {}
            }
        }
        page
    }

    /// A place in the page, for messages.
    pub(crate) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

/// What a heading is called in links, on GitHub and in mdBook.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Every page that readers are led to.
pub(crate) fn all() -> Vec<Page> {
    let mut paths = vec![PathBuf::from("README.md")];
    for folder in ["docs", "benches", "examples"] {
        find(Path::new(folder), &mut paths);
    }
    paths.sort();
    paths.iter().map(|path| Page::read(path)).collect()
}

fn find(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(Path::new(ROOT).join(folder)).expect("the folder is there") {
        let entry = entry.expect("the folder can be read");
        let path = folder.join(entry.file_name());
        if entry.path().is_dir() {
            // What cargo leaves behind in a plugin's folder is no page.
            if entry.file_name() != "target" {
                find(&path, paths);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
}

#[test]
fn a_page_gives_its_fences_links_and_anchors() {
    let text =
        "# A b: `c`\n\n[x](y.md#z) `[no](link)`\n\n<!-- f.rs -->\n```rust\nfn f() {}\n```\n\n```sh,slow\na\n```\n";
    let page = Page::parse(Path::new("p.md"), text);
    assert_eq!((page.anchors, page.links), (vec!["a-b-c".to_owned()], vec![("y.md#z".to_owned(), 3)]));
    let [code, shell] = &page.fences[..] else { panic!("two fences") };
    assert!(code.is("rust") && code.file.as_deref() == Some("f.rs") && code.text == "fn f() {}\n");
    assert!(shell.is("sh") && shell.slow() && shell.file.is_none() && shell.line == 10);
}
