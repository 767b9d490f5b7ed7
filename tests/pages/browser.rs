//! Chromium, if there is one, and what a page left in its document.

use std::process::Command;

/// Names under which Chromium is installed.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

pub(crate) struct Browser(&'static str);

impl Browser {
    /// The browser that is installed; says so where there is none.
    pub(crate) fn find() -> Option<Self> {
        let is_there =
            |name: &&&str| Command::new(**name).arg("--version").output().is_ok_and(|out| out.status.success());
        let name = NAMES.iter().find(is_there);
        if name.is_none() {
            eprintln!("skipped: none of {NAMES:?} is installed");
        }
        name.map(|name| Self(name))
    }

    /// Opens a page with a script at its end, and gives its document when the script is done.
    pub(crate) fn open(&self, page: &str, script: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.html");
        let common = include_str!("common.js");
        std::fs::write(&path, page.replace("</body>", &format!("<script>{common}\n{script}</script></body>"))).unwrap();
        let output = Command::new(self.0)
            .args(["--headless", "--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader"])
            // The document is printed when it has loaded, which the script holds up until it is done, or after so long.
            .args(["--timeout=60000", "--window-size=1000,800", "--dump-dom"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .arg(format!("file://{}", path.display()))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let report = text.split("<pre id=\"found\">").nth(1).and_then(|rest| rest.split("</pre>").next());
        let messages = String::from_utf8_lossy(&output.stderr);
        report.unwrap_or_else(|| panic!("the page's script left nothing behind: {messages}")).to_owned()
    }
}

/// A figure that a script found.
pub(crate) fn found(text: &str, what: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(": "));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("`{what}` is not in:\n{text}"))
}
