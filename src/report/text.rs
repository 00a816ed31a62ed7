//! Words and numbers for the reader, and text from outside made harmless.

/// `1 finding`, `2 findings`
pub fn count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Three significant digits, without exponents where a person would not use one.
pub fn amount(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let magnitude = value.abs().log10().floor();
    if !(-6.0..15.0).contains(&magnitude) {
        return format!("{value:.2e}");
    }
    let decimals = (2.0 - magnitude).max(0.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// An inline code span that its content cannot leave: one line, a fence longer than any inside it.
pub fn code(text: &str) -> String {
    let line = one_line(text);
    let fence = "`".repeat(longest_run(&line, '`') + 1);
    if line.starts_with('`') || line.ends_with('`') {
        format!("{fence} {line} {fence}")
    } else {
        format!("{fence}{line}{fence}")
    }
}

/// A code span for a table cell, where even inside code a bar ends the cell.
pub fn cell_code(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// A code block that its content cannot leave.
pub fn code_block(text: &str, language: &str) -> String {
    let fence = "`".repeat((longest_run(text, '`') + 1).max(3));
    format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'))
}

/// Prose from outside (a rule, a service, a model): no HTML, no images, no mentions, no link that hides where it goes.
pub fn prose(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace("![", "!\\[");
    let escaped = escaped.replace("](", "]\\(").replace("]:", "]\\:");
    quiet_mentions(&escaped)
}

/// Prose for a table cell.
pub fn cell(text: &str) -> String {
    one_line(&prose(text)).replace('|', "\\|")
}

/// Line breaks and other control characters become spaces.
pub fn one_line(text: &str) -> String {
    let spaced: String =
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most `limit` characters, with an ellipsis where something was cut.
pub fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The first seven characters of a commit.
pub fn short_sha(sha: &str) -> &str {
    sha.get(..7).unwrap_or(sha)
}

/// A zero-width space keeps `@name` from notifying anyone.
fn quiet_mentions(text: &str) -> String {
    let mut quiet = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        quiet.push(letter);
        if letter == '@' && letters.peek().is_some_and(char::is_ascii_alphanumeric) {
            quiet.push('\u{200b}');
        }
    }
    quiet
}

fn longest_run(text: &str, letter: char) -> usize {
    text.split(|other| other != letter).map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_a_person_writes_them() {
        let cases = [
            (0.0, "0"),
            (1234.5, "1234"),
            (12.0, "12"),
            (1.6234, "1.62"),
            (0.000_512_3, "0.000512"),
            (34.0, "34"),
            (2e-9, "2.00e-9"),
        ];
        for (value, text) in cases {
            assert_eq!(amount(value), text, "{value}");
        }
    }

    #[test]
    fn text_from_outside_cannot_leave_its_place() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(cell_code("a|b\nc"), "`a\\|b c`");
        assert_eq!(code_block("```\nx", "py"), "````py\n```\nx\n````");
        assert_eq!(prose("<!-- x --> @octo ![](u)"), "&lt;!-- x --> @\u{200b}octo !\\[]\\(u)");
        assert_eq!(
            prose("[docs](https://evil.example)\n[docs]: https://evil.example"),
            "[docs]\\(https://evil.example)\n[docs]\\: https://evil.example"
        );
        assert_eq!(shorten("abcdef", 4), "abc…");
    }
}
