//! What a rule would put in a finding's place: offered only once it was tried.
//!
//! A fix holds if the text with it parses no worse, the finding is gone, and no rule finds anything that it did not find
//! before.

use contract::Fix;

use crate::finding::{Edit, Finding};
use crate::scan::{Scan, Scanner};

/// A longer one is no suggestion to read in passing; `mend` makes it all the same.
const LONGEST: usize = 2_000;
/// Each trial costs a scan of the whole file.
const MOST_TRIALS: usize = 50;
/// A fix may uncover another one, but hardly that many in a row.
const MOST_ROUNDS: usize = 10;

/// A text, what was found in it, and how many more fixes may be tried.
pub(crate) struct Trials<'a> {
    scanner: Scanner<'a>,
    text: &'a str,
    scan: &'a Scan,
    left: usize,
}

impl<'a> Trials<'a> {
    pub(crate) fn new(scanner: Scanner<'a>, text: &'a str, scan: &'a Scan) -> Self {
        Self { scanner, text, scan, left: MOST_TRIALS }
    }

    /// The fix of a finding, if its rule has one and it holds.
    pub(crate) fn fix(&mut self, finding: &Finding) -> Option<Fix> {
        let edit = finding.edit.as_ref()?;
        let fix = whole_lines(self.text, edit)?;
        if fix.before.len() + fix.text.len() > LONGEST || self.left == 0 {
            return None;
        }
        self.left -= 1;
        let mended = apply(self.text, &[edit])?;
        let after = self.scanner.scan_and_parse(&mended).ok()?;
        holds(self.scan, &after, &[finding]).then_some(fix)
    }
}

/// A text with all its fixes made that hold, and the findings that are gone by them, as they stood before each round.
pub(crate) fn mend(scanner: Scanner<'_>, text: &str) -> Option<(String, Vec<Finding>)> {
    let mut current = text.to_owned();
    let mut scan = scanner.scan(text).ok()?;
    let mut mended = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let fixable = apart(&scan.findings);
        let Some((next, after, made)) = round(scanner, &current, &scan, &fixable) else { break };
        mended.extend(made.into_iter().cloned());
        (current, scan) = (next, after);
    }
    (!mended.is_empty()).then_some((current, mended))
}

/// All fixes at once, or those that hold one after the other.
fn round<'f>(
    scanner: Scanner<'_>,
    text: &str,
    scan: &Scan,
    fixable: &[&'f Finding],
) -> Option<(String, Scan, Vec<&'f Finding>)> {
    if let Some((next, after)) = attempt(scanner, text, scan, fixable) {
        return Some((next, after, fixable.to_vec()));
    }
    let mut holding: Vec<&Finding> = Vec::new();
    let mut best = None;
    for finding in fixable.iter().take(MOST_TRIALS) {
        holding.push(finding);
        match attempt(scanner, text, scan, &holding) {
            Some(made) => best = Some(made),
            None => {
                holding.pop();
            }
        }
    }
    best.map(|(next, after)| (next, after, holding))
}

fn attempt(
    scanner: Scanner<'_>,
    text: &str,
    scan: &Scan,
    findings: &[&Finding],
) -> Option<(String, Scan)> {
    let edits: Vec<_> = findings.iter().filter_map(|finding| finding.edit.as_ref()).collect();
    let next = apply(text, &edits)?;
    let after = scanner.scan_and_parse(&next).ok()?;
    holds(scan, &after, findings).then_some((next, after))
}

/// Findings with edits that do not touch each other.
fn apart(findings: &[Finding]) -> Vec<&Finding> {
    let mut end = 0;
    let mut apart: Vec<&Finding> = Vec::new();
    for finding in findings {
        let Some(edit) = &finding.edit else { continue };
        if apart.is_empty() || edit.range.start >= end {
            end = edit.range.end;
            apart.push(finding);
        }
    }
    apart
}

fn holds(before: &Scan, after: &Scan, mended: &[&Finding]) -> bool {
    let fewer = |info: usize| mended.iter().filter(|finding| finding.info == info).count();
    let at_most = |info: usize| {
        before.matched.get(&info).copied().unwrap_or_default().saturating_sub(fewer(info))
    };
    let infos = after.matched.keys().copied().chain(mended.iter().map(|finding| finding.info));
    after.syntax_errors <= before.syntax_errors
        && infos
            .into_iter()
            .all(|info| after.matched.get(&info).copied().unwrap_or_default() <= at_most(info))
}

/// The text with edits made that come in order and apart; `None` where that changes nothing.
fn apply(text: &str, edits: &[&Edit]) -> Option<String> {
    let mut mended = String::with_capacity(text.len());
    let mut from = 0;
    for edit in edits {
        mended.push_str(text.get(from..edit.range.start)?);
        mended.push_str(&in_line_endings_of(text, &edit.text));
        from = edit.range.end;
    }
    mended.push_str(text.get(from..)?);
    (mended != text).then_some(mended)
}

fn in_line_endings_of(text: &str, inserted: &str) -> String {
    let plain = inserted.replace("\r\n", "\n");
    if text.contains("\r\n") { plain.replace('\n', "\r\n") } else { plain }
}

/// The lines that an edit touches, before and after it.
fn whole_lines(text: &str, edit: &Edit) -> Option<Fix> {
    let start = text.get(..edit.range.start)?.rfind('\n').map_or(0, |newline| newline + 1);
    let end = text
        .get(edit.range.end..)?
        .find('\n')
        .map_or(text.len(), |newline| edit.range.end + newline);
    let before = text.get(start..end)?;
    let head = text.get(start..edit.range.start)?;
    let tail = text.get(edit.range.end..end)?;
    let number = |lines: usize| u32::try_from(lines).unwrap_or(u32::MAX);
    let start_line = number(text.get(..start)?.matches('\n').count() + 1);
    Some(Fix {
        start_line,
        end_line: start_line + number(before.matches('\n').count()),
        before: without_returns(before),
        text: without_returns(&format!("{head}{}{tail}", edit.text)),
    })
}

fn without_returns(text: &str) -> String {
    text.replace("\r\n", "\n").trim_end_matches('\r').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(text: &str, from: &str, to: &str) -> Edit {
        let start = text.find(from).unwrap();
        Edit { range: start..start + from.len(), text: to.into() }
    }

    #[test]
    fn a_fix_is_whole_lines() {
        let text = "a\nx = one(\n  b) + c\nd";
        let fix = whole_lines(text, &edit(text, "one(\n  b)", "two(b)")).unwrap();
        assert_eq!((fix.start_line, fix.end_line), (2, 3));
        assert_eq!(
            (fix.before.as_str(), fix.text.as_str()),
            ("x = one(\n  b) + c", "x = two(b) + c")
        );
        let last = whole_lines(text, &edit(text, "d", "e")).unwrap();
        assert_eq!((last.start_line, last.end_line, last.text.as_str()), (4, 4, "e"));
    }

    #[test]
    fn edits_keep_the_line_endings_of_the_file() {
        let text = "a\r\nb\r\n";
        let made = edit(text, "b", "c\nd");
        assert_eq!(apply(text, &[&made]).unwrap(), "a\r\nc\r\nd\r\n");
        assert_eq!(whole_lines(text, &made).unwrap().before, "b");
        assert_eq!(apply(text, &[&edit(text, "b", "b")]), None, "nothing would change");
    }
}
