//! One match of a rule in one text, and the mark by which it is known again.

use ast_grep_core::replacer::TemplateFix;
use sha2::{Digest, Sha256};

use crate::compile::{CompiledRule, Rules};
use crate::language::{SourceMatch, SourceNode};
use crate::syntax::function_name;

const LONGEST_EXCERPT: usize = 160;
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
    /// Index of the compiled rule among those of the language.
    pub(crate) rule: usize,
    pub(crate) range: std::ops::Range<usize>,
    /// Counted from 1.
    pub(crate) start_line: u32,
    pub(crate) end_line: u32,
    pub(crate) message: String,
    pub(crate) function: Option<String>,
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
            rule: number,
            range: found.range(),
            start_line: line_number(start),
            end_line: line_number(found.end_pos().line()),
            message: message(&rule.message, found),
            function: function_name(found),
            excerpt: excerpt(text, found.range().start),
            normalized: found.text().split_whitespace().collect::<Vec<_>>().join(" "),
            edit: rule.fix.as_ref().map(|fix| edit(found, fix)),
        }
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
    let digest = Sha256::digest(parts.join("\0"));
    digest.iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn line_number(zero_based: usize) -> u32 {
    u32::try_from(zero_based + 1).unwrap_or(u32::MAX)
}

/// The line that holds the byte.
fn excerpt(text: &str, start: usize) -> String {
    let from =
        text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let line = text.get(from..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    shortened(line.trim(), LONGEST_EXCERPT)
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
