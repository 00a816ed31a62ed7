//! A fix as a reader sees it: the lines that go, and those that come.

use contract::Fix;

/// `-` and `+` lines; what both begin or end with stands once. Without control characters.
pub(super) fn diff(fix: &Fix) -> String {
    let (before, after): (Vec<&str>, Vec<&str>) =
        (fix.before.lines().collect(), fix.text.lines().collect());
    let most = before.len().min(after.len());
    let head = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let pairs = before.iter().rev().zip(after.iter().rev());
    let tail = pairs.take(most - head).take_while(|(one, other)| one == other).count();
    let marked = |mark: &str, lines: &[&str]| -> Vec<String> {
        lines.iter().map(|line| format!("{mark}{}", visible(line))).collect()
    };
    let lines = [
        marked(" ", before.get(..head).unwrap_or_default()),
        marked("-", before.get(head..before.len() - tail).unwrap_or_default()),
        marked("+", after.get(head..after.len() - tail).unwrap_or_default()),
        marked(" ", before.get(before.len() - tail..).unwrap_or_default()),
    ];
    lines.concat().join("\n")
}

/// Indentation stays; what steers a terminal goes.
fn visible(line: &str) -> String {
    line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, text: &str) -> String {
        diff(&Fix { start_line: 1, end_line: 1, before: before.into(), text: text.into() })
    }

    #[test]
    fn only_what_differs_is_marked() {
        assert_eq!(shown("  x = old()", "  x = new()"), "-  x = old()\n+  x = new()");
        assert_eq!(shown("a\nb\nc", "a\nB\nC\nc"), " a\n-b\n+B\n+C\n c");
        assert_eq!(shown("a\na", "a"), " a\n-a");
        assert_eq!(shown("a", ""), "-a");
        assert_eq!(shown("\u{1b}[2Ja", "b"), "- [2Ja\n+b");
    }
}
