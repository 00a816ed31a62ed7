//! One text to its findings.

use std::time::Instant;

use ast_grep_core::matcher::MatcherExt;

use crate::compile::{LanguageRules, Rules};
use crate::embedded_sql;
use crate::finding::Finding;
use crate::language::{Language, SourceNode};
use crate::parse::{check, parse};
use crate::silence::Silences;
use crate::source::Reason;

/// More than any file that people write has; a flood of findings helps nobody.
const MOST_FINDINGS: usize = 1_000;
/// How many nodes are visited between two looks at the clock.
const NODES_PER_CHECK: usize = 2_048;

/// What the rules say of one text.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// In the order of the text.
    pub(crate) findings: Vec<Finding>,
    /// Findings that a comment silences.
    pub(crate) silenced: Vec<Finding>,
    pub(crate) has_syntax_errors: bool,
}

/// Runs the rules that are not disabled over a text.
pub(crate) fn scan(
    rules: &Rules,
    disabled: &[bool],
    path: &str,
    text: &str,
    language: Language,
    deadline: Instant,
) -> Result<Scan, Reason> {
    let of_language = rules.of(language).and_then(|rules| Some((rules, rules.active(path, text)?)));
    let has_sql = embedded_sql::may_hold(language, text);
    if of_language.is_none() && !has_sql {
        return Ok(Scan::default());
    }
    check(deadline)?;
    let document = parse(text, language, deadline)?;
    let root = document.root();
    let mut found = Vec::new();
    if let Some((of_language, mut active)) = of_language {
        for (active, rule) in active.iter_mut().zip(&of_language.rules) {
            *active &= !disabled.get(rule.info).copied().unwrap_or_default();
        }
        found = matches(of_language, &active, &root, text, deadline)?;
    }
    if has_sql {
        found.extend(embedded_sql::scan_strings(rules, disabled, path, &root, deadline)?);
    }
    let found = once_per_line(found);
    // Comments matter only where there is something to silence.
    let comments = if found.is_empty() { Silences::default() } else { Silences::find(&root, text) };
    let is_silenced = |finding: &Finding| {
        rules.infos.get(finding.info).is_some_and(|info| comments.covers(info, finding.start_line))
    };
    let (silenced, findings) = found.into_iter().partition(is_silenced);
    Ok(Scan { findings, silenced, has_syntax_errors: root.get_inner_node().has_error() })
}

pub(crate) fn matches(
    rules: &LanguageRules,
    active: &[bool],
    root: &SourceNode,
    text: &str,
    deadline: Instant,
) -> Result<Vec<Finding>, Reason> {
    let mut findings = Vec::new();
    for (visited, node) in root.dfs().enumerate() {
        if visited % NODES_PER_CHECK == 0 {
            check(deadline)?;
        }
        for &number in rules.for_kind(node.kind_id()) {
            let (Some(true), Some(rule)) = (active.get(number), rules.rules.get(number)) else {
                continue;
            };
            let Some(found) = rule.core.match_node(node.clone()) else { continue };
            // A match is rare and its conditions may walk the whole function, so the clock is asked each time.
            check(deadline)?;
            if rule.matchers.iter().all(|matcher| matcher(&found)) {
                findings.push(Finding::new(number, rule, &found, text));
            }
            if findings.len() > MOST_FINDINGS {
                return Err(Reason::forced(format!("more than {MOST_FINDINGS} findings")));
            }
        }
    }
    Ok(findings)
}

/// Keeps one finding per rule and line, and drops a match inside another of the same rule.
fn once_per_line(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| {
        (finding.info, finding.range.start, std::cmp::Reverse(finding.range.end))
    });
    findings.dedup_by(|next, kept| {
        next.info == kept.info
            && (next.start_line == kept.start_line || next.range.end <= kept.range.end)
    });
    findings.sort_by_key(|finding| (finding.range.start, finding.info));
    findings
}
