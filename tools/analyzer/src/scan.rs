//! One text to its findings.

use std::collections::HashMap;
use std::ops::Range;

use ast_grep_core::AstGrep;
use ast_grep_core::matcher::MatcherExt;
use ast_grep_language::SupportLang;
use tree_sitter::TreeCursor;

use crate::compile::{CompiledRule, LanguageRules, Rules};
use crate::deadline::Deadline;
use crate::embedded_sql;
use crate::finding::Finding;
use crate::inline_tests::inline_tests;
use crate::language::{Document, Language, SourceNode};
use crate::parse::{check, count_errors, parse, parse_all_but};
use crate::reading::{Seen, Selection, Sight};
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

/// The rules of a language, and for each of them whether it runs.
type Active<'a> = (&'a LanguageRules, Vec<bool>);

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

/// What parts of a text tell.
enum Parts {
    Told(Scan),
    /// These rules match here, under conditions that look at more than was read.
    Further(Seen),
    /// Nothing, without the whole.
    Untold,
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
        let active = self.active(self.language, text);
        let active = active.as_ref();
        let has_sql = self.may_hold_sql(text);
        if !whole && let Some(scan) = self.scan_parts(text, active, has_sql)? {
            return Ok(scan);
        }
        check(self.deadline)?;
        let document = parse(text, self.language, self.deadline)?;
        let root = document.root();
        let found =
            active.map(|(rules, active)| matches(rules, active, &document, text, self.deadline));
        self.told(text, &root, found.transpose()?.unwrap_or_default(), has_sql)
    }

    /// The scan of those parts of a text in which a rule can match; `None` where it has to be read as a whole.
    fn scan_parts(
        &self,
        text: &str,
        active: Option<&Active>,
        has_sql: bool,
    ) -> Result<Option<Scan>, Reason> {
        let left_out = match self.select(text, active, Sight::Matches, has_sql) {
            Selection::Nothing => return Ok(Some(Scan::default())),
            Selection::Everything => return Ok(None),
            Selection::AllBut(left_out) => left_out,
        };
        let further = match self.read_parts(text, &left_out, active, Sight::Matches, has_sql)? {
            Parts::Told(scan) => return Ok(Some(scan)),
            Parts::Untold => return Ok(None),
            Parts::Further(further) => further,
        };
        // Of the rules with conditions, those that match nothing have been told.
        let Some((rules, active)) = active else { return Ok(None) };
        let is_told = |number: usize| rules.looks_further(number) && !further.contains_key(&number);
        let left = active.iter().enumerate().map(|(number, runs)| *runs && !is_told(number));
        let left: Active = (*rules, left.collect());
        let Selection::AllBut(left_out) =
            self.select(text, Some(&left), Sight::Conditions(&further), has_sql)
        else {
            return Ok(None);
        };
        let sight = Sight::Conditions(&further);
        match self.read_parts(text, &left_out, Some(&left), sight, has_sql)? {
            Parts::Told(scan) => Ok(Some(scan)),
            Parts::Untold | Parts::Further(_) => Ok(None),
        }
    }

    fn read_parts(
        &self,
        text: &str,
        left_out: &[Range<usize>],
        active: Option<&Active>,
        sight: Sight,
        has_sql: bool,
    ) -> Result<Parts, Reason> {
        check(self.deadline)?;
        let document = parse_all_but(text, left_out, self.language, self.deadline)?;
        let root = document.root();
        // Where something does not fit together, nothing is left out.
        if root.get_inner_node().has_error() {
            return Ok(Parts::Untold);
        }
        let mut matched = Matched::default();
        if let Some((rules, active)) = active {
            matched = look(rules, active, sight, &document, text, self.deadline)?;
        }
        if !matched.further.is_empty() {
            return Ok(Parts::Further(matched.further));
        }
        // What a fix does is seen in the whole file before and after.
        if matched.findings.iter().any(|finding| finding.edit.is_some()) {
            return Ok(Parts::Untold);
        }
        self.told(text, &root, matched.findings, has_sql).map(Parts::Told)
    }

    /// The scan of what was read, in which so much was found.
    fn told(
        &self,
        text: &str,
        root: &SourceNode,
        mut found: Vec<Finding>,
        has_sql: bool,
    ) -> Result<Scan, Reason> {
        if has_sql {
            found.extend(embedded_sql::scan_strings(self, root)?);
        }
        if !found.is_empty() && self.language == Language::Shipped(SupportLang::Rust) {
            let tests = inline_tests(root);
            found.retain(|finding| {
                let in_tests = self.rules.infos.get(finding.info).is_none_or(|info| info.in_tests);
                in_tests || !tests.iter().any(|test| test.contains(&finding.range.start))
            });
        }
        let mut matched = HashMap::new();
        for finding in &found {
            *matched.entry(finding.info).or_default() += 1;
        }
        let found = once_per_line(found);
        // Comments matter only where there is something to silence.
        let comments =
            if found.is_empty() { Silences::default() } else { Silences::find(root, text) };
        let is_silenced = |finding: &Finding| {
            let info = self.rules.infos.get(finding.info);
            info.is_some_and(|info| comments.covers(info, finding.start_line))
        };
        let (silenced, findings) = found.into_iter().partition(is_silenced);
        let syntax_errors = count_errors(root);
        Ok(Scan { findings, silenced, syntax_errors, matched })
    }

    /// What to read of a text for its active rules, and for the SQL in it.
    pub(crate) fn select(
        &self,
        text: &str,
        active: Option<&Active>,
        sight: Sight,
        has_sql: bool,
    ) -> Selection {
        if active.is_none() && !has_sql {
            return Selection::Nothing;
        }
        let active = active.map_or(&[][..], |(_, active)| active);
        let is_wanted = |part: &str| has_sql && embedded_sql::may_hold_in(part);
        let rules = self.rules.of(self.language);
        rules.map_or(Selection::Everything, |rules| rules.select(text, active, sight, is_wanted))
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
        let rules = self.rules.of(language)?;
        let active = rules.active(self.path, text, |rule| self.runs(rule))?;
        Some((rules, active))
    }
}

/// What the rules find in a text that is read as a whole.
pub(crate) fn matches(
    rules: &LanguageRules,
    active: &[bool],
    document: &AstGrep<Document>,
    text: &str,
    deadline: Deadline,
) -> Result<Vec<Finding>, Reason> {
    let sight = Sight::Conditions(&Seen::new());
    let matched = look(rules, active, sight, document, text, deadline)?;
    Ok(matched.findings)
}

fn look(
    rules: &LanguageRules,
    active: &[bool],
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
        for &number in rules.for_kind(node.kind_id()) {
            let (Some(true), Some(rule)) = (active.get(number), rules.rules.get(number)) else {
                continue;
            };
            if sight == Sight::Matches && rules.looks_further(number) {
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
        (finding.info, finding.range.start, std::cmp::Reverse(finding.range.end))
    });
    findings.dedup_by(|next, kept| {
        next.info == kept.info
            && (next.start_line == kept.start_line || next.range.end <= kept.range.end)
    });
    findings.sort_by_key(|finding| (finding.range.start, finding.info));
    findings
}
