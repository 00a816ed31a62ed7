//! Comments that silence rules: `eco-coder:ignore query-in-loop because the list has two entries`.

use crate::language::SourceNode;

const MARK: &str = "eco-coder:ignore";
/// Comments beyond these silence nothing.
const MOST: usize = 1_000;

/// The comments of one file that silence rules.
#[derive(Debug, Default)]
pub(crate) struct Silences(Vec<Silence>);

#[derive(Debug)]
struct Silence {
    /// The line that it speaks of, counted from 1.
    line: u32,
    /// Empty for all rules.
    rules: Vec<String>,
}

impl Silences {
    /// Finds the comments; the mark in a string or in code silences nothing.
    pub(crate) fn find(root: &SourceNode, text: &str) -> Self {
        let mut silences = Vec::new();
        let (mut row, mut counted) = (0, 0);
        for (start, _) in text.match_indices(MARK).take(MOST) {
            row += text.get(counted..start).map_or(0, |between| between.matches('\n').count());
            counted = start;
            silences.extend(silence(root, text, start, row));
        }
        Self(silences)
    }

    pub(crate) fn covers(&self, rule: &str, line: u32) -> bool {
        self.0.iter().any(|silence| {
            silence.line == line
                && (silence.rules.is_empty()
                    || silence.rules.iter().any(|silenced| silenced == rule))
        })
    }
}

fn silence(root: &SourceNode, text: &str, start: usize, row: usize) -> Option<Silence> {
    let node = root.get_inner_node().descendant_for_byte_range(start, start + MARK.len())?;
    if !node.kind().contains("comment") {
        return None;
    }
    let rest = text.get(start + MARK.len()..)?.lines().next()?;
    let row = u32::try_from(row).ok()?;
    // A comment after code speaks of its own line, one that stands alone of the next.
    let before = text.get(..node.start_byte())?;
    let alone = before.rsplit('\n').next().is_none_or(|line| line.trim().is_empty());
    Some(Silence { line: row + if alone { 2 } else { 1 }, rules: rules(rest) })
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
