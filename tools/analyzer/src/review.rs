//! A change to a review: what it brings in, what it mends, what was there already.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use contract::{Change, ChangedFile, CodeReview, Recommendation, Severity, Skipped};
use rayon::prelude::*;

use crate::analyzer::{Found, FoundState, Inner, Read};
use crate::deadline::Deadline;
use crate::finding::short_hash;
use crate::findings::{FileReview, Text};
use crate::language::{self, Language};
use crate::source::{self, Reason};

pub(crate) const COMPLETED: &str = "Completed";
/// Files that a reader would expect to be reviewed were not.
pub(crate) const PARTIAL: &str = "Partial";
/// A tree without any care may have more findings, and more files to skip, than memory should hold.
const MOST_KEPT: usize = 10_000;

/// What became of one file.
enum Outcome {
    Reviewed(FileReview),
    Skipped(Skipped, bool),
    UnknownLanguage,
    /// Deleted: nothing of it is left to review.
    Gone,
}

/// Reviews all files of a change, in parallel on the current thread pool.
pub(crate) fn review(analyzer: &Inner, change: &Change) -> CodeReview {
    let outcomes: Vec<_> =
        change.files.par_iter().map(|file| review_caught(analyzer, file)).collect();
    let mut summary = Summary::default();
    for outcome in outcomes {
        summary.add(outcome);
    }
    let id = short_hash(&[&change.base_sha, &change.head_sha]);
    summary.finish(analyzer, &id)
}

/// Scans files as they come, in parallel on the current thread pool; what is in them counts as new.
pub(crate) fn scan(
    analyzer: &Inner,
    files: &mut (dyn Iterator<Item = Found> + Send),
    read: &Read,
) -> CodeReview {
    let summary = Mutex::new(Summary::default());
    files.par_bridge().for_each(|found| {
        let outcome = scan_caught(analyzer, found, read);
        summary.lock().unwrap_or_else(PoisonError::into_inner).add(outcome);
    });
    summary.into_inner().unwrap_or_else(PoisonError::into_inner).finish(analyzer, "scan")
}

/// The bytes with all fixes made that hold, and the findings that are gone by them.
pub(crate) fn mend(
    analyzer: &Inner,
    file: &ChangedFile,
    bytes: &[u8],
) -> Option<(Vec<u8>, Vec<Recommendation>)> {
    let language = look(analyzer, file).ok()?;
    let deadline = Deadline::after(analyzer.file_deadline);
    Text { analyzer, file, language, deadline }.mend(bytes)
}

/// A panic in one file, should a grammar or a rule ever have one, costs that file only.
fn review_caught(analyzer: &Inner, file: &ChangedFile) -> Outcome {
    let reviewed = catch_unwind(AssertUnwindSafe(|| review_file(analyzer, file)));
    reviewed.unwrap_or_else(|_| {
        tracing::error!(path = file.path, "the analyzer failed on a file");
        skipped(file, Reason::forced("the analyzer failed on it"))
    })
}

fn review_file(analyzer: &Inner, file: &ChangedFile) -> Outcome {
    let language = match look(analyzer, file) {
        Ok(language) => language,
        Err(outcome) => return outcome,
    };
    let Some(head) = &file.head else { return Outcome::Gone };
    // The rules of a language are made ready with the first file in it, which is no time of that file's.
    let _ready = analyzer.rules.of(language);
    let text = Text { analyzer, file, language, deadline: Deadline::after(analyzer.file_deadline) };
    text.review(head).map_or_else(|reason| skipped(file, reason), Outcome::Reviewed)
}

/// What can be told without the file's text: its language, or why it is left out.
fn look(analyzer: &Inner, file: &ChangedFile) -> Result<Language, Outcome> {
    let language = language::of_path(&file.path).ok_or(Outcome::UnknownLanguage)?;
    if analyzer.ignore.is_match(&file.path) {
        return Err(skipped(file, Reason::chosen("ignored by the settings")));
    }
    if let Some(reason) = source::foreign_path(&file.path) {
        return Err(skipped(file, reason));
    }
    if let Some(reason) = &file.unreadable {
        return Err(skipped(file, Reason::forced(reason)));
    }
    Ok(language)
}

fn scan_caught(analyzer: &Inner, found: Found, read: &Read) -> Outcome {
    let mut file = ChangedFile { path: found.path, ..ChangedFile::default() };
    match found.state {
        FoundState::Readable => {}
        FoundState::LeftOut(why) => return skipped(&file, Reason::chosen(why)),
        FoundState::Unreadable(why) => return skipped(&file, Reason::forced(why)),
    }
    if let Err(outcome) = look(analyzer, &file) {
        return outcome;
    }
    match read(&file.path) {
        Ok(bytes) => file.head = Some(bytes),
        Err(why) => return skipped(&file, Reason::forced(why)),
    }
    review_caught(analyzer, &file)
}

fn skipped(file: &ChangedFile, reason: Reason) -> Outcome {
    Outcome::Skipped(Skipped { path: file.path.clone(), reason: reason.text }, reason.unexpected)
}

/// The review as it adds up.
#[derive(Default)]
struct Summary {
    review: CodeReview,
    unknown_language: usize,
    deleted: usize,
    with_syntax_errors: Vec<String>,
    without_base: Vec<String>,
    left_out: bool,
    /// Findings and skipped files beyond those that are kept.
    findings_beyond: usize,
    skipped_beyond: usize,
}

impl Summary {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Gone => self.deleted += 1,
            Outcome::UnknownLanguage => self.unknown_language += 1,
            Outcome::Skipped(skipped, unexpected) => {
                self.review.skipped.push(skipped);
                self.left_out |= unexpected;
                if self.review.skipped.len() >= 2 * MOST_KEPT {
                    self.skipped_beyond += keep_first_skipped(&mut self.review.skipped);
                }
            }
            Outcome::Reviewed(file) => self.add_reviewed(file),
        }
    }

    fn add_reviewed(&mut self, file: FileReview) {
        self.review.files_reviewed += 1;
        self.review.recommendations.extend(file.recommendations);
        if self.review.recommendations.len() >= 2 * MOST_KEPT {
            self.findings_beyond += keep_first(&mut self.review.recommendations);
        }
        self.review.fixed.extend(file.fixed);
        self.review.existing += file.existing;
        self.review.suppressed += file.suppressed;
        if file.has_syntax_errors {
            self.with_syntax_errors.push(file.path.clone());
        }
        if let Some(reason) = file.base_unknown {
            self.without_base.push(format!("{} ({reason})", file.path));
        }
    }

    fn finish(mut self, analyzer: &Inner, id: &str) -> CodeReview {
        let mut review = self.review;
        self.findings_beyond += keep_first(&mut review.recommendations);
        self.skipped_beyond += keep_first_skipped(&mut review.skipped);
        self.with_syntax_errors.sort();
        review.notes.extend(analyzer.notes.iter().cloned());
        if self.findings_beyond > 0 {
            review.notes.push(format!("{} more findings, left out", self.findings_beyond));
        }
        if self.skipped_beyond > 0 {
            review.notes.push(format!("{} skipped beside those named", files(self.skipped_beyond)));
        }
        if self.unknown_language > 0 {
            review
                .notes
                .push(format!("{} in languages without rules", files(self.unknown_language)));
        }
        if self.deleted > 0 {
            review.notes.push(format!("{} deleted", files(self.deleted)));
        }
        if !self.with_syntax_errors.is_empty() {
            let listed = listed(&self.with_syntax_errors);
            review.notes.push(format!(
                "syntax errors, reviewed as far as the code could be read: {listed}"
            ));
        }
        if !self.without_base.is_empty() {
            let listed = listed(&self.without_base);
            review.notes.push(format!(
                "base could not be reviewed, so only findings on changed lines count: {listed}"
            ));
        }
        sort(&mut review.fixed);
        review.total_recommendations = review.recommendations.len() + self.findings_beyond;
        review.review_id = format!("analyzer-{id}");
        review.status = if self.left_out { PARTIAL.into() } else { COMPLETED.into() };
        review
    }
}

/// Sorts, cuts what is beyond those that are kept, and counts it.
fn keep_first(found: &mut Vec<Recommendation>) -> usize {
    sort(found);
    let beyond = found.len().saturating_sub(MOST_KEPT);
    found.truncate(MOST_KEPT);
    beyond
}

fn keep_first_skipped(skipped: &mut Vec<Skipped>) -> usize {
    skipped.sort_by(|one, other| one.path.cmp(&other.path));
    let beyond = skipped.len().saturating_sub(MOST_KEPT);
    skipped.truncate(MOST_KEPT);
    beyond
}

/// What runs often first, then by severity, then by place.
pub(crate) fn sort(recommendations: &mut [Recommendation]) {
    recommendations.sort_by(|one, other| place(one).cmp(&place(other)));
}

fn place(found: &Recommendation) -> (bool, Severity, &str, u32, &str) {
    (found.seldom.is_some(), found.severity, &found.file_path, found.start_line, &found.rule_id)
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

fn listed(paths: &[String]) -> String {
    let shown = paths.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    if paths.len() > 5 { format!("{shown} and {} more", paths.len() - 5) } else { shown }
}
