//! One match of a rule in one text, and the mark by which it is known again.

use ast_grep_core::replacer::TemplateFix;
use contract::hexadecimal;
use sha2::{Digest, Sha256};

use crate::compile::{CompiledRule, Rules};
use crate::language::{Language, SourceMatch, SourceNode};
use crate::matchers::short_loops::repetition;
use crate::seldom;
use crate::syntax::function_name;

/// Of an excerpt: lines, and letters in one of them.
const MOST_LINES: usize = 4;
const LONGEST_LINE: usize = 160;
const LONGEST_NAME: usize = 60;

/// Text in place of other text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) range: std::ops::Range<usize>,
    pub(crate) text: String,
}

/// What one rule found in one place.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    /// Index of the rule among all rules.
    pub(crate) info: usize,
    /// The language of the flagged text: SQL in a string of another one, too.
    pub(crate) language: Language,
    /// Index of the compiled rule among those of the language.
    pub(crate) rule: usize,
    pub(crate) range: std::ops::Range<usize>,
    /// Counted from 1.
    pub(crate) start_line: u32,
    pub(crate) end_line: u32,
    pub(crate) message: String,
    pub(crate) function: Option<String>,
    /// Why its code runs seldom, where its syntax says so.
    pub(crate) seldom: Option<&'static str>,
    /// How much the loops of its function repeat it.
    pub(crate) loops: usize,
    pub(crate) excerpt: String,
    /// The flagged text with its white space evened out.
    pub(crate) normalized: String,
    /// What the rule would put in whose place.
    pub(crate) edit: Option<Edit>,
}

impl Finding {
    pub(crate) fn new(number: usize, rule: &CompiledRule, found: &SourceMatch, text: &str) -> Self {
        let start = found.start_pos().line();
        Self {
            info: rule.info,
            language: *found.lang(),
            rule: number,
            range: found.range(),
            start_line: line_number(start),
            end_line: line_number(found.end_pos().line()),
            message: message(&rule.message, found),
            function: function_name(found),
            seldom: seldom::of_place(found),
            loops: repetition(found),
            excerpt: excerpt(text, &found.range()),
            normalized: found.text().split_whitespace().collect::<Vec<_>>().join(" "),
            edit: rule.fix.as_ref().map(|fix| edit(found, fix)),
        }
    }

    /// Moves what was found in a part of a text to where the part lies: so many bytes and lines after the start.
    pub(crate) fn move_into(
        &mut self,
        bytes: usize,
        lines: u32,
        part: &str,
        function: Option<String>,
    ) {
        self.excerpt = excerpt(part, &self.range);
        self.range = self.range.start + bytes..self.range.end + bytes;
        self.start_line += lines;
        self.end_line += lines;
        self.function = function;
        // A fix would be put among the quotes and escapes of another language.
        self.edit = None;
    }

    /// What makes two findings the same one: rule and text, wherever in the file.
    pub(crate) fn key(&self) -> (usize, &str) {
        (self.info, &self.normalized)
    }

    /// `ordinal` tells equal findings of one file apart, from the top.
    pub(crate) fn fingerprint(&self, rules: &Rules, path: &str, ordinal: usize) -> String {
        let id = rules.infos.get(self.info).map_or("", |info| info.id.as_str());
        short_hash(&[id, path, &self.normalized, &ordinal.to_string()])
    }
}

fn edit(found: &SourceMatch, fix: &TemplateFix) -> Edit {
    let edit = found.replace_by(fix);
    let range = edit.position..edit.position + edit.deleted_length;
    Edit { range, text: String::from_utf8_lossy(&edit.inserted_text).into_owned() }
}

/// 16 hexadecimal digits of the SHA-256 of the parts.
pub(crate) fn short_hash(parts: &[&str]) -> String {
    hexadecimal::encode(&Sha256::digest(parts.join("\0"))[..8])
}

fn line_number(zero_based: usize) -> u32 {
    u32::try_from(zero_based + 1).unwrap_or(u32::MAX)
}

/// The lines of a range, the first few of many, without the indentation that they share.
fn excerpt(text: &str, range: &std::ops::Range<usize>) -> String {
    let before = text.get(..range.start).unwrap_or_default();
    let from = before.rfind('\n').map_or(0, |newline| newline + 1);
    let flagged = text.get(range.clone()).map_or(1, |flagged| flagged.trim_end().lines().count());
    let lines = || text.get(from..).unwrap_or_default().lines().take(flagged.clamp(1, MOST_LINES));
    let indentation = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let shared = lines().filter(|line| !line.trim().is_empty()).map(indentation).min();
    let mut excerpt: Vec<String> = lines()
        .map(|line| line.get(shared.unwrap_or_default()..).unwrap_or_default().trim_end())
        .map(|line| shortened(line, LONGEST_LINE))
        .collect();
    excerpt.extend((flagged > MOST_LINES).then(|| "…".to_owned()));
    excerpt.join("\n")
}

/// Fills `$NAME`s from what the pattern captured.
fn message(template: &str, found: &SourceMatch) -> String {
    let mut parts = template.split('$');
    let mut message = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|letter: char| !letter.is_ascii_uppercase() && letter != '_')
            .unwrap_or(part.len());
        let (name, rest) = part.split_at(end);
        match found.get_env().get_match(name).map(SourceNode::text) {
            Some(text) => message.push_str(&shortened(
                &text.split_whitespace().collect::<Vec<_>>().join(" "),
                LONGEST_NAME,
            )),
            None => message.extend(["$", name]),
        }
        message.push_str(rest);
    }
    message
}

fn shortened(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt_of(text: &str, flagged: &str) -> String {
        let start = text.find(flagged).unwrap();
        excerpt(text, &(start..start + flagged.len()))
    }

    #[test]
    fn an_excerpt_has_the_flagged_lines_without_their_common_indentation() {
        let text = "if (open) {\n\treturn features\n\t\t.filter(one)\n\t\t.reduce(two);\n}\n";
        assert_eq!(
            excerpt_of(text, "features\n\t\t.filter(one)"),
            "return features\n\t.filter(one)"
        );
        assert_eq!(excerpt_of(text, ".reduce(two)"), ".reduce(two);");
    }

    #[test]
    fn of_many_or_long_lines_an_excerpt_has_the_beginning() {
        let text = "for a in b:\n    one()\n\n    two()\n    three()\n";
        assert_eq!(excerpt_of(text, text), "for a in b:\n    one()\n\n    two()\n…");
        let long = "x".repeat(200);
        assert_eq!(excerpt_of(&long, &long), "x".repeat(159) + "…");
    }
}
