//! The check run beside the comment: it fails where a threshold is surely exceeded, and is neutral where that cannot be told.

use std::fmt::Write;

use contract::{Recommendation, Severity};
use github::{Annotation, AnnotationLevel, CheckRun, Conclusion, GitHub};

use super::Assignment;
use crate::report::Report;
use crate::report::measured::{Judgment, ThresholdResult};
use crate::report::text::{count, one_line, prose};

const NAME: &str = "eco-coder";
/// More lines of thresholds than this nobody reads in a check run; the comment has them all.
const MOST_LINES: usize = 50;

/// Says at the commit what came of its review. The comment is there already, so what fails here is only logged.
pub(super) async fn conclude(
    github: &GitHub,
    assignment: &Assignment,
    report: &Report,
    comment_url: &str,
) {
    let repository = &assignment.binding.repository;
    let check_run = check_run(assignment, report, comment_url);
    match github.upsert_check_run(repository, &check_run).await {
        Ok(Some(id)) => {
            tracing::info!(repository, check_run = id, conclusion = ?check_run.conclusion, "concluded");
        }
        // Said by the client.
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(repository, %error, "the check run could not be written");
        }
    }
}

fn check_run(assignment: &Assignment, report: &Report, comment_url: &str) -> CheckRun {
    let asked = assignment.settings.fail_on.len();
    let results = assignment.measured.as_ref().map_or(&[][..], |all| all.thresholds.as_slice());
    let conclusion = conclusion(results, asked);
    CheckRun {
        name: NAME.into(),
        head_sha: assignment.binding.head_sha.clone(),
        // Of the pull request and not of the run: who measures again reviews the same commit in another run.
        external_id: format!("{NAME}:v1#{}", assignment.binding.pull_request.unwrap_or_default()),
        conclusion,
        title: title(conclusion, results, report),
        summary: summary(results, asked, report, comment_url),
        details_url: comment_url.starts_with("https://").then(|| comment_url.to_owned()),
        // What runs seldom is no mark beside the code.
        annotations: report
            .by_weight()
            .0
            .iter()
            .map(|found| annotation(&found.recommendation))
            .collect(),
    }
}

/// Findings are advice and never fail a commit: only what was measured does, beyond doubt.
fn conclusion(results: &[ThresholdResult], asked: usize) -> Conclusion {
    let held = |result: &ThresholdResult| result.judgment == Judgment::Held;
    if results.iter().any(ThresholdResult::is_exceeded) {
        Conclusion::Failure
    } else if (results.is_empty() && asked > 0) || !results.iter().all(held) {
        Conclusion::Neutral
    } else {
        Conclusion::Success
    }
}

fn title(conclusion: Conclusion, results: &[ThresholdResult], report: &Report) -> String {
    match conclusion {
        Conclusion::Failure => {
            let exceeded = results.iter().filter(|result| result.is_exceeded()).count();
            format!("{} exceeded", count(exceeded, "threshold"))
        }
        Conclusion::Neutral => "it cannot be told whether the thresholds hold".into(),
        Conclusion::Success => report.verdict(),
    }
}

fn summary(
    results: &[ThresholdResult],
    asked: usize,
    report: &Report,
    comment_url: &str,
) -> String {
    let mut page = format!("{}.\n\n", prose(&report.verdict()));
    // Writing to a string does not fail.
    for line in results.iter().filter_map(ThresholdResult::said).take(MOST_LINES) {
        let _ = writeln!(page, "- {}", prose(&line));
    }
    let held = results.iter().filter(|result| result.judgment == Judgment::Held).count();
    if held > 0 {
        let _ = writeln!(page, "- thresholds that hold: {held} of {}", results.len());
    }
    if results.is_empty() && asked > 0 {
        let asked = count(asked, "threshold");
        let _ = writeln!(
            page,
            "- the settings have {asked} (`fail_on`), and nothing was measured: `eco-coder measure` and `review --measured` in CI can tell"
        );
    }
    let _ = write!(page, "\n[The report]({comment_url})");
    page
}

fn annotation(found: &Recommendation) -> Annotation {
    Annotation {
        path: found.file_path.clone(),
        start_line: found.start_line.max(1),
        end_line: found.end_line.max(1),
        level: match found.severity {
            Severity::Critical | Severity::High => AnnotationLevel::Warning,
            Severity::Medium | Severity::Low => AnnotationLevel::Notice,
        },
        title: one_line(&found.title),
        message: message(found),
    }
}

/// GitHub takes no empty message.
fn message(found: &Recommendation) -> String {
    let parts = [&found.description, &found.recommendation].map(|part| part.trim());
    let text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
    if text.is_empty() { found.rule_id.clone() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(judgments: &[Judgment]) -> Vec<ThresholdResult> {
        let result = |judgment: &Judgment| ThresholdResult {
            benchmark: "parse".into(),
            threshold: "co2e_increase > 5%".into(),
            judgment: *judgment,
        };
        judgments.iter().map(result).collect()
    }

    #[test]
    fn only_what_is_beyond_doubt_fails() {
        use Judgment::{CannotTell, Exceeded, Held, NotMeasured};
        for (judgments, asked, expected) in [
            (&[][..], 0, Conclusion::Success),
            (&[], 1, Conclusion::Neutral),
            (&[Held, Held], 1, Conclusion::Success),
            (&[Held, CannotTell], 1, Conclusion::Neutral),
            (&[Held, NotMeasured], 1, Conclusion::Neutral),
            (&[CannotTell, Exceeded, Held], 1, Conclusion::Failure),
        ] {
            assert_eq!(conclusion(&results(judgments), asked), expected, "{judgments:?}, {asked}");
        }
    }
}
