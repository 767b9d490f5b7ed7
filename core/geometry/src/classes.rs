//! Classes of named things by patterns of their names.

/// A class and the patterns of its members' names.
///
/// A pattern is one or more words, and fits a name in which these words stand one after another, in capitals or not.
/// A `*` at the beginning or end of a word stands for any letters. A pattern that begins with `!` excludes.
/// So `["*chair", "stool", "!baby high chair"]` fits `Armchair` and `Bar stool`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// The label.
    pub name: String,
    /// Patterns.
    pub patterns: Vec<String>,
}

impl Class {
    /// Whether a name fits one of the patterns, and none that excludes.
    pub fn fits(&self, name: &str) -> bool {
        let words = words(name);
        let fits = |pattern: &str| {
            let pattern = self::words(pattern);
            !pattern.is_empty() && words.windows(pattern.len()).any(|part| part.iter().zip(&pattern).all(word_fits))
        };
        let (excluding, including): (Vec<&String>, Vec<&String>) =
            self.patterns.iter().partition(|p| p.starts_with('!'));
        including.iter().any(|pattern| fits(pattern)) && !excluding.iter().any(|pattern| fits(&pattern[1..]))
    }

    /// The first class that a name fits.
    pub fn of<'a>(name: &str, classes: &'a [Self]) -> Option<&'a Self> {
        classes.iter().find(|class| class.fits(name))
    }
}

/// Words of a name in small letters: what stands between anything but letters, digits, `*` and apostrophes.
fn words(name: &str) -> Vec<String> {
    let ends = |c: char| !(c.is_alphanumeric() || c == '*' || c == '\'');
    name.to_lowercase().split(ends).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn word_fits((word, pattern): (&String, &String)) -> bool {
    let middle = pattern.trim_matches('*');
    match (pattern.starts_with('*'), pattern.ends_with('*')) {
        (false, false) => word == middle,
        (true, false) => word.ends_with(middle),
        (false, true) => word.starts_with(middle),
        (true, true) => word.contains(middle),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str, patterns: &[&str]) -> Class {
        Class { name: name.into(), patterns: patterns.iter().map(|p| (*p).to_owned()).collect() }
    }

    #[test]
    fn whole_words_stars_and_exclusions() {
        let chair = class("chair", &["*chair", "bar stool", "!baby high chair", "!wheelchair"]);
        for name in ["Chair", "Armchair", "Chair with cushion", "Bar Stool", "Folding-chair"] {
            assert!(chair.fits(name), "{name}");
        }
        for name in ["Stool", "Chairs", "Baby high chair", "Wheelchair", "stool bar", ""] {
            assert!(!chair.fits(name), "{name}");
        }
        let all = class("any", &["*tab*", "cup*"]);
        assert!(all.fits("A stable") && all.fits("Cupboard") && !all.fits("Teacup"));
        assert!(!class("none", &[]).fits("Chair") && !class("blank", &[" "]).fits("Chair"));
    }

    #[test]
    fn the_first_class_that_fits_is_taken() {
        let classes = [class("lamp", &["lamp"]), class("table", &["table"])];
        let of = |name| Class::of(name, &classes).map(|class| class.name.as_str());
        assert_eq!([of("Table lamp"), of("Round table"), of("Sofa")], [Some("lamp"), Some("table"), None]);
    }
}
