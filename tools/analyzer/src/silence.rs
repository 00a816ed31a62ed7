//! Comments that silence rules: `eco-coder:ignore query-in-loop because the list has two entries`, and those of other linters.

use std::ops::{Range, RangeInclusive};
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use tree_sitter::Node;

use crate::language::SourceNode;
use crate::rule::RuleInfo;

/// How a comment begins to silence.
struct Mark {
    text: &'static str,
    /// Before the names of `known_as` that it silences; `None` for our own, which takes the ids of rules.
    linter: Option<&'static str>,
    reach: Reach,
}

/// The lines that a comment speaks of.
#[derive(Clone, Copy)]
enum Reach {
    /// Its own, or the next where it stands alone.
    OwnOrNext,
    Own,
    Next,
    /// Its own, or where it stands alone the rest of the block around it.
    OwnOrBlock,
    /// All from its own to a comment with this text, or to the end.
    Until(&'static str),
    File,
}

/// Where one begins another, the longer comes first.
static MARKS: [Mark; 11] = [
    Mark { text: "eco-coder:ignore", linter: None, reach: Reach::OwnOrNext },
    Mark { text: "ruff: noqa", linter: Some("noqa"), reach: Reach::File },
    Mark { text: "flake8: noqa", linter: Some("noqa"), reach: Reach::File },
    Mark { text: "noqa", linter: Some("noqa"), reach: Reach::Own },
    Mark { text: "NOQA", linter: Some("noqa"), reach: Reach::Own },
    Mark { text: "nosec", linter: Some("nosec"), reach: Reach::Own },
    Mark { text: "pylint: disable=", linter: Some("pylint"), reach: Reach::OwnOrBlock },
    Mark { text: "eslint-disable-line", linter: Some("eslint"), reach: Reach::Own },
    Mark { text: "eslint-disable-next-line", linter: Some("eslint"), reach: Reach::Next },
    Mark { text: "nolint:prealloc", linter: Some("golangci"), reach: Reach::OwnOrNext },
    Mark { text: "eslint-disable", linter: Some("eslint"), reach: Reach::Until("eslint-enable") },
];
/// Finds any of the marks in one pass over the text.
static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let texts = MARKS.iter().map(|mark| mark.text);
    AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(texts).ok()
});
/// Comments beyond these silence nothing.
const MOST: usize = 1_000;
/// Beyond those of any file that is read.
const LAST_ROW: usize = u32::MAX as usize - 1;
/// A reason that takes more lines of comments than this is none.
const MOST_LINES: usize = 10;

/// The comments of one file that silence rules.
#[derive(Debug, Default)]
pub(crate) struct Silences(Vec<Silence>);

#[derive(Debug)]
struct Silence {
    /// The first and the last line that it speaks of, counted from 1.
    lines: RangeInclusive<u32>,
    linter: Option<&'static str>,
    /// Empty for all rules, or all that the linter has too.
    rules: Vec<String>,
}

impl Silences {
    /// Finds the comments; a mark in a string or in code silences nothing.
    pub(crate) fn find(root: &SourceNode, text: &str) -> Self {
        let places = FINDER.iter().flat_map(|finder| finder.find_iter(text)).take(MOST);
        let silences = places.filter_map(|place| {
            silence(root, text, place.start(), &MARKS[place.pattern().as_usize()])
        });
        Self(silences.collect())
    }

    pub(crate) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    pub(crate) fn covers(&self, rule: &RuleInfo, line: u32) -> bool {
        self.0.iter().any(|silence| silence.lines.contains(&line) && silence.covers(rule))
    }
}

impl Silence {
    fn covers(&self, rule: &RuleInfo) -> bool {
        let Some(linter) = self.linter else {
            return self.rules.is_empty() || self.rules.contains(&rule.id);
        };
        let names = rule.known_as.iter().filter_map(|name| name.split_once(':'));
        let mut names = names.filter(|(of, _)| *of == linter).map(|(_, name)| name);
        names
            .any(|name| self.rules.is_empty() || self.rules.iter().any(|silenced| silenced == name))
    }
}

fn silence(root: &SourceNode, text: &str, start: usize, mark: &'static Mark) -> Option<Silence> {
    let end = start + mark.text.len();
    let rest = text.get(end..)?.lines().next()?;
    let (first, last) = rows(root, text, start..end, mark.reach)?;
    let lines = u32::try_from(first).ok()? + 1..=u32::try_from(last).ok()? + 1;
    let rules = if mark.linter.is_some() { linter_rules(rest) } else { rules(rest) };
    Some(Silence { lines, linter: mark.linter, rules })
}

/// The first and the last row that the mark at a place speaks of, counted from 0; `None` where it is no comment.
fn rows(root: &SourceNode, text: &str, mark: Range<usize>, reach: Reach) -> Option<(usize, usize)> {
    let mut node = root.get_inner_node().descendant_for_byte_range(mark.start, mark.end)?;
    let before = text.get(..mark.start)?;
    let line = before.rsplit('\n').next()?;
    let row = before.matches('\n').count();
    let reaches_far = matches!(reach, Reach::OwnOrBlock | Reach::File);
    // A comment of Python's on a line of its own is told from the text: the statement around it may not have been read.
    if reaches_far && line.trim_start().starts_with('#') && !node.kind().starts_with("string") {
        let indent = line.len() - line.trim_start().len();
        return Some(match reach {
            Reach::File => (0, LAST_ROW),
            _ => (row, row + rows_as_deep(text.get(mark.end..)?, indent)),
        });
    }
    if !is_comment(&node) {
        return None;
    }
    // A grammar may put the text of a comment into a node of its own inside it.
    while let Some(around) = node.parent().filter(is_comment) {
        node = around;
    }
    let is_alone = stands_alone(text.get(..node.start_byte())?);
    Some(match reach {
        Reach::OwnOrNext if is_alone => (row_after(node), row_after(node)),
        Reach::Next => (row + 1, row + 1),
        Reach::Until(end_mark) => (row, row_of(end_mark, text, mark.end)),
        Reach::OwnOrNext | Reach::Own | Reach::OwnOrBlock | Reach::File => (row, row),
    })
}

/// How many rows below the first are as far to the right at least, or empty.
fn rows_as_deep(text: &str, indent: usize) -> usize {
    let is_as_deep = |line: &&str| {
        let code = line.trim_start();
        code.is_empty() || line.len() - code.len() >= indent
    };
    text.lines().skip(1).take_while(is_as_deep).count()
}

/// The row of the mark after a place, the last one where there is none.
fn row_of(mark: &str, text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    rest.find(mark).map_or(LAST_ROW, |at| text[..from + at].matches('\n').count())
}

/// Most grammars say `comment` somewhere in the name; that of SQL calls its block comments otherwise.
fn is_comment(node: &Node) -> bool {
    node.kind().contains("comment") || node.kind() == "marginalia"
}

/// The row below a comment, and below those that follow it without a gap: a reason may take several lines.
fn row_after(comment: Node) -> usize {
    let mut row = last_row(&comment) + 1;
    let mut last = comment;
    for _ in 0..MOST_LINES {
        let next = last.next_sibling().filter(is_comment);
        let Some(next) = next.filter(|next| next.start_position().row == row) else { break };
        row = last_row(&next) + 1;
        last = next;
    }
    row
}

/// Some grammars count the line break to the comment.
fn last_row(node: &Node) -> usize {
    let end = node.end_position();
    if end.column == 0 { end.row.saturating_sub(1).max(node.start_position().row) } else { end.row }
}

fn stands_alone(before: &str) -> bool {
    before.rsplit('\n').next().is_none_or(|line| line.trim().is_empty())
}

fn rules(rest: &str) -> Vec<String> {
    let words = rest
        .split(|letter: char| letter.is_whitespace() || letter == ',')
        .filter(|word| !word.is_empty());
    words
        .take_while(|word| !word.eq_ignore_ascii_case("because") && !word.starts_with("*/"))
        .map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

/// The codes or names that stand behind a linter's mark; words that give a reason are none.
fn linter_rules(rest: &str) -> Vec<String> {
    let named = rest.split(" -- ").next().unwrap_or_default().split(['#', '*']).next();
    let words = named.unwrap_or_default().split(|letter: char| {
        !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '/' | '@'))
    });
    let is_name =
        |word: &&str| word.contains('-') || word.ends_with(|end: char| end.is_ascii_digit());
    words.filter(is_name).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::deadline::Deadline;
    use crate::language::of_path;
    use crate::parse::parse;

    fn silences(path: &str, text: &str) -> Silences {
        let deadline = Deadline::after(Duration::from_mins(1));
        let document = parse(text, of_path(path).unwrap(), deadline).unwrap();
        Silences::find(&document.root(), text)
    }

    /// The lines that comments speak of.
    fn lines(path: &str, text: &str) -> Vec<u32> {
        silences(path, text).0.iter().map(|silence| *silence.lines.start()).collect()
    }

    #[test]
    fn the_comments_of_every_language_silence() {
        let cases = [
            ("a.py", "# MARK\nx = 1  # MARK\n"),
            ("a.js", "// MARK\nx = 1; // MARK\n"),
            ("a.js", "/* MARK */\nx = 1; /* MARK */\n"),
            ("a.ts", "// MARK\nx = 1; // MARK\n"),
            ("a.tsx", "// MARK\nx = 1; // MARK\n"),
            ("A.java", "// MARK\nclass A {} /* MARK */\n"),
            ("A.kt", "// MARK\nval a = 1 /* MARK */\n"),
            ("A.kt", "/* MARK */\nval a = 1 // MARK\n"),
            ("a.go", "// MARK\npackage a // MARK\n"),
            ("a.rs", "// MARK\nstatic A: u8 = 1; // MARK\n"),
            ("a.rs", "/// MARK\nstatic A: u8 = 1; /* MARK */\n"),
            ("a.c", "// MARK\nint a; /* MARK */\n"),
            ("a.cpp", "// MARK\nint a; /* MARK */\n"),
            ("A.cs", "// MARK\nclass A {} /* MARK */\n"),
            ("a.php", "<?php # MARK\n$a = 1; // MARK\n"),
            ("a.rb", "# MARK\na = 1 # MARK\n"),
            ("a.sql", "-- MARK\nSELECT 1; -- MARK\n"),
            ("a.sql", "/* MARK */\nSELECT 1; /* MARK */\n"),
            ("a.tf", "# MARK\na = 1 // MARK\n"),
            ("a.yml", "# MARK\na: 1 # MARK\n"),
            ("Dockerfile", "# MARK\nFROM a\n"),
            ("a.html", "<!-- MARK -->\n<p>a</p> <!-- MARK -->\n"),
            ("a.css", "/* MARK */\na { color: red } /* MARK */\n"),
        ];
        for (path, text) in cases {
            let text = text.replace("MARK", "eco-coder:ignore a-rule because it is small");
            let expected: &[u32] = match path {
                "Dockerfile" => &[2],
                "a.php" => &[1, 2],
                _ => &[2, 2],
            };
            assert_eq!(lines(path, &text), expected, "{path}: {text}");
        }
    }

    #[test]
    fn a_reason_may_take_several_lines() {
        let text = "# eco-coder:ignore a-rule because\n# there are two\nx = 1\n";
        assert_eq!(lines("a.py", text), [3]);
        let block = "/* eco-coder:ignore a-rule because\n * there are two */\nx = 1;\n";
        assert_eq!(lines("a.js", block), [3]);
        let apart = "# eco-coder:ignore a-rule\n\n# a comment\nx = 1\n";
        assert_eq!(lines("a.py", apart), [2]);
    }

    #[test]
    fn what_other_linters_silence_over_many_lines_is_silent() {
        let block = "def f():\n    # pylint: disable=bare-except\n    g()\n\nx = 1\n";
        let rest = "/* eslint-disable no-empty */\nf();\n/* eslint-enable no-empty */\ng();\n";
        for (path, text, expected) in [
            ("a.py", block, 2..=4),
            ("a.py", "f()  # pylint: disable=eval-used\ng()\n", 1..=1),
            ("a.py", "# pylint: disable=eval-used\nf()\n", 1..=2),
            ("a.py", "f()\n# ruff: noqa: E722\n", 1..=u32::MAX),
            ("a.py", "# flake8: noqa: E722\nf()\n", 1..=u32::MAX),
            ("a.py", "x = '''\n# ruff: noqa: E722\n'''; # ruff: noqa: E722\n", 3..=3),
            ("a.js", rest, 1..=3),
            ("a.js", "f();\n/* eslint-disable no-empty */\ng();\n", 2..=u32::MAX),
            ("a.js", "f(); // eslint-disable-line no-empty\ng();\n", 1..=1),
            ("a.js", "// eslint-disable-next-line no-empty\ng();\nh();\n", 2..=2),
            ("a.go", "package a\n\n//nolint:prealloc\nvar a []int\n", 4..=4),
        ] {
            let found = silences(path, text).0.into_iter().map(|silence| silence.lines);
            assert_eq!(found.collect::<Vec<_>>(), [expected], "{path}: {text}");
        }
    }

    #[test]
    fn a_mark_outside_a_comment_is_text() {
        for (path, text) in [
            ("a.sql", "SELECT 'eco-coder:ignore';\n"),
            ("a.html", "<p>eco-coder:ignore</p>\n"),
            ("a.yml", "a: eco-coder:ignore\n"),
            ("a.rb", "a = 'eco-coder:ignore'\n"),
        ] {
            assert_eq!(lines(path, text), [] as [u32; 0], "{path}");
        }
    }
}
