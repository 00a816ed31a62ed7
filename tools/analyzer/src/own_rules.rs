//! Rules that a repository brings: ours or ast-grep's, several in a file, hostile at worst.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::compile::Rules;

/// Patterns are read by recursion, so what nests deeper than any that people write is refused.
const DEEPEST: usize = 100;
const MOST_BYTES: usize = 16 * 1024;

/// Adds the rules of these files, (name, text), and says which cannot be used and why.
pub(crate) fn add(rules: &mut Rules, files: &[(String, String)]) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, text) in files {
        for text in documents(text) {
            if let Err(why) = add_one(rules, &text) {
                notes.push(format!("the repository's rule `{name}` is not used: {why}"));
            }
        }
    }
    notes
}

/// The documents of a YAML file; a file without any is one that cannot be read.
fn documents(text: &str) -> Vec<String> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let lines: Vec<&str> = text.lines().collect();
    let documents = lines.split(|line| line.trim_end() == "---").map(|lines| lines.join("\n"));
    let documents: Vec<_> = documents.filter(|text| !text.trim().is_empty()).collect();
    if documents.is_empty() { vec![String::new()] } else { documents }
}

fn add_one(rules: &mut Rules, text: &str) -> Result<(), String> {
    if text.len() > MOST_BYTES {
        return Err(format!("it is longer than {} KiB", MOST_BYTES / 1024));
    }
    if nesting(text) > DEEPEST {
        return Err(format!("it nests deeper than {DEEPEST} levels"));
    }
    // A grammar or a crate that panics on a pattern costs the rule.
    catch_unwind(AssertUnwindSafe(|| rules.add_own(text)))
        .unwrap_or_else(|_| Err("it could not be read".to_owned()))
}

fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for letter in text.bytes() {
        match letter {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}
