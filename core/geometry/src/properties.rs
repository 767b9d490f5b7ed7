//! Java's `.properties` files. Source: the documentation of `java.util.Properties.load`.

use std::collections::HashMap;

/// Keys and values of a file in ISO 8859-1; of a key that stands twice the last value counts.
pub(crate) fn parse(bytes: &[u8]) -> HashMap<String, String> {
    // The first 256 characters of Unicode are ISO 8859-1.
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let mut lines = text.split(['\n', '\r']).map(str::trim_start);
    let mut all = HashMap::new();
    while let Some(line) = lines.next() {
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let mut line = line.to_owned();
        // An odd number of backslashes at the end: the line goes on.
        while line.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1 {
            line.pop();
            let Some(more) = lines.next() else { break };
            line.push_str(more);
        }
        let (key, value) = split(&line);
        all.insert(unescape(key), unescape(value));
    }
    all
}

/// The key ends at the first `=`, `:` or blank that no backslash hides; then at most one `=` or `:` stands among
/// blanks.
fn split(line: &str) -> (&str, &str) {
    let mut hidden = false;
    let end = line.find(|c| {
        let ends = !hidden && matches!(c, '=' | ':' | ' ' | '\t' | '\u{c}');
        hidden = c == '\\' && !hidden;
        ends
    });
    let (key, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start();
    (key, rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start())
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    // Java's characters are UTF-16 units: two escapes may be one character.
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let c = if c == '\\' {
            rest.next().unwrap_or('\\')
        } else {
            units_to(&mut units, &mut out, c);
            continue;
        };
        if c == 'u'
            && let Some(unit) = rest.as_str().get(..4).and_then(|code| u16::from_str_radix(code, 16).ok())
        {
            units.push(unit);
            rest = rest.as_str()[4..].chars();
            continue;
        }
        let plain = match c {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\u{c}',
            other => other,
        };
        units_to(&mut units, &mut out, plain);
    }
    out.push_str(&String::from_utf16_lossy(&units));
    out
}

/// Writes waiting units, then a character.
fn units_to(units: &mut Vec<u16>, out: &mut String, c: char) {
    out.push_str(&String::from_utf16_lossy(units));
    units.clear();
    out.push(c);
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_cases_of_javas_documentation_are_read_as_java_does() {
        let file = b"# comment\n! another\n\nTruth = Beauty\n Truth2:Beauty\nTruth3\t\t\t:Beauty\r\n\
            fruits  apple, banana, \\\n    pear, \\\n  mango\ncheeses\nname#1=H\xf4i An \\u20ac\\u00e9\n\
            a\\:b\\=c\\ d=\\tx\\\\\nemoji=\\ud83d\\ude00!\nend=backslash\\\\\ntwice=1\ntwice=2\nlast=cut\\";
        let all = parse(file);
        let expected = [
            ("Truth", "Beauty"),
            ("Truth2", "Beauty"),
            ("Truth3", "Beauty"),
            ("fruits", "apple, banana, pear, mango"),
            ("cheeses", ""),
            ("name#1", "H\u{f4}i An \u{20ac}\u{e9}"),
            ("a:b=c d", "\tx\\"),
            ("emoji", "\u{1f600}!"),
            ("end", "backslash\\"),
            ("twice", "2"),
            ("last", "cut"),
        ];
        for (key, value) in expected {
            assert_eq!(all.get(key).map(String::as_str), Some(value), "{key}");
        }
        assert_eq!(all.len(), expected.len());
    }

    #[test]
    fn a_broken_escape_stays_as_it_is() {
        assert_eq!(parse(b"a=\\u12g4\\u\n")["a"], "u12g4u");
    }
}
