//! Comments that silence rules: `eco-coder:ignore query-in-loop because the list has two entries`, and those of other linters.

use crate::language::SourceNode;
use crate::rule::RuleInfo;

/// How a comment begins to silence.
struct Mark {
    text: &'static str,
    /// Before the names of `known_as` that it silences; `None` for our own, which takes the ids of rules.
    linter: Option<&'static str>,
}

static MARKS: [Mark; 6] = [
    Mark { text: "eco-coder:ignore", linter: None },
    Mark { text: "noqa", linter: Some("noqa") },
    Mark { text: "NOQA", linter: Some("noqa") },
    Mark { text: "nosec", linter: Some("nosec") },
    Mark { text: "eslint-disable-line", linter: Some("eslint") },
    Mark { text: NEXT_LINE, linter: Some("eslint") },
];
/// Comments beyond these silence nothing.
const MOST: usize = 1_000;
const NEXT_LINE: &str = "eslint-disable-next-line";

/// The comments of one file that silence rules.
#[derive(Debug, Default)]
pub(crate) struct Silences(Vec<Silence>);

#[derive(Debug)]
struct Silence {
    /// The line that it speaks of, counted from 1.
    line: u32,
    linter: Option<&'static str>,
    /// Empty for all rules, or all that the linter has too.
    rules: Vec<String>,
}

impl Silences {
    /// Finds the comments; a mark in a string or in code silences nothing.
    pub(crate) fn find(root: &SourceNode, text: &str) -> Self {
        let places = |mark: &'static Mark| {
            text.match_indices(mark.text).map(move |(start, _)| (start, mark))
        };
        let places = MARKS.iter().flat_map(places).take(MOST);
        Self(places.filter_map(|(start, mark)| silence(root, text, start, mark)).collect())
    }

    pub(crate) fn covers(&self, rule: &RuleInfo, line: u32) -> bool {
        self.0.iter().any(|silence| silence.line == line && silence.covers(rule))
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
    let node = root.get_inner_node().descendant_for_byte_range(start, end)?;
    if !node.kind().contains("comment") {
        return None;
    }
    let rest = text.get(end..)?.lines().next()?;
    let row = node.start_position().row + text.get(node.start_byte()..start)?.matches('\n').count();
    let row = u32::try_from(row).ok()?;
    let speaks_of_next = match mark.linter {
        // A comment after code speaks of its own line, one that stands alone of the next.
        None => stands_alone(text.get(..node.start_byte())?),
        Some(_) => mark.text == NEXT_LINE,
    };
    let rules = if mark.linter.is_some() { linter_rules(rest) } else { rules(rest) };
    Some(Silence { line: row + if speaks_of_next { 2 } else { 1 }, linter: mark.linter, rules })
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
