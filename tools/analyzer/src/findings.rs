//! The findings of one file at head against those at base: what is new, what stays, what is gone.

use std::collections::HashMap;

use contract::{ChangedFile, Fix, Recommendation, Severity};

use crate::analyzer::Inner;
use crate::deadline::Deadline;
use crate::evidence::Evidence;
use crate::finding::Finding;
use crate::fixes::{self, Trials};
use crate::language::Language;
use crate::rule::Confidence;
use crate::scan::{Scan, Scanner};
use crate::seldom;
use crate::source::{self, Reason};

/// Who found what this crate finds.
pub(crate) const SOURCE: &str = "analyzer";

/// One file whose text can be reviewed.
pub(crate) struct Text<'a> {
    pub(crate) analyzer: &'a Inner,
    pub(crate) file: &'a ChangedFile,
    pub(crate) language: Language,
    pub(crate) deadline: Deadline,
}

#[derive(Default)]
pub(crate) struct FileReview {
    pub(crate) path: String,
    pub(crate) recommendations: Vec<Recommendation>,
    pub(crate) fixed: Vec<Recommendation>,
    pub(crate) existing: usize,
    pub(crate) suppressed: usize,
    pub(crate) has_syntax_errors: bool,
    /// Why base could not be reviewed.
    pub(crate) base_unknown: Option<String>,
}

impl Text<'_> {
    pub(crate) fn review(&self, head: &[u8]) -> Result<FileReview, Reason> {
        let text = self.text(head)?;
        let scanner = self.scanner();
        let head = scanner.scan(text)?;
        let mut review = FileReview {
            path: self.file.path.clone(),
            suppressed: head.silenced.len(),
            has_syntax_errors: head.syntax_errors > 0,
            ..FileReview::default()
        };
        let base =
            self.file.base.as_deref().map_or_else(|| Ok(Scan::default()), |base| self.scan(base));
        let mut trials = Trials::new(scanner, text, &head);
        match base {
            Ok(base) => self.compare(&head, &base.findings, &mut trials, &mut review),
            Err(reason) => {
                review.base_unknown = Some(reason.text);
                self.without_base(&head, &mut trials, &mut review);
            }
        }
        Ok(review)
    }

    /// The bytes with all fixes made that hold, and the findings that are gone by them.
    pub(crate) fn mend(&self, bytes: &[u8]) -> Option<(Vec<u8>, Vec<Recommendation>)> {
        let text = self.text(bytes).ok()?;
        let mark = bytes.get(..bytes.len() - text.len())?;
        let (mended, gone) = fixes::mend(self.scanner(), text)?;
        let gone = gone.iter().map(|finding| self.recommendation(finding, 0, None)).collect();
        Some(([mark, mended.as_bytes()].concat(), gone))
    }

    fn text<'b>(&self, bytes: &'b [u8]) -> Result<&'b str, Reason> {
        source::text(bytes, self.analyzer.max_file_bytes)
    }

    fn scan(&self, bytes: &[u8]) -> Result<Scan, Reason> {
        self.scanner().scan(self.text(bytes)?)
    }

    fn scanner(&self) -> Scanner<'_> {
        let disabled = if source::is_test_path(&self.file.path) {
            &self.analyzer.disabled_in_tests
        } else {
            &self.analyzer.disabled
        };
        Scanner {
            rules: &self.analyzer.rules,
            disabled,
            path: &self.file.path,
            language: self.language,
            deadline: self.deadline,
        }
    }

    fn compare(&self, head: &Scan, base: &[Finding], trials: &mut Trials, review: &mut FileReview) {
        let mut left = Counts::default();
        for finding in base {
            left.put(finding);
        }
        // Findings on untouched lines have the first claim to their twins at base, whatever stands above them.
        let (touched, elsewhere) = self.by_touch(&head.findings);
        for (finding, ordinal) in elsewhere {
            if left.take(finding) {
                review.existing += 1;
            } else {
                let fix = trials.fix(finding);
                review.recommendations.push(self.recommendation(finding, ordinal, fix));
            }
        }
        let mut rewritten = Rewritten::default();
        for (finding, ordinal) in touched {
            if !left.take(finding) {
                rewritten.put(finding);
            }
            let fix = trials.fix(finding);
            review.recommendations.push(self.recommendation(finding, ordinal, fix));
        }
        // What a comment silences now has not been mended.
        for finding in &head.silenced {
            if !left.take(finding) {
                rewritten.put(finding);
            }
        }
        // From the bottom up, so that of equal findings the last ordinals are the ones that are gone.
        let gone = numbered(base)
            .into_iter()
            .rev()
            .filter(|(finding, _)| left.take(finding) && !rewritten.take(finding));
        review.fixed =
            gone.map(|(finding, ordinal)| self.recommendation(finding, ordinal, None)).collect();
    }

    fn without_base(&self, head: &Scan, trials: &mut Trials, review: &mut FileReview) {
        let (touched, elsewhere) = self.by_touch(&head.findings);
        review.existing = elsewhere.len();
        let touched = touched.into_iter().map(|(finding, ordinal)| {
            let fix = trials.fix(finding);
            self.recommendation(finding, ordinal, fix)
        });
        review.recommendations = touched.collect();
    }

    /// The findings on lines that the change touches, and the others.
    fn by_touch<'f>(&self, findings: &'f [Finding]) -> (Vec<Numbered<'f>>, Vec<Numbered<'f>>) {
        // Without findings there is no need for a diff.
        let touched = if findings.is_empty() { Vec::new() } else { self.file.added_lines() };
        // The ranges are in order and apart, so the first one that ends late enough decides.
        let is_touched = |finding: &Finding| {
            let first = touched.partition_point(|lines| lines.end < finding.start_line);
            touched
                .get(first)
                .is_some_and(|lines| lines.overlaps(finding.start_line, finding.end_line))
        };
        numbered(findings).into_iter().partition(|(finding, _)| is_touched(finding))
    }

    /// Why the finding weighs little: its code runs seldom, which makes it cheap, or few of its kind are worth a change.
    fn seldom(&self, finding: &Finding) -> Option<&'static str> {
        let info = self.analyzer.rules.infos.get(finding.info)?;
        let is_slight = finding.loops < info.loops;
        let by_path = seldom::of_path(&self.file.path);
        by_path
            .filter(|_| info.per_execution || !info.in_scripts)
            .or_else(|| finding.seldom.filter(|_| info.per_execution))
            .or(is_slight.then_some(seldom::SLIGHT))
            .or((info.confidence == Confidence::Low).then_some(seldom::HARDLY_WORTH_IT))
    }

    fn recommendation(
        &self,
        finding: &Finding,
        ordinal: usize,
        fix: Option<Fix>,
    ) -> Recommendation {
        let rules = &self.analyzer.rules;
        let info = &rules.infos[finding.info];
        let rule = rules.of(finding.language).and_then(|rules| rules.rules.get(finding.rule));
        let why = rule.and_then(|rule| rule.why.as_ref()).unwrap_or(&info.why);
        let instead = rule.and_then(|rule| rule.instead.as_ref()).unwrap_or(&info.instead);
        let path = &self.file.path;
        Recommendation {
            file_path: path.clone(),
            start_line: finding.start_line,
            end_line: finding.end_line,
            // Tests run on few machines and little data.
            severity: if source::is_test_path(path) { Severity::Low } else { info.severity },
            category: info.area,
            description: format!("{} {why}", finding.message),
            recommendation: instead.clone(),
            rule_id: info.id.clone(),
            title: info.title.clone(),
            excerpt: finding.excerpt.clone(),
            function: finding.function.clone(),
            seldom: self.seldom(finding).map(ToOwned::to_owned),
            fingerprint: finding.fingerprint(rules, path, ordinal),
            references: rule.map_or(&info.references, |rule| &rule.references).clone(),
            source: SOURCE.to_owned(),
            fix,
            measured: Evidence::for_language(&info.evidence, &self.language.to_string())
                .map(Evidence::measured),
        }
    }
}

/// A finding, and how many equal ones stand above it.
type Numbered<'a> = (&'a Finding, usize);

fn numbered(findings: &[Finding]) -> Vec<Numbered<'_>> {
    let mut counts = Counts::default();
    findings.iter().map(|finding| (finding, counts.put(finding))).collect()
}

/// Findings of head without an equal at base: where base has one of the same rule in the same function, its line was
/// rewritten rather than mended.
#[derive(Default)]
struct Rewritten<'a>(HashMap<(usize, Option<&'a str>), usize>);

impl<'a> Rewritten<'a> {
    fn put(&mut self, finding: &'a Finding) {
        *self.0.entry((finding.info, finding.function.as_deref())).or_default() += 1;
    }

    fn take(&mut self, finding: &'a Finding) -> bool {
        take_one(self.0.get_mut(&(finding.info, finding.function.as_deref())))
    }
}

fn take_one(count: Option<&mut usize>) -> bool {
    let Some(count) = count.filter(|count| **count > 0) else { return false };
    *count -= 1;
    true
}

/// How many equal findings there are of each.
#[derive(Default)]
struct Counts<'a>(HashMap<(usize, &'a str), usize>);

impl<'a> Counts<'a> {
    /// Adds a finding, and tells how many equal ones were there before.
    fn put(&mut self, finding: &'a Finding) -> usize {
        let count = self.0.entry(finding.key()).or_default();
        *count += 1;
        *count - 1
    }

    /// Uses up one finding equal to this one, if there is one left.
    fn take(&mut self, finding: &'a Finding) -> bool {
        take_one(self.0.get_mut(&finding.key()))
    }
}
