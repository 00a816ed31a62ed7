//! Findings of little weight, in code that runs seldom or of rules whose findings are seldom worth a change: below all others,
//! folded, unless a profile or a benchmark says that the code runs often.

use std::fmt::Write;

use contract::Severity;
use measure::Verdict;

use super::text::{code, count, one_line};
use super::{Finding, Report};

/// Share of a profile from which on code counts as run often, %.
const HOT: f64 = 1.0;
/// Lines that are shown; the JSON form has all.
const MOST: usize = 20;

/// Puts a finding of little weight down to the lowest severity, or takes that back where its code was seen to run.
pub(super) fn weighed(mut finding: Finding) -> Finding {
    let is_hot = finding.run_time_share.as_ref().is_some_and(|share| share.value >= HOT);
    let differs = finding.measured_here.as_ref();
    let differs = differs.is_some_and(|here| here.verdict != Verdict::NoChangeDetectable);
    if is_hot || differs {
        finding.recommendation.seldom = None;
    } else if finding.recommendation.seldom.is_some() {
        finding.recommendation.severity = Severity::Low;
    }
    finding
}

impl Report {
    /// The findings that lead, and those of little weight.
    pub fn by_weight(&self) -> (&[Finding], &[Finding]) {
        let leads = |finding: &Finding| finding.recommendation.seldom.is_none();
        self.findings.split_at(self.findings.partition_point(leads))
    }

    pub(super) fn write_seldom(&self, page: &mut String) {
        let (_, seldom) = self.by_weight();
        if seldom.is_empty() {
            return;
        }
        let _ = writeln!(
            page,
            "<details><summary>{} of little weight</summary>\n",
            count(seldom.len(), "finding")
        );
        for finding in seldom.iter().take(MOST) {
            let found = &finding.recommendation;
            let why = found.seldom.as_deref().unwrap_or_default();
            let place = self.link(&found.file_path, found.start_line, false);
            let _ = writeln!(page, "- {place} · {} ({})", code(&found.rule_id), one_line(why));
        }
        if let Some(more) = seldom.len().checked_sub(MOST).filter(|more| *more > 0) {
            let _ = writeln!(page, "\n…and {more} more, left out here.");
        }
        page.push_str("\n</details>\n\n");
    }

    pub(super) fn write_seldom_lines(&self, page: &mut String, dim: anstyle::Style) {
        let (_, seldom) = self.by_weight();
        if seldom.is_empty() {
            return;
        }
        let _ = writeln!(page, "\n{} of little weight", count(seldom.len(), "finding"));
        for finding in seldom.iter().take(MOST) {
            let found = &finding.recommendation;
            let why = found.seldom.as_deref().unwrap_or_default();
            let (path, line) = (one_line(&found.file_path), found.start_line);
            let _ = writeln!(
                page,
                "          {path}:{line}  {dim}{}, {}{dim:#}",
                found.rule_id,
                one_line(why)
            );
        }
        if let Some(more) = seldom.len().checked_sub(MOST).filter(|more| *more > 0) {
            let _ = writeln!(page, "          {dim}…and {more} more{dim:#}");
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::CodeReview;
    use serde_json::json;

    use super::*;
    use crate::report::{Cost, Figure};

    fn report(findings: &[(&str, &str, Option<&str>)]) -> Report {
        let recommendations = findings.iter().map(|(path, severity, seldom)| {
            let found = json!({
                "file_path": path, "start_line": 3, "end_line": 3, "severity": severity, "category": "Performance",
                "description": "", "recommendation": "", "rule_id": "list-shifted-in-loop", "title": "Shifted",
                "excerpt": "", "fingerprint": path, "source": "analyzer", "seldom": seldom,
            });
            serde_json::from_value(found).unwrap()
        });
        let code =
            CodeReview { recommendations: recommendations.collect(), ..CodeReview::default() };
        Report::of_scan("shop".into(), code, Cost::default())
    }

    #[test]
    fn what_runs_seldom_is_low_last_and_folded() {
        let report = report(&[
            ("a.py", "High", Some("error path")),
            ("b.py", "Low", None),
            ("c.py", "Medium", Some("script")),
        ]);
        assert_eq!(report.verdict(), "1 finding (1 low), 2 more of little weight");
        let slight = [("a.py", "High", Some("error path"))];
        assert_eq!(self::report(&slight).verdict(), "1 finding of little weight");
        let mut page = String::new();
        report.write_seldom(&mut page);
        insta::assert_snapshot!(page, @r"
        <details><summary>2 findings of little weight</summary>

        - `a.py:3` · `list-shifted-in-loop` (error path)
        - `c.py:3` · `list-shifted-in-loop` (script)

        </details>
        ");
        let (_, seldom) = report.by_weight();
        assert!(seldom.iter().all(|one| one.recommendation.severity == Severity::Low));
    }

    #[test]
    fn a_profile_that_shows_the_code_hot_lifts_it_again() {
        let report = report(&[("b.py", "High", None)]);
        let weighed_at = |share: f64| {
            let mut finding = report.findings[0].clone();
            finding.recommendation.seldom = Some("process start".into());
            let unit = "% of the profile".into();
            finding.run_time_share = Some(Figure { value: share, unit, evidence: String::new() });
            weighed(finding).recommendation
        };
        assert_eq!((weighed_at(30.0).severity, weighed_at(30.0).seldom), (Severity::High, None));
        assert_eq!(weighed_at(0.2).severity, Severity::Low);
    }
}
