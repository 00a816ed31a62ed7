//! One text to its findings.

use std::collections::HashMap;
use std::ops::Range;

use ast_grep_core::AstGrep;
use ast_grep_core::matcher::MatcherExt;
use ast_grep_language::SupportLang;
use tree_sitter::TreeCursor;

use crate::active::Active;
use crate::compile::{CompiledRule, Rules};
use crate::deadline::Deadline;
use crate::embedded_sql;
use crate::finding::Finding;
use crate::inline_tests::inline_tests;
use crate::language::{Document, Language, SourceNode};
use crate::parse::{check, count_errors, parse, parse_all_but};
use crate::reading::{self, Places, Seen, Selection, Sight};
use crate::silence::Silences;
use crate::source::Reason;

/// More than any file that people write has; a flood of findings helps nobody.
const MOST_FINDINGS: usize = 1_000;
/// How many nodes are visited between two looks at the clock.
const NODES_PER_CHECK: usize = 2_048;

/// What a text is scanned with.
#[derive(Clone, Copy)]
pub(crate) struct Scanner<'a> {
    pub(crate) rules: &'a Rules,
    /// By index of the rule.
    pub(crate) disabled: &'a [bool],
    pub(crate) path: &'a str,
    pub(crate) language: Language,
    pub(crate) deadline: Deadline,
}

/// What the rules say of one text.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// In the order of the text.
    pub(crate) findings: Vec<Finding>,
    /// Findings that a comment silences.
    pub(crate) silenced: Vec<Finding>,
    pub(crate) syntax_errors: usize,
    /// How often each rule matched, by its index; several matches on a line are one finding.
    pub(crate) matched: HashMap<usize, usize>,
}

/// What was found in what was read of a text.
#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    comments: Silences,
    syntax_errors: usize,
}

#[derive(Default)]
struct Matched {
    findings: Vec<Finding>,
    /// What matches under conditions that look at more than is read.
    further: Seen,
}

impl Scanner<'_> {
    /// Runs the rules that are not disabled over a text. What of it none of them can match in is not even parsed.
    pub(crate) fn scan(&self, text: &str) -> Result<Scan, Reason> {
        self.run(text, false)
    }

    /// The same, and the whole text is parsed in any case.
    pub(crate) fn scan_and_parse(&self, text: &str) -> Result<Scan, Reason> {
        self.run(text, true)
    }

    fn run(&self, text: &str, whole: bool) -> Result<Scan, Reason> {
        let mut active =
            if whole { self.active(self.language, text) } else { self.active_in_parts(text) };
        let has_sql = self.may_hold_sql(text);
        if !whole && let Some(found) = self.find_in_parts(text, active.as_ref(), has_sql)? {
            return Ok(self.told(found));
        }
        check(self.deadline)?;
        let document = parse(text, self.language, self.deadline)?;
        // Where something does not fit together, words may stand for what they do not elsewhere.
        if !whole && self.reads_parts() && document.root().get_inner_node().has_error() {
            active = self.active(self.language, text);
        }
        let findings = active.map(|active| matches(&active, &document, text, self.deadline));
        let findings = findings.transpose()?.unwrap_or_default();
        Ok(self.told(self.found(text, &document.root(), findings, has_sql)?))
    }

    /// What is found in those parts of a text in which a rule can match; `None` where it has to be read as a whole.
    fn find_in_parts(
        &self,
        text: &str,
        active: Option<&Active>,
        has_sql: bool,
    ) -> Result<Option<Found>, Reason> {
        let left_out = match self.select(text, active, has_sql) {
            Selection::Nothing => return Ok(Some(Found::default())),
            Selection::Everything => return Ok(None),
            Selection::AllBut(left_out) => left_out,
        };
        let first = self.read_parts(text, &left_out, active, Sight::Matches, has_sql)?;
        let Some((mut found, seen)) = first else { return Ok(None) };
        let Some(active) = active.filter(|_| !seen.is_empty()) else { return Ok(Some(found)) };
        let left_out = match active.select(text, Some(&seen), |_| false) {
            Selection::AllBut(left_out) => left_out,
            Selection::Nothing | Selection::Everything => Vec::new(),
        };
        let sight = Sight::Conditions(&seen);
        let second = self.read_parts(text, &left_out, Some(active), sight, false)?;
        let Some((further, _)) = second else { return Ok(None) };
        found.findings.extend(further.findings);
        found.comments.extend(further.comments);
        Ok(Some(found).filter(|found| found.findings.len() <= MOST_FINDINGS))
    }

    /// What is found in parts of a text, and what matches under conditions that look at more of it; `None` where the whole
    /// has to be read.
    fn read_parts(
        &self,
        text: &str,
        left_out: &[Range<usize>],
        active: Option<&Active>,
        sight: Sight,
        has_sql: bool,
    ) -> Result<Option<(Found, Seen)>, Reason> {
        check(self.deadline)?;
        let document = parse_all_but(text, left_out, self.language, self.deadline)?;
        let root = document.root();
        // Where something does not fit together, nothing is left out.
        if root.get_inner_node().has_error() {
            return Ok(None);
        }
        let matched = active.map(|active| look(active, sight, &document, text, self.deadline));
        let Matched { findings, further } = matched.transpose()?.unwrap_or_default();
        // What a fix does is seen in the whole file before and after.
        if findings.iter().any(|finding| finding.edit.is_some()) {
            return Ok(None);
        }
        Ok(Some((self.found(text, &root, findings, has_sql)?, further)))
    }

    /// What the rules have found in what was read, what SQL there is in it, and what silences either.
    fn found(
        &self,
        text: &str,
        root: &SourceNode,
        mut findings: Vec<Finding>,
        has_sql: bool,
    ) -> Result<Found, Reason> {
        if has_sql {
            findings.extend(embedded_sql::scan_strings(self, root)?);
        }
        if !findings.is_empty() && self.language == Language::Shipped(SupportLang::Rust) {
            let tests = inline_tests(root);
            findings.retain(|finding| {
                let in_tests = self.rules.infos.get(finding.info).is_none_or(|info| info.in_tests);
                in_tests || !tests.iter().any(|test| test.contains(&finding.range.start))
            });
        }
        // Comments matter only where there is something to silence.
        let comments =
            if findings.is_empty() { Silences::default() } else { Silences::find(root, text) };
        Ok(Found { findings, comments, syntax_errors: count_errors(root) })
    }

    fn told(&self, found: Found) -> Scan {
        let mut matched = HashMap::new();
        for finding in &found.findings {
            *matched.entry(finding.info).or_default() += 1;
        }
        let is_silenced = |finding: &Finding| {
            let info = self.rules.infos.get(finding.info);
            info.is_some_and(|info| found.comments.covers(info, finding.start_line))
        };
        let (silenced, findings) = once_per_line(found.findings).into_iter().partition(is_silenced);
        Scan { findings, silenced, syntax_errors: found.syntax_errors, matched }
    }

    /// What to read of a text for its active rules, and for the SQL in it.
    pub(crate) fn select(&self, text: &str, active: Option<&Active>, has_sql: bool) -> Selection {
        if active.is_none() && !has_sql {
            return Selection::Nothing;
        }
        let is_wanted = |part: &str| has_sql && embedded_sql::may_hold_in(part);
        if let Some(active) = active {
            return active.select(text, None, is_wanted);
        }
        if self.reads_parts() {
            reading::select(text, &Places::default(), &[], is_wanted)
        } else {
            Selection::Everything
        }
    }

    /// Whether no more than parts of a text in this language can be read.
    fn reads_parts(&self) -> bool {
        self.rules.of(self.language).is_some_and(|rules| rules.demands.is_some())
    }

    pub(crate) fn may_hold_sql(&self, text: &str) -> bool {
        self.runs_any_of(Language::Sql) && embedded_sql::may_hold(self.language, text)
    }

    fn runs_any_of(&self, language: Language) -> bool {
        self.rules.of(language).is_some_and(|rules| rules.rules.iter().any(|rule| self.runs(rule)))
    }

    fn runs(&self, rule: &CompiledRule) -> bool {
        let is_disabled = self.disabled.get(rule.info).copied().unwrap_or_default();
        !is_disabled && (self.rules.show_weak || !rule.is_weak)
    }

    /// The rules of a language that can match in the text; `None` where none can.
    pub(crate) fn active(&self, language: Language, text: &str) -> Option<Active<'_>> {
        self.for_path(language)?.hinted_in(text)
    }

    /// The rules of the text's language that can match in what may be read of it in parts. Words are looked for first, as
    /// they are found all at once and each hint by itself.
    pub(crate) fn active_in_parts(&self, text: &str) -> Option<Active<'_>> {
        self.for_path(self.language)?.found_in(text)?.hinted_in(text)
    }

    fn for_path(&self, language: Language) -> Option<Active<'_>> {
        self.rules.of(language)?.active(self.path, |rule| self.runs(rule))
    }
}

/// What the rules find in a text that is read as a whole.
pub(crate) fn matches(
    active: &Active,
    document: &AstGrep<Document>,
    text: &str,
    deadline: Deadline,
) -> Result<Vec<Finding>, Reason> {
    let matched = look(active, Sight::Whole, document, text, deadline)?;
    Ok(matched.findings)
}

fn look(
    active: &Active,
    sight: Sight,
    document: &AstGrep<Document>,
    text: &str,
    deadline: Deadline,
) -> Result<Matched, Reason> {
    let mut matched = Matched::default();
    let mut cursor = document.root().get_inner_node().walk();
    for visited in 0_usize.. {
        if visited % NODES_PER_CHECK == 0 {
            check(deadline)?;
        }
        let node = cursor.node();
        for (number, rule) in active.of_node(&node, sight) {
            if sight == Sight::Matches && rule.demand.looks_further() {
                if rule.may_match(document.adopt(node)) {
                    matched.further.entry(number).or_default().push(node.start_byte());
                }
                continue;
            }
            let Some(found) = rule.core.match_node(document.adopt(node)) else { continue };
            // A match is rare and its conditions may walk the whole function, so the clock is asked each time.
            check(deadline)?;
            if rule.matchers.iter().all(|matcher| matcher(&found)) {
                matched.findings.push(Finding::new(number, rule, &found, text));
            }
            if matched.findings.len() > MOST_FINDINGS {
                return Err(Reason::forced(format!("more than {MOST_FINDINGS} findings")));
            }
        }
        if !goes_on(&mut cursor) {
            break;
        }
    }
    Ok(matched)
}

/// Goes to the next node of the tree, those in a node first.
fn goes_on(cursor: &mut TreeCursor) -> bool {
    cursor.goto_first_child()
        || loop {
            if cursor.goto_next_sibling() {
                break true;
            }
            if !cursor.goto_parent() {
                break false;
            }
        }
}

/// Keeps one finding per rule and line, and drops a match inside another of the same rule.
fn once_per_line(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| {
        (finding.info, finding.range.start, std::cmp::Reverse(finding.range.end), finding.rule)
    });
    findings.dedup_by(|next, kept| {
        next.info == kept.info
            && (next.start_line == kept.start_line || next.range.end <= kept.range.end)
    });
    findings.sort_by_key(|finding| (finding.range.start, finding.info));
    findings
}
